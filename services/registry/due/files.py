"""A proposal as a file that an import of a roll reads as it is; the reason of each row stands in the remarks."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.registry.due.proposing import Proposal, Proposed
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
