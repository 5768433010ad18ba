"""The crowd of the deadline evening: centers that send a report each, some through a line that breaks in the middle."""

import asyncio
import contextlib
import hashlib
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from deploy.local.crowd.doors import Doors, RefusedError
from deploy.local.crowd.office import NOT_YET, SENT_ANEW
from deploy.local.crowd.papers import paper

SIZES = (200_000, 2_000_000)
"""Bytes, from and to; small ones are more frequent."""
BLOCK = 65_536
ATTEMPTS = 20


@dataclass
class Sent:
    """What one center saw. Times in seconds; `complete` from its asking to its answer, repeats and waits included."""

    center: str
    sha256: str = ""
    size: int = 0
    receipt: str = ""
    signed: str = ""
    dropped: bool = False
    resumed: bool = False
    complete: float = 0.0
    whole: float = 0.0
    put: float = 0.0
    trouble: str = ""


@dataclass
class Sender:
    """Sends by the public HTTP of the service and the signed addresses of the store, as any client would."""

    doors: Doors
    round: str
    seed: int
    answers: list[float] = field(default_factory=list)
    """Seconds of each single asking to complete that was answered with a receipt."""

    def size_of(self, center: str) -> int:
        low, high = SIZES
        return int(low * (high / low) ** random.Random(f"{self.seed} size {center}").random())

    def body_of(self, center: str) -> bytes:
        """The report of a center: the same each time, unlike any other's."""
        return paper(f"{self.seed} {center}", self.size_of(center))

    async def send(self, center: str, *, drop: bool) -> Sent:
        """From nothing to the receipt. What goes wrong for good is told in `trouble`."""
        sent = Sent(center, dropped=drop)
        started = time.monotonic()
        try:
            await self._send(sent)
        except (RefusedError, TimeoutError, httpx.HTTPError, AssertionError) as trouble:
            sent.trouble = f"{type(trouble).__name__}: {trouble}"
        sent.whole = time.monotonic() - started
        return sent

    async def _send(self, sent: Sent) -> None:
        body, who = self.body_of(sent.center), ("center", sent.center)
        sent.size, sent.sha256 = len(body), hashlib.sha256(body).hexdigest()
        base = self.doors.submissions
        uploads = f"{base}/v1/rounds/{self.round}/centers/{sent.center}/uploads"
        declared = {"size": sent.size, "sha256": sent.sha256}
        upload = await self.doors.ask(who, "POST", uploads, json=declared, passing=NOT_YET)
        if sent.dropped:
            await self._break_off(who, upload, body)
            again = await self.doors.ask(who, "POST", uploads, json=declared, passing=NOT_YET)
            sent.resumed, upload = again["id"] == upload["id"], again
        address = f"{base}/v1/uploads/{upload['id']}"
        receipt = await self._hand_in(who, address, upload, body, sent)
        assert (receipt["sha256"], receipt["size"]) == (sent.sha256, sent.size), "a receipt of other bytes"
        sent.receipt, sent.signed = receipt["code"], receipt["signed"]

    async def _hand_in(
        self, who: tuple[str, str], address: str, upload: dict[str, Any], body: bytes, sent: Sent
    ) -> dict[str, Any]:
        """Parts and completion; once more where a store that died lost what it had."""
        for _ in range(ATTEMPTS):
            try:
                await self._bring(who, address, upload, body, sent)
                asked = time.monotonic()
                done = await self.doors.ask(who, "POST", f"{address}/complete")
            except RefusedError as refused:
                if refused.slug not in SENT_ANEW:
                    raise
                upload = await self.doors.ask(who, "GET", address)
            else:
                sent.complete = time.monotonic() - asked
                receipt: dict[str, Any] = done["receipt"]
                return receipt
        raise TimeoutError(f"the store lost the parts of {upload['id']} again and again")

    def listen(self) -> None:
        """From now on time each single asking to complete that is answered with a receipt."""

        async def asked(request: httpx.Request) -> None:
            request.extensions["asked"] = time.monotonic()

        async def answered(response: httpx.Response) -> None:
            if response.request.url.path.endswith("/complete") and response.status_code == httpx.codes.OK:
                self.answers.append(time.monotonic() - response.request.extensions["asked"])

        self.doors.http.event_hooks = {"request": [asked], "response": [answered]}

    async def _bring(self, who: tuple[str, str], address: str, upload: dict[str, Any], body: bytes, sent: Sent) -> None:
        for attempt in range(ATTEMPTS):
            missing = [part for part in upload["parts"] if not part["stored"]]
            if not missing:
                return
            if attempt:
                await asyncio.sleep(min(0.2 * 2**attempt, 3.0))
            whole = True
            for request, data in await self._signed(who, address, upload, missing, body):
                started = time.monotonic()
                whole = await self._put(request, data) and whole
                sent.put += time.monotonic() - started
            if whole:
                return  # the store said so for each part; `complete` looks once more
            upload = await self.doors.ask(who, "GET", address)
        raise TimeoutError(f"the store did not take the parts of {upload['id']}")

    async def _put(self, request: dict[str, Any], data: bytes) -> bool:
        with contextlib.suppress(httpx.TransportError):
            answer = await self.doors.http.put(request["url"], content=data, headers=request["headers"])
            return answer.is_success
        return False

    async def _signed(
        self, who: tuple[str, str], address: str, upload: dict[str, Any], parts: list[dict[str, Any]], body: bytes
    ) -> list[tuple[dict[str, Any], bytes]]:
        size = upload["part_size"]
        pieces = {part["number"]: body[(part["number"] - 1) * size :][:size] for part in parts}
        wanted = [{"number": n, "sha256": hashlib.sha256(piece).hexdigest()} for n, piece in pieces.items()]
        answer = await self.doors.ask(who, "POST", f"{address}/parts", json={"parts": wanted})
        return [(request, pieces[request["number"]]) for request in answer["parts"]]

    async def _break_off(self, who: tuple[str, str], upload: dict[str, Any], body: bytes) -> None:
        """Half a part, then the line is dead."""
        address = f"{self.doors.submissions}/v1/uploads/{upload['id']}"
        ((request, data),) = await self._signed(who, address, upload, upload["parts"][:1], body)

        async def half() -> AsyncIterator[bytes]:
            for start in range(0, len(data) // 2, BLOCK):
                yield data[start : start + BLOCK]
            raise ConnectionResetError

        with contextlib.suppress(httpx.TransportError, ConnectionResetError):
            await self.doors.http.put(request["url"], content=half(), headers=request["headers"])


async def arrive(
    sender: Sender,
    centers: Sequence[str],
    seconds: float,
    *,
    at_once: int,
    dropping: float,
    tick: Callable[[int, int], None],
) -> list[Sent]:
    """Centers come at times of their own, spread evenly over `seconds`, whether or not those before them are done; at
    most `at_once` send at the same time, the others stand in line.
    """
    chance = random.Random(f"{sender.seed} arrivals")
    comes = sorted(chance.uniform(0, seconds) for _ in centers)
    drops = set(chance.sample(list(centers), int(len(centers) * dropping)))
    gate, started, done = asyncio.Semaphore(at_once), time.monotonic(), 0

    async def one(center: str, at: float) -> Sent:
        nonlocal done
        await asyncio.sleep(max(0.0, started + at - time.monotonic()))
        async with gate:
            sent = await sender.send(center, drop=center in drops)
        done += 1
        tick(done, len(centers))
        return sent

    return list(await asyncio.gather(*(one(center, at) for center, at in zip(centers, comes, strict=True))))
