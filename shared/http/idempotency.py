"""`Idempotency-Key`: the same key, caller, route and body give the same answer, however often it is asked.

Bodies are hashed while they stream past, never held. What is kept of a body is a keyed hash whose key (the
caller's Idempotency-Key) is not kept, so a short code in a body can't be guessed back out of the store.
"""

import asyncio
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from starlette.types import Message, Receive, Scope, Send

from shared.failures import Unavailable
from shared.http import problems
from shared.security.principals import Principal
from shared.telemetry import get_logger
from shared.telemetry.metrics import HTTP_REPLAYED

log = get_logger()

LEASE_S: Final = 15
"""A request whose process did not renew its claim for this long has died with it; a repeat then runs again."""
KEPT_S: Final = 24 * 3600
LARGEST_ANSWER: Final = 256 * 1024
DETERMINISTIC: Final = frozenset({400, 410, 415, 422})
"""Refusals the same request earns every time. Others (404 before a projection catches up) may not be pinned."""

_KEPT_HEADERS: Final = frozenset({b"content-type", b"location", b"etag", b"content-language", b"cache-control"})
_SHORTEST_KEY: Final = 8
_LONGEST_KEY: Final = 128


@dataclass(frozen=True)
class Answer:
    """A stored answer, and the keyed digest of the body that earned it."""

    digest: bytes
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


@dataclass(frozen=True)
class Begun:
    """The request is ours to run; `token` proves it when finishing."""

    token: str


@dataclass(frozen=True)
class Running:
    """Another request with this identity is being worked on."""


class IdempotencyStore(Protocol):
    """Remembers answers by identity. Each method may raise Unavailable."""

    async def begin(self, identity: bytes, token: str, lease_s: int, kept_s: int) -> Begun | Running | Answer:
        """Claim an identity for `lease_s` seconds, unless it is claimed (Running) or answered (Answer)."""

    async def renew(self, identity: bytes, token: str, lease_s: int) -> None:
        """Hold a claim for `lease_s` seconds from now, if it is still `token`'s."""

    async def finish(self, identity: bytes, token: str, answer: Answer) -> None:
        """Keep the answer, if the claim is still `token`'s."""

    async def abandon(self, identity: bytes, token: str) -> None:
        """Give the claim back, so that a repeat runs again."""


Handle = Callable[[Scope, Receive, Send], Awaitable[None]]


class Idempotency:
    """Runs requests that carry an `Idempotency-Key` once."""

    def __init__(self, store: IdempotencyStore, service: str) -> None:
        self._store, self._service = store, service

    async def run(
        self, handle: Handle, scope: Scope, receive: Receive, send: Send, principal: Principal, route: str
    ) -> None:
        """Answer the request: by the stored answer, by a 409 problem, or by running `handle` and storing its answer."""
        key = key_of(scope)
        if key is None:
            await handle(scope, receive, send)
            return
        identity = self._identity(scope, principal, key)
        digesting = _Digesting(receive, key)
        found = await self._store.begin(identity, secrets.token_hex(8), LEASE_S, KEPT_S)
        match found:
            case Running():
                raise problems.IN_FLIGHT.problem(headers={"Retry-After": "1"})
            case Answer():
                await _replay(found, digesting, send, route)
            case Begun():
                await self._run_once(handle, scope, digesting, send, identity, found.token)

    async def _run_once(
        self, handle: Handle, scope: Scope, digesting: "_Digesting", send: Send, identity: bytes, token: str
    ) -> None:
        recording = _Recording(send)
        kept = False
        renewing = asyncio.create_task(self._hold(identity, token))
        try:
            await handle(scope, digesting.receive, recording.send)
            if recording.worth_keeping():
                answer = recording.answer(await digesting.finish())
                kept = await self._keep(identity, token, answer)
            await recording.release()
        finally:
            renewing.cancel()
            if not kept:
                await self._give_back(identity, token)

    async def _hold(self, identity: bytes, token: str) -> None:
        """Renew the claim while the request runs: a long import keeps it, a dead process loses it soon."""
        while True:
            await asyncio.sleep(LEASE_S / 3)
            with contextlib.suppress(Unavailable):
                await self._store.renew(identity, token, LEASE_S)

    async def _keep(self, identity: bytes, token: str, answer: Answer) -> bool:
        try:
            await self._store.finish(identity, token, answer)
        except Unavailable:
            # The work is done and durable: telling the caller so is better than a 503 it would repeat.
            log.warning("http.idempotency.unavailable")
            return False
        return True

    async def _give_back(self, identity: bytes, token: str) -> None:
        try:
            await self._store.abandon(identity, token)
        except Unavailable:
            log.warning("http.idempotency.unavailable")  # the lease gives it back in time

    def _identity(self, scope: Scope, principal: Principal, key: str) -> bytes:
        parts = (
            self._service,
            principal.subject,
            principal.role.value,
            principal.org,
            scope["method"],
            scope["path"],
            key,
        )
        sha = hashlib.sha256()
        for part in (*parts, scope["query_string"].decode("latin-1")):
            encoded = part.encode()
            sha.update(len(encoded).to_bytes(4, "big") + encoded)
        return sha.digest()


def key_of(scope: Scope) -> str | None:
    """The request's Idempotency-Key, or None without one. Raises the 400 problem for an unusable one."""
    given = [value for name, value in scope["headers"] if name == b"idempotency-key"]
    if not given:
        return None
    key: str = given[0].decode("latin-1")
    usable = _SHORTEST_KEY <= len(key) <= _LONGEST_KEY and all("!" <= mark <= "~" for mark in key)
    if len(given) > 1 or not usable:
        raise problems.BAD_IDEMPOTENCY_KEY.problem(where="header.Idempotency-Key")
    return key


async def _replay(answer: Answer, digesting: "_Digesting", send: Send, route: str) -> None:
    if not hmac.compare_digest(await digesting.finish(), answer.digest):
        raise problems.KEY_REUSED.problem(where="header.Idempotency-Key")
    HTTP_REPLAYED.labels(route).inc()
    headers = [*answer.headers, (b"idempotent-replay", b"true"), (b"content-length", str(len(answer.body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


class _Digesting:
    """Hashes a body as it passes."""

    def __init__(self, receive: Receive, key: str) -> None:
        self._receive = receive
        self._hmac = hmac.new(key.encode(), digestmod=hashlib.sha256)
        self._ended = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._hmac.update(message.get("body", b""))
            self._ended = not message.get("more_body", False)
        return message

    async def finish(self) -> bytes:
        """The digest, after reading what the endpoint left unread."""
        while not self._ended:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise problems.BAD_REQUEST.problem(where="body")
        return self._hmac.digest()


@dataclass
class _Recording:
    """Holds an answer back until it is stored: what the caller saw must be what a repeat will see."""

    send_on: Send
    held: list[Message] = field(default_factory=list)
    status: int = 0
    size: int = 0
    streaming: bool = False

    async def send(self, message: Message) -> None:
        if self.streaming:
            await self.send_on(message)
            return
        self.held.append(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.size += len(message.get("body", b""))
        if self.size > LARGEST_ANSWER:
            self.streaming = True
            await self.release()

    async def release(self) -> None:
        for message in self.held:
            await self.send_on(message)
        self.held = []

    def worth_keeping(self) -> bool:
        return not self.streaming and (200 <= self.status < 400 or self.status in DETERMINISTIC)  # noqa: PLR2004

    def answer(self, digest: bytes) -> Answer:
        start = self.held[0]
        headers = tuple((name, value) for name, value in start["headers"] if name.lower() in _KEPT_HEADERS)
        return Answer(digest, self.status, headers, b"".join(message.get("body", b"") for message in self.held[1:]))
