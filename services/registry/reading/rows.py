"""The rows of the files: lists read page by page, joined with what a file tells beside them."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

from services.registry.domain import Center, Organization, Round
from services.registry.reading.filters import Filter
from services.registry.reading.listing import Lists
from services.registry.reading.obligations import Obligations
from services.registry.reading.store import Nodes
from services.registry.reading.tables import CenterRow, DutyRow, Lao, OrganizationRow, duty_row
from services.registry.roll.places import address_of

BATCH: Final = 500
"""Rows that are held at a time: some 5 ms of this process."""


class Rows:
    """Reads lists to their end, in flat memory. Every method yields batches of rows, numbered from 1."""

    def __init__(self, centers: Nodes, organizations: Nodes, obligations: Obligations) -> None:
        self._center_nodes, self._organization_nodes = centers, organizations
        self._centers, self._organizations = Lists(centers), Lists(organizations)
        self._obligations = obligations

    async def centers(self, wanted: Filter) -> AsyncIterator[Sequence[CenterRow]]:
        """Centers with their LAOs."""
        laos, number, cursor = _Laos(self._organization_nodes), 0, None
        while True:
            page = await self._centers.page(wanted, cursor, BATCH)
            centers = [Center.model_validate(row.document) for row in page.rows]
            known = await laos.of((center.lao for center in centers), page.moment)
            yield [
                CenterRow(number + place, center, known[center.lao], address_of(center.subdistrict))
                for place, center in enumerate(centers, start=1)
            ]
            number, cursor = number + len(centers), page.next
            if cursor is None:
                return

    async def duties(self, wanted: Filter, state: Round) -> AsyncIterator[Sequence[DutyRow]]:
        """The obligations of a round."""
        laos, number, cursor = _Laos(self._organization_nodes), 0, None
        while True:
            page = await self._obligations.page(wanted, cursor, BATCH)
            known = await laos.of((duty.obligation.lao for duty in page.rows), page.moment)
            yield [
                duty_row(number + place, duty, known[duty.obligation.lao], state)
                for place, duty in enumerate(page.rows, start=1)
            ]
            number, cursor = number + len(page.rows), page.next
            if cursor is None:
                return

    async def organizations(self, wanted: Filter, *, on_map: bool) -> AsyncIterator[Sequence[OrganizationRow]]:
        """Organizations with those above them; `on_map`, with the middle of their centers."""
        above: dict[str, dict[str, str]] = {}
        number, cursor = 0, None
        while True:
            page = await self._organizations.page(wanted, cursor, BATCH)
            nodes = [Organization.model_validate(row.document) for row in page.rows]
            missing = {code for node in nodes for code in node.path[1:3]} - above.keys()
            for found in (await self._organization_nodes.named(sorted(missing), page.moment))[0]:
                above[found["code"]] = {found["kind"]: found["name"]}
            middles = await self._center_nodes.middles([node.code for node in nodes]) if on_map else {}
            yield [
                OrganizationRow(
                    number + place,
                    node,
                    {level: name for code in node.path[1:3] for level, name in above.get(code, {}).items()},
                    middles.get(node.code),
                )
                for place, node in enumerate(nodes, start=1)
            ]
            number, cursor = number + len(nodes), page.next
            if cursor is None:
                return


class _Laos:
    """The LAOs of centers, each asked for once: some 8,000 names at most."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._known: dict[str, Lao] = {}

    async def of(self, codes: Iterable[str], moment: str | None) -> dict[str, Lao]:
        """What is told of these LAOs; an empty one for a code that is none."""
        missing = set(codes) - self._known.keys()
        if missing:
            self._known |= dict.fromkeys(missing, Lao())
            found, _ = await self._nodes.named(sorted(missing), moment)
            self._known |= {each["code"]: Lao(each["name"], each["email"]) for each in found}
        return self._known
