"""One child development center with a phone: claims its credential, makes its report, sends it, through bad signal."""

import asyncio
import contextlib
import hashlib
import random
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import httpx

from deploy.local.crowd.doors import PASSING, Doors, RefusedError
from deploy.local.crowd.papers import paper, usual_size

Habit = Literal["plain", "encrypted", "torn", "late", "cut"]
HABITS: tuple[tuple[Habit, float], ...] = (
    ("plain", 0.72),
    ("cut", 0.12),
    ("encrypted", 0.06),
    ("torn", 0.05),
    ("late", 0.05),
)
"""What share of offices does what: most send a good file at once, some lose the line, some send what can't be read."""

BLOCK = 65_536
ATTEMPTS = 12
CODES = 3
SENT_ANEW = {"parts-missing", "upload-received"}
"""Answers to whoever sends parts again: those that still lack, or none any more."""
NOT_YET = PASSING | {404}
"""A projection may be a moment behind the registry: a client asks again."""


@dataclass(frozen=True)
class Person:
    """Who the office is: a row of the roll."""

    code: str
    email: str
    habit: Habit
    role: Literal["center", "lao"] = "center"

    @property
    def who(self) -> tuple[str, str]:
        return self.role, self.code


@dataclass
class Story:
    """What became of one office."""

    person: Person
    claimed: bool = False
    confirmed: bool = False
    receipt: str = ""
    sha256: str = ""
    size: int = 0
    late: bool | None = None
    resumed: bool = False
    trouble: str = ""


def people(rows: list[Any], count: int, seed: int, *, late: bool = True) -> list[Person]:
    """Draw offices from the roll's rows, with their habits. Deterministic."""
    habits = [(habit, share) for habit, share in HABITS if late or habit != "late"]
    chance = random.Random(f"crowd {seed}")  # noqa: S311
    chosen = chance.sample(rows, min(count, len(rows)))
    drawn = chance.choices([habit for habit, _ in habits], [share for _, share in habits], k=len(chosen))
    return [Person(row.code, row.email, habit) for row, habit in zip(chosen, drawn, strict=True)]


class Office:
    def __init__(self, doors: Doors, round_id: str, person: Person, *, seed: int) -> None:
        self._doors, self._round, self._person, self._seed = doors, round_id, person, seed
        self.story = Story(person)

    async def claim(self) -> tuple[str, str]:
        """Claim → code by mail → verify → reveal once → confirm. Returns username and password."""
        who, base = self._person.who, self._doors.credentials
        before = await self._doors.mails(self._person.email)
        last = max((mail["id"] for mail in before), default=0)
        opened = await self._doors.ask(
            who, "POST", f"{base}/v1/claims", json={"round": self._round, "holder": self._person.code}
        )
        claim = f"{base}/v1/claims/{opened['claim']}"
        await self._show_code(claim, last)
        secret = await self._doors.ask(who, "POST", f"{claim}/reveal", key=secrets.token_hex(12))
        self.story.claimed = True
        await self._doors.ask(who, "POST", f"{claim}/confirm")
        self.story.confirmed = True
        return secret["username"], secret["password"]

    async def _show_code(self, claim: str, last: int) -> None:
        """Show the newest code. One that does not fit was for an asking whose answer got lost: await the next."""
        for _ in range(CODES):
            code, last = await self._doors.code_from_mail(self._person.email, last)
            try:
                await self._doors.ask(self._person.who, "POST", f"{claim}/verify", json={"code": code})
            except RefusedError as refused:
                if refused.slug != "claim-refused":
                    raise
            else:
                return
        raise TimeoutError(f"no code fitted for {self._person.code}")

    async def report(self, deadline: datetime) -> None:
        """Send the report as this office's habit is; the receipt is kept in the story."""
        habit = self._person.habit
        if habit == "late":
            wait = (deadline - datetime.now(deadline.tzinfo)).total_seconds()
            await asyncio.sleep(max(0.0, wait) + 1.0)
        chance = random.Random(f"{self._seed} {self._person.code}")  # noqa: S311
        kind: Any = habit if habit in {"encrypted", "torn"} else "good"
        made = await asyncio.to_thread(paper, f"{self._seed} {self._person.code}", usual_size(chance), kind=kind)
        await self.send(made, cut=habit == "cut")

    async def send(self, body: bytes, *, cut: bool = False) -> dict[str, Any]:
        """Upload a file in parts and complete it. With `cut`, the line breaks in the middle and the office resumes."""
        digest = hashlib.sha256(body).hexdigest()
        self.story.sha256, self.story.size = digest, len(body)
        uploads = f"{self._doors.submissions}/v1/rounds/{self._round}/centers/{self._person.code}/uploads"
        declared = {"size": len(body), "sha256": digest}
        upload = await self._doors.ask(self._person.who, "POST", uploads, json=declared, passing=NOT_YET)
        if cut:
            await self._lose_the_line(upload, body)
            # The phone went dark and knows nothing any more: the same file is declared again, and the upload found.
            found = await self._doors.ask(self._person.who, "POST", uploads, json=declared, passing=NOT_YET)
            self.story.resumed = found["id"] == upload["id"]
            upload = found
        address = f"{self._doors.submissions}/v1/uploads/{upload['id']}"
        receipt = await self._hand_in(address, upload, body)
        self.story.receipt, self.story.late = receipt["code"], receipt["late"]
        return receipt

    async def _hand_in(self, address: str, upload: dict[str, Any], body: bytes) -> dict[str, Any]:
        """Send the parts and complete. A store that dies may lose what it had: then it is told which to send again."""
        for _ in range(ATTEMPTS):
            try:
                await self._bring_parts(address, upload, body)
                completed = await self._doors.ask(self._person.who, "POST", f"{address}/complete")
            except RefusedError as refused:
                if refused.slug not in SENT_ANEW:
                    raise
                upload = await self._doors.ask(self._person.who, "GET", address)
            else:
                receipt: dict[str, Any] = completed["receipt"]
                return receipt
        raise TimeoutError(f"the store lost the parts of {upload['id']} again and again")

    async def _bring_parts(self, address: str, upload: dict[str, Any], body: bytes) -> None:
        """Send what the store has not, straight to the store; a part that fails is asked for and sent anew."""
        for attempt in range(ATTEMPTS):
            missing = [part for part in upload["parts"] if not part["stored"]]
            if not missing:
                return
            for request, data in await self._signed(address, upload, missing, body):
                with contextlib.suppress(httpx.TransportError):
                    await self._doors.http.put(request["url"], content=data, headers=request["headers"])
            if attempt:
                await asyncio.sleep(min(0.2 * 2**attempt, 5.0))
            upload = await self._doors.ask(self._person.who, "GET", address)
        raise TimeoutError(f"the store did not take the parts of {upload['id']}")

    async def _signed(
        self, address: str, upload: dict[str, Any], parts: list[dict[str, Any]], body: bytes
    ) -> list[tuple[dict[str, Any], bytes]]:
        """For each part, the request that sends it and its bytes."""
        size = upload["part_size"]
        pieces = {part["number"]: body[(part["number"] - 1) * size :][:size] for part in parts}
        wanted = [{"number": n, "sha256": hashlib.sha256(piece).hexdigest()} for n, piece in pieces.items()]
        answer = await self._doors.ask(self._person.who, "POST", f"{address}/parts", json={"parts": wanted})
        return [(request, pieces[request["number"]]) for request in answer["parts"]]

    async def _lose_the_line(self, upload: dict[str, Any], body: bytes) -> None:
        """Send half of the first part, then nothing more: the connection breaks with bytes on the way."""
        address = f"{self._doors.submissions}/v1/uploads/{upload['id']}"
        ((request, data),) = await self._signed(address, upload, upload["parts"][:1], body)

        async def half() -> AsyncIterator[bytes]:
            for start in range(0, len(data) // 2, BLOCK):
                yield data[start : start + BLOCK]
            raise ConnectionResetError

        with contextlib.suppress(httpx.TransportError, ConnectionResetError):
            await self._doors.http.put(request["url"], content=half(), headers=request["headers"])
