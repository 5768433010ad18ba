"""The minio client with the limits that a service needs, and the one way to call it."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from minio import Minio
from pydantic import SecretStr
from urllib3 import PoolManager, Retry, Timeout

from shared.blobs.errors import translated
from shared.blobs.presign import Signer
from shared.blobs.slots import Slots

T = TypeVar("T")


class Connection:
    """One account at one S3 endpoint.

    Every call ends by itself: at most `1 + retries` tries of `connect_timeout + read_timeout` seconds (the
    read limit is for each read, not for a whole download). POSTs are tried once, since the store may have
    done them. Joining parts may take `join_timeout`: MinIO loses them when it is hung up on meanwhile.
    """

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: SecretStr,
        *,
        region: str = "us-east-1",
        public_endpoint: str | None = None,
        connections: int = 16,
        connect_timeout: float = 2.0,
        read_timeout: float = 10.0,
        join_timeout: float = 60.0,
        retries: int = 2,
    ) -> None:
        """`endpoint` and `public_endpoint` (what clients outside dial; the same by default) read
        http(s)://host:port.
        """
        inside, outside = _address(endpoint), _address(public_endpoint or endpoint)

        def client(seconds: float) -> tuple[PoolManager, Minio]:
            http = PoolManager(
                maxsize=connections,
                block=True,
                timeout=Timeout(connect=connect_timeout, read=seconds),
                retries=Retry(total=retries, redirect=False, backoff_factor=0.1, status_forcelist=(500, 502, 503, 504)),
            )
            # With the region given, the client never asks the server for it: one round trip less per bucket.
            return http, Minio(
                inside.partition("://")[2],
                access_key,
                secret_key.get_secret_value(),
                secure=inside.startswith("https:"),
                region=region,
                http_client=http,
            )

        self._http, self._client = client(read_timeout)
        self._join_http, self._joiner = client(join_timeout)
        self._slots = Slots(connections)
        self._inside = Signer(inside, access_key, secret_key, region)
        self._signer = Signer(outside, access_key, secret_key, region)

    async def _call(self, operation: str, call: Callable[[], T]) -> T:
        try:
            return await self._slots.run(call)
        except Exception as error:
            raise translated(operation, error) from error

    def close(self) -> None:
        """Gives up threads and connections. Calls under way end by themselves."""
        self._slots.close()
        self._http.clear()
        self._join_http.clear()


def _address(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/") or parts.query:
        raise ValueError("an S3 endpoint reads http://host:port or https://host:port")
    return f"{parts.scheme}://{parts.netloc}"
