"""The object store alone: plain signed PUTs, as the measure of what is possible."""

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr

from shared.blobs import Blobs
from shared.blobs.presign import Signer

REGION = "us-east-1"


class RawStore:
    """A bucket of its own, that keeps versions as the service's buckets do."""

    def __init__(self, environment: Mapping[str, str], http: httpx.AsyncClient) -> None:
        endpoint, access = environment["SARABAN_S3_ENDPOINT"], environment["SARABAN_S3_ACCESS_KEY"]
        secret = SecretStr(environment["SARABAN_S3_SECRET_KEY"])
        self._blobs, self._signer = Blobs(endpoint, access, secret), Signer(endpoint, access, secret, REGION)
        self._http, self._bucket = http, f"raw-{secrets.token_hex(4)}"

    async def open(self) -> None:
        """Make the bucket."""
        await self._blobs.ensure_bucket(self._bucket)

    async def put_all(
        self,
        names: Sequence[str],
        body_of: Callable[[str], bytes],
        *,
        at_once: int,
        seconds: float,
        tick: Callable[[int, int], None],
    ) -> list[float]:
        """Put all of them, spread over so many seconds. Returns how long each PUT took."""
        gate, started, done = asyncio.Semaphore(at_once), time.monotonic(), 0
        chance = random.Random(seconds)
        comes = sorted(chance.uniform(0, seconds) for _ in names)

        async def one(name: str, at: float) -> float:
            nonlocal done
            await asyncio.sleep(max(0.0, started + at - time.monotonic()))
            async with gate:
                body = body_of(name)
                begun = time.monotonic()
                await self._put(body)
                took = time.monotonic() - begun
            done += 1
            tick(done, len(names))
            return took

        return list(await asyncio.gather(*(one(name, at) for name, at in zip(names, comes, strict=True))))

    async def _put(self, body: bytes) -> None:
        request = self._signer.sign(
            "PUT",
            f"/{self._bucket}/{secrets.token_hex(16)}.pdf",
            query={},
            headers={"Content-Length": str(len(body)), "Content-Type": "application/pdf"},
            now=datetime.now(UTC),
            lifetime=timedelta(minutes=10),
        )
        answer = await self._http.put(request.url, content=body, headers=dict(request.headers))
        answer.raise_for_status()
