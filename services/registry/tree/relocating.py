"""Brings the paths below an organization in line with where it hangs, in bounded batches.

What it writes follows from what is stored, never from what it did before: a run that died anywhere is completed by
running again, and what stands right already is not written.
"""

from collections.abc import Callable, Iterable
from typing import Final

from services.registry.domain import Center, Obligation, Organization, relocate
from services.registry.tree.orders import Touched
from services.registry.tree.rules import placed
from services.registry.tree.store import TreeStore
from shared.failpoints import failpoint

BATCH: Final = 200
"""Centers of one batch, and as many obligations for each round that runs: a write of a few milliseconds each."""


class Relocating:
    """Moves paths: of organizations from the top down, of their centers, and of what those owe."""

    def __init__(self, store: TreeStore) -> None:
        self._store = store

    async def below(self, top: Organization) -> Touched:
        """Everything below an organization, which stands right itself."""
        touched, level = Touched(), [top]
        while level:
            following: list[Organization] = []
            for parent in level:
                following += await self._children(parent)
                touched += await self._centers(parent)
            touched += Touched(organizations=len(following))
            level = following
        return touched

    async def _children(self, parent: Organization) -> list[Organization]:
        """The organizations right below one, as they stand afterwards."""
        found = await self._store.organizations_under(parent.code)
        astray = [node.code for node in found if placed(node, parent) != node]
        await self._store.change_organizations(astray, lambda node: placed(node, parent))
        failpoint("registry.after_move_batch")
        return [placed(node, parent) for node in found]

    async def _centers(self, lao: Organization) -> Touched:
        touched, last = Touched(), ""
        while centers := await self._store.centers_under(lao.code, last, BATCH):
            last = centers[-1].code
            astray = [center.code for center in centers if center.path != lao.path]
            moved = await self._store.change_centers(astray, lambda center: placed(center, lao))
            owed = await self.obligations([placed(center, lao) for center in centers])
            failpoint("registry.after_move_batch")
            touched += Touched(centers=moved, obligations=owed)
        return touched

    async def obligations(self, centers: Iterable[Center]) -> int:
        """What these centers owe in the rounds that run follows them; how many changed."""
        steps = {center.code: _following(center) for center in centers}
        return sum([await self._store.change_obligations(r.round, steps) for r in await self._store.live_rounds()])


def _following(center: Center) -> Callable[[Obligation | None], Obligation | None]:
    return lambda known: relocate(known, center) if known else None
