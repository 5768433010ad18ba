"""The chase list: who owes a report and has not sent it, and why. Answered in pages, from projections alone."""

from dataclasses import dataclass
from datetime import datetime

from services.notifier.checks import Office
from services.notifier.deadlines import deadline_of
from services.notifier.knowledge import Knowledge
from services.notifier.notices import Owing
from services.notifier.standings import Cause, Claim, Report, Standing, cause_of_delay
from services.notifier.store import Store
from shared.contracts.events import RoundChanged

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Behind:
    """A center on the list. `office` is None while the registry's word on it has not arrived."""

    owing: Owing
    office: Office | None
    cause: Cause
    standing: Standing | None
    deadline: datetime


class ChaseList:
    def __init__(self, knowledge: Knowledge, store: Store) -> None:
        self._knowledge, self._store = knowledge, store

    async def page(
        self, round_: RoundChanged, within: str, cause: Cause | None, after: str | None, limit: int
    ) -> tuple[list[Behind], str | None]:
        """Up to `limit` centers under an organization, by code, and the code to go on after (None at the end)."""
        found: list[Behind] = []
        while True:
            owing = await self._knowledge.owing(round_.round, within, after, CHUNK)
            for one in await self._judge(round_, owing):
                if cause is None or one.cause == cause:
                    found.append(one)
                if len(found) > limit:
                    return found[:limit], found[limit - 1].owing.center
            if len(owing) < CHUNK:
                return found, None
            after = owing[-1].center

    async def _judge(self, round_: RoundChanged, owing: list[Owing]) -> list[Behind]:
        centers = [one.center for one in owing]
        reports = await self._knowledge.reports(round_.round, centers)
        late = [one for one in owing if not reports.get(one.center, Report()).submitted]
        codes = [one.center for one in late]
        claims = await self._knowledge.claims(round_.round, codes)
        standings = await self._store.standings(round_.round, codes)
        offices = await self._knowledge.offices(codes)
        behind = []
        for one in late:
            standing = standings.get(one.center)
            cause = cause_of_delay(reports.get(one.center, Report()), claims.get(one.center, Claim()), standing)
            if cause is not None:
                deadline = deadline_of(round_, one.path, one.center)
                behind.append(Behind(one, offices.get(one.center), cause, standing, deadline))
        return behind
