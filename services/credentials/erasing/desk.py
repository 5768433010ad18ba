"""Where erasures are asked and decided: each step in the trail, then in one write, then answered."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from services.credentials.domain import Credential, Refusal
from services.credentials.erasing import rules
from services.credentials.erasing.gravedigger import Gravedigger
from services.credentials.erasing.rules import Erasure
from services.credentials.erasing.store import ErasureStore
from services.credentials.journal import Journal
from services.credentials.store import ATTEMPTS
from shared.contracts.events import ErasureReason
from shared.mongo import Conflict
from shared.security.approval import ApprovalRefusal
from shared.security.principals import Principal
from shared.security.scope import may_act

Step = Literal["approved", "refused", "withdrawn"]
_ACTIONS: dict[Step, str] = {"approved": "approve", "refused": "refuse", "withdrawn": "withdraw"}


class ErasureDesk:
    """Every refusal is in the trail before it is told, every change before it is made.

    Raises what the vault, its shelf and the database raise.
    """

    def __init__(
        self, erasures: ErasureStore, gravedigger: Gravedigger, journal: Journal, clock: Callable[[], datetime]
    ) -> None:
        self._erasures, self._gravedigger, self._journal, self._clock = erasures, gravedigger, journal, clock

    async def ask(
        self, who: Principal, newest: Credential, reason: ErasureReason
    ) -> Erasure | Refusal | Literal["forbidden"]:
        """Ask that a holder be erased. Nothing is destroyed until a second person approves."""
        detail = f"{reason} {newest.round}"
        if not rules.may_ask(who, newest):
            await self._journal.declined(who, newest.kind, newest.holder, "erasure.ask", "forbidden", detail)
            return "forbidden"
        owner, request = rules.owner_of(newest.kind, newest.holder), secrets.token_hex(8)
        for attempt in range(ATTEMPTS):
            now = self._clock()
            before = await self._erasures.erasures.load(owner)
            asked = rules.ask(before.state if before else None, newest, reason, request, who, now)
            if isinstance(asked, Refusal):
                await self._journal.declined(who, newest.kind, newest.holder, "erasure.ask", asked.value, detail)
                return asked
            if attempt == 0:
                await self._journal.acted(who, newest.kind, newest.holder, "erasure.ask", f"{reason} {asked.id}")
            if await self._erasures.put(before, asked, now):
                return asked
        raise Conflict(owner)

    async def settle(self, who: Principal, request: str, step: Step) -> Erasure | ApprovalRefusal | Literal["unknown"]:
        """Approve, refuse or withdraw a request. An approved one is carried out before this returns.

        When that breaks off (the object store is away), it stays approved; the same approval again goes on, and so does
        the loop.
        """
        action = f"erasure.{_ACTIONS[step]}"
        for attempt in range(ATTEMPTS):
            now = self._clock()
            stored = await self._erasures.of_request(request)
            if stored is None or not _allowed(who, stored.state, step):
                await self._journal.declined(who, "erasure", request, action, "out_of_scope", "")
                return "unknown"
            before = stored.state
            settled = rules.withdraw(before, who, now) if step == "withdrawn" else rules.decide(before, step, who, now)
            if not isinstance(settled, Erasure):
                reason = type(settled).__name__
                await self._journal.declined(who, before.holder_kind, before.holder, action, reason, request)
                return settled
            if attempt == 0:
                await self._journal.acted(who, before.holder_kind, before.holder, action, request)
            if settled is not before and not await self._erasures.put(stored, settled, now):
                continue
            return await self._gravedigger.finish(settled) if step == "approved" else settled
        raise Conflict(request)


def _allowed(who: Principal, erasure: Erasure, step: Step) -> bool:
    if step == "withdrawn":
        return erasure.asked_by == who.subject and erasure.asked_org == who.org
    center = erasure.holder if erasure.holder_kind == "center" else None
    return who.role in rules.DECIDERS and may_act(who, erasure.path, center)
