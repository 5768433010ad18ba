"""Buckets of a plain S3 store: made when missing, and a probe that truly writes and reads."""

from __future__ import annotations

import io
import secrets
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException

_ERRORS = (MinioException, urllib3.exceptions.HTTPError, OSError)


class Buckets:
    """Synchronous, for set-up and probes; one short-lived connection, no retries."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str, *, seconds: float = 5) -> None:
        parts = urlsplit(endpoint)
        pool = urllib3.PoolManager(timeout=urllib3.Timeout(seconds), retries=False, maxsize=1)
        self._client = Minio(
            parts.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=parts.scheme == "https",
            region="us-east-1",
            http_client=pool,
        )

    def ensure(self, bucket: str) -> None:
        """Makes the bucket unless it stands. Raises what the store or the network raised."""
        if not self._client.bucket_exists(bucket):
            self._client.make_bucket(bucket)

    def round_trip(self, bucket: str) -> bool:
        """Whether an object written to this bucket (made when missing) reads back; False when the store is down."""
        written = secrets.token_bytes(32)
        try:
            self.ensure(bucket)
            self._client.put_object(bucket, "probe", io.BytesIO(written), len(written))
            answer = self._client.get_object(bucket, "probe")
            try:
                return answer.read() == written
            finally:
                answer.close()
        except _ERRORS:
            return False
