"""How the people of the rehearsal reach the system: the public HTTP of each service, a mailbox, a token.

Nothing here knows more than a real client would. Requests that fail for a passing reason are asked again with the same
`Idempotency-Key`, as the documents tell clients to do.
"""

import asyncio
import itertools
import random
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

PASSING = frozenset({425, 429, 500, 502, 503, 504})
PASSING_CONFLICTS = frozenset({"conflict", "request-in-flight"})
"""Of the 409s, those that say "ask again"; the others are answers."""
PATIENCE_SECONDS = 120.0
CODE = re.compile(r"(?<!\d)(\d{6})(?!\d)")


class RefusedError(Exception):
    """The system refused, for good. `slug` is the last word of the problem's type."""

    def __init__(self, answer: httpx.Response) -> None:
        try:
            problem: dict[str, Any] = answer.json()
        except ValueError:
            problem = {}
        self.status, self.problem = answer.status_code, problem
        self.slug = str(problem.get("type", "")).rsplit(":", 1)[-1]
        said = problem.get("detail_en") or problem.get("title_en") or answer.reason_phrase
        super().__init__(f"{answer.status_code} {self.slug} {answer.request.url.path}: {said}")


@dataclass
class Traffic:
    """What the clients met on the way."""

    asked: int = 0
    repeated: int = 0


class _ManyPools(httpx.AsyncBaseTransport):
    """Small pools in turn: one pool looks at each of its connections, twice, for each request (httpcore 1.0), which for
    a crowd is more work than the requests.
    """

    def __init__(self, pools: int = 16, connections: int = 8) -> None:
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._pools = [httpx.AsyncHTTPTransport(limits=limits) for _ in range(pools)]
        self._turn = itertools.cycle(self._pools)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await next(self._turn).handle_async_request(request)

    async def aclose(self) -> None:
        for pool in self._pools:
            await pool.aclose()


@dataclass
class Doors:
    """The addresses of a running system, and one pool of connections."""

    registry: str
    credentials: str
    submissions: str
    notifier: str
    mail: str
    token: Callable[[str, str], str]
    patience: float = PATIENCE_SECONDS
    traffic: Traffic = field(default_factory=Traffic)
    _http: httpx.AsyncClient | None = None
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def http(self) -> httpx.AsyncClient:
        """The client; opened at first use."""
        if self._http is None:
            self._http = httpx.AsyncClient(transport=_ManyPools(), timeout=60.0)
        return self._http

    async def close(self) -> None:
        if self._http:
            await self._http.aclose()
            self._http = None

    async def bearer(self, role: str, org: str) -> str:
        """A token for this principal, asked for once."""
        known = self._tokens.get((role, org))
        if known is None:
            known = self._tokens[role, org] = await asyncio.to_thread(self.token, role, org)
        return known

    async def ask(
        self,
        who: tuple[str, str],
        method: str,
        url: str,
        *,
        key: str = "",
        passing: frozenset[int] = PASSING,
        **request: Any,
    ) -> Any:
        """The answer's JSON. Asks again while the system is away; raises RefusedError when it says no for good."""
        headers = {"Authorization": f"Bearer {await self.bearer(*who)}"}
        if method == "POST":
            headers["Idempotency-Key"] = key or secrets.token_hex(12)
        headers |= request.pop("headers", {})
        until, wait = time.monotonic() + self.patience, 0.1
        while True:
            self.traffic.asked += 1
            try:
                answer = await self.http.request(method, url, headers=headers, **request)
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
            else:
                if answer.is_success:
                    return answer.json() if answer.content else None
                refused = RefusedError(answer)
                passes = answer.status_code in passing or refused.slug in PASSING_CONFLICTS
                if not passes or time.monotonic() > until:
                    raise refused
            self.traffic.repeated += 1
            await asyncio.sleep(wait * random.uniform(0.7, 1.3))  # noqa: S311
            wait = min(wait * 2, 3.0)

    async def code_from_mail(self, address: str, after: int) -> tuple[str, int]:
        """The newest six-digit code that reached this address after the given mail, and its mail, once it is there."""
        until = time.monotonic() + self.patience
        while time.monotonic() < until:
            for mail in reversed(await self.mails(address, after)):
                text = (await self._read(f"/api/messages/{mail['id']}"))["text"]
                if found := CODE.search(text):
                    return found.group(1), mail["id"]
            await asyncio.sleep(0.3)
        raise TimeoutError(f"no code reached {address}")

    async def mails(self, address: str, after: int = 0) -> list[dict[str, Any]]:
        """The mails to this address that came after the given one, oldest first."""
        found = await self._read("/api/messages", params={"to": address, "after": after, "limit": 100})
        return list(found["messages"])

    async def _read(self, path: str, **request: Any) -> Any:
        """An answer of the mailbox; one that is away for a moment is asked again, like everything else."""
        until = time.monotonic() + self.patience
        while True:
            try:
                return (await self.http.get(f"{self.mail}{path}", **request)).raise_for_status().json()
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
            self.traffic.repeated += 1
            await asyncio.sleep(0.3)
