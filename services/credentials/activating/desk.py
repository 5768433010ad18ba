"""Where sheets are made: allowed, entered in the trail, the codes kept, and only then printed."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import SecretBytes

from services.credentials.activating import codes, rules
from services.credentials.activating.paper import Sheet, draw
from services.credentials.activating.rules import Activation
from services.credentials.activating.store import ActivationStore
from services.credentials.domain import Credential, Event, Refusal, credential_id
from services.credentials.journal import Journal
from services.credentials.overseeing.store import TreeStore
from shared.mongo.trail import AuditTrail
from shared.security.principals import Principal

AT_ONCE: Final = 40
"""Sheets in one document at most: about two seconds of processor time, and 300 KB."""


@dataclass(frozen=True)
class Printed:
    """A document ready to print: whose sheets are in it, which part of them, and its bytes."""

    name: str
    part: int
    sheets: int
    pdf: bytes


class SheetDesk:
    """Makes sheets. A sheet whose code could not be kept is not printed."""

    def __init__(
        self,
        tree: TreeStore,
        activations: ActivationStore,
        trail: AuditTrail,
        code_key: SecretBytes,
        page: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._tree, self._activations, self._code_key = tree, activations, code_key
        self._page, self._clock = page, clock
        self._journal = Journal(trail, clock)

    async def for_holder(self, who: Principal, credential: Credential) -> Printed | Refusal | Literal["forbidden"]:
        """One holder's sheet, for a caller who may see its credential. A refusal is entered before it is told."""
        refusal: Refusal | Literal["forbidden"] = "forbidden"
        if rules.may_print(who, credential):
            printable = rules.print_sheet(credential, "", "", who, self._clock())
            if not isinstance(printable, Refusal):
                return await self._print(who, [credential], credential.holder, 1)
            refusal = printable
        reason = refusal.value if isinstance(refusal, Refusal) else refusal
        await self._journal.declined(who, credential.kind, credential.holder, "sheet.make", reason, credential.round)
        return refusal

    async def for_part(self, who: Principal, round_id: str, laos: Sequence[str]) -> AsyncIterator[Printed]:
        """The sheets of every holder under these LAOs that still waits to claim, LAO by LAO, as they are made."""
        for lao in laos:
            waiting = [each for each in await self._tree.unclaimed_of(round_id, lao) if rules.may_print(who, each)]
            for start in range(0, len(waiting), AT_ONCE):
                yield await self._print(who, waiting[start : start + AT_ONCE], lao, start // AT_ONCE + 1)

    async def _print(self, who: Principal, credentials: Sequence[Credential], name: str, part: int) -> Printed:
        now = self._clock()
        made: list[tuple[Activation, list[Event]]] = []
        words: dict[str, tuple[Credential, str]] = {}
        for credential in credentials:
            code = codes.draw()
            sheet = rules.print_sheet(credential, _number(), codes.digest(code, self._code_key), who, now)
            if not isinstance(sheet, Refusal):
                made.append(sheet)
                words[credential_id(credential.round, credential.kind, credential.holder)] = credential, code
        await self._journal.acted_on_many(
            who, "sheet.make", {f"{a.kind}/{a.holder}": f"{a.round} {a.sheet}" for a, _ in made}
        )
        missed = await self._activations.put(made, now)
        kept = [activation for activation, _ in made if activation.credential not in missed]
        sheets = await self._written([(each, *words[each.credential]) for each in kept])
        pdf = await asyncio.to_thread(draw, sheets, self._page, now)
        return Printed(name, part, len(sheets), pdf)

    async def _written(self, kept: Sequence[tuple[Activation, Credential, str]]) -> list[Sheet]:
        offices = await self._tree.names_of("organization", {code for _, each, _ in kept for code in each.path[1:]})
        centers = await self._tree.names_of("center", [a.holder for a, _, _ in kept if a.kind == "center"])
        sheets = []
        for made, credential, code in kept:
            known = (centers if made.kind == "center" else offices).get(made.holder, {})
            above = credential.path[1:] if made.kind == "center" else credential.path[1:-1]
            sheets.append(
                Sheet(
                    name=known.get("name") or made.holder,
                    holder=made.holder,
                    round=made.round,
                    place=" ".join(str(offices[each]["name"]) for each in reversed(above) if each in offices) or "-",
                    number=made.sheet,
                    code=code,
                    made_at=made.made_at,
                    ends=made.ends,
                    by_role=made.by_role,
                    reachable=bool(known.get("email")),
                )
            )
        return sheets


def _number() -> str:
    """Eight random digits: to speak of a sheet, and to file it."""
    drawn = f"{secrets.randbelow(10**8):08d}"
    return f"{drawn[:4]}-{drawn[4:]}"
