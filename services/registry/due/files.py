"""Who is due, as a file; and a proposal as a file that an import of a roll reads as it is. Both say why of each row."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.registry.due.paging import Place, Wanted
from services.registry.due.proposing import Proposal, Proposed
from services.registry.due.rules import Standing
from services.registry.due.store import DueStore
from services.registry.due.views import DueView
from services.registry.reading.sheets import Column, Feature, Table
from services.registry.reading.tables import ROLL, CenterRow, Lao
from services.registry.roll.places import address_of
from services.registry.store import RegistryStore

BATCH: Final = 500
REMARKS: Final = "หมายเหตุ"


@dataclass(frozen=True, slots=True)
class ProposedRow:
    """A row of the file: the roll's own, and why."""

    row: CenterRow
    entry: Proposed


@dataclass(frozen=True, slots=True)
class DueRow:
    """A center, and where it stands."""

    row: CenterRow
    due: DueView


def _of_roll(found: Column[CenterRow]) -> Column[DueRow]:
    return Column(found.header, lambda due: found.value(due.row), found.width)


def _due_feature(due: DueRow) -> Feature:
    found = ROLL.feature(due.row)
    said = due.due.model_dump(include={"due", "standing", "years_over", "reason", "reason_en"})
    return Feature(found.id, found.longitude, found.latitude, found.properties | said)


STANDING: Final[dict[Standing, str]] = {
    "never": "ไม่พบการประเมิน",
    "overdue": "เกินกำหนด",
    "due": "ครบกำหนดปีนี้",
    "early": "ยังไม่ครบกำหนด",
}
DUE: Final = Table(
    "ศูนย์ที่ครบกำหนดประเมิน",
    (
        *map(_of_roll, ROLL.columns),
        Column("ครบกำหนดปี", lambda row: row.due.due),
        Column("สถานะ", lambda row: STANDING[row.due.standing], 18),
        Column("เหตุผล", lambda row: row.due.reason, 80),
    ),
    _due_feature,
)


async def due_rows(due: DueStore, store: RegistryStore, wanted: Wanted) -> AsyncIterator[Sequence[DueRow]]:
    """The list to its end, as of one moment, in flat memory."""
    place: Place | None = None
    number = 0
    while True:
        centers, moment = await due.page(wanted, place, BATCH)
        laos = await store.known_organizations({center.lao for center in centers})
        names = {code: Lao(one.state.name, one.state.email) for code, one in laos.items()}
        yield [
            DueRow(
                CenterRow(number + at, center, names.get(center.lao, Lao()), address_of(center.subdistrict)),
                DueView.of(center, wanted.fiscal_year),
            )
            for at, center in enumerate(centers, start=1)
        ]
        if len(centers) < BATCH:
            return
        number, place = number + len(centers), Place(moment, centers[-1].last_assessed, centers[-1].code)


def _column(found: Column[CenterRow]) -> Column[ProposedRow]:
    return Column(found.header, lambda proposed: found.value(proposed.row), found.width)


def _feature(proposed: ProposedRow) -> Feature:
    found = ROLL.feature(proposed.row)
    said = {"rank": proposed.entry.rank, "standing": proposed.entry.standing, "reason": proposed.entry.thai}
    return Feature(found.id, found.longitude, found.latitude, found.properties | said)


PROPOSAL: Final = Table(
    "บัญชีรายชื่อที่เสนอ",
    (*map(_column, ROLL.columns), Column(REMARKS, lambda proposed: proposed.entry.thai, 80)),
    _feature,
)


async def rows_of(proposal: Proposal, store: RegistryStore) -> AsyncIterator[Sequence[ProposedRow]]:
    """The rows of a proposal in its order, in flat memory. A center that was closed meanwhile is left out."""
    for start in range(0, len(proposal.entries), BATCH):
        entries = proposal.entries[start : start + BATCH]
        centers = await store.known_centers(entry.code for entry in entries)
        laos = await store.known_organizations({one.state.lao for one in centers.values()})
        names = {code: Lao(one.state.name, one.state.email) for code, one in laos.items()}
        yield [
            ProposedRow(
                CenterRow(
                    entry.rank,
                    centers[entry.code].state,
                    names.get(centers[entry.code].state.lao, Lao()),
                    address_of(centers[entry.code].state.subdistrict),
                ),
                entry,
            )
            for entry in entries
            if entry.code in centers and centers[entry.code].state.state == "active"
        ]
