"""Alarms of wrong hands in a part of the tree, over HTTP: about which account, when, and in what way. Never by whom."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends
from pydantic import BaseModel

from services.credentials.claiming.attempts import Claim
from services.credentials.claiming.store import ClaimStore
from services.credentials.journal import Journal
from services.credentials.overseeing.api import Officer, RoundId, Within
from services.credentials.overseeing.sight import Sight
from shared.http import Page, PageQuery, Router, write_cursor
from shared.http.problems import BAD_CURSOR


class Alarm(BaseModel):
    """Somebody came after the account was opened, or guessed at codes until the claim locked."""

    holder: str
    kind: Literal["center", "lao"]
    path: tuple[str, ...]
    cause: Literal["already_claimed", "locked"]
    attempted_at: datetime
    attempted_with: Literal["token", "sheet"]


def alarm_routes(sight: Sight, claims: ClaimStore, journal: Journal) -> Router:
    """What officers were mailed about, as a list."""
    router = Router(prefix="/v1")

    @router.get("/rounds/{round}/alarms", tags=["oversight"])
    async def alarms(
        round: RoundId,  # noqa: A002
        who: Officer,
        page: Annotated[PageQuery, Depends()],
        within: Within = None,
    ) -> Page[Alarm]:
        """Alarms of the last 90 days below an organization, the newest first."""
        part = await sight.part(who, within, "alarm.list", round)
        try:
            found = await claims.alarms_within(round, part, page.after(), page.limit)
        except ValueError:  # a cursor that is well made but not of this list
            raise BAD_CURSOR.problem(where="query.cursor") from None
        await journal.listed(who, "alarm.list", part, round)
        following = write_cursor(found[-1][0]) if len(found) == page.limit else None
        return Page(items=[alarm for _, claim in found if (alarm := _shown(claim))], next=following)

    return router


def _shown(claim: Claim) -> Alarm | None:
    if claim.alarm is None or claim.alarmed_at is None:
        return None
    return Alarm(
        holder=claim.holder,
        kind=claim.kind,
        path=claim.path,
        cause=claim.alarm,
        attempted_at=claim.alarmed_at,
        attempted_with=claim.way,
    )
