"""Carries an order out, step by step; each step sees what is done already, so that it may be taken again."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from services.registry.domain import Center, Node, Organization
from services.registry.rounds.extensions import keep_promises
from services.registry.rounds.keeping import RoundKeeper
from services.registry.tree.duties import NOTHING, Duties
from services.registry.tree.orders import (
    Add,
    Close,
    Merge,
    Move,
    OpenCenter,
    OpenOrganization,
    Order,
    Remove,
    Rename,
    Split,
    Touched,
)
from services.registry.tree.relocating import BATCH, Relocating
from services.registry.tree.rules import closed, hung, opened, renamed, split_off
from services.registry.tree.store import TreeStore
from shared.failpoints import failpoint

N = TypeVar("N", bound=Node)


class Step(Protocol):
    """What a step makes of a node of either kind."""

    def __call__(self, node: N, /) -> N: ...


class Carrier:
    """`carry_out` an order that was checked and begun. Raises what the database raises; the caller comes again."""

    def __init__(self, store: TreeStore, keeper: RoundKeeper, clock: Callable[[], datetime]) -> None:
        self._store, self._keeper = store, keeper
        self._relocating, self._duties = Relocating(store), Duties(store, keeper, clock)

    async def carry_out(self, order: Order) -> Touched:  # noqa: PLR0911  one line a kind
        """Take every step of an order that is not yet taken; how much was written."""
        match order.words:
            case OpenOrganization(parent=parent) | OpenCenter(lao=parent):
                return await self._open(order, parent)
            case Rename(name=name):
                return await self._change(order, order.subject, lambda node: renamed(node, name, order))
            case Move(to=to):
                return await self._move(order, to)
            case Merge(sources=sources):
                return await self._merge(order, sources)
            case Split() as words:
                return await self._split(order, words)
            case Close():
                return await self._close(order)
            case Add(centers=centers):
                return await self._duties.add(order, centers)
            case Remove(centers=centers):
                return await self._duties.remove(order, centers)

    # steps on organizations and centers alike

    async def _open(self, order: Order, parent: str) -> Touched:
        node = opened(order, await self._organization(parent))
        if isinstance(node, Center):
            return Touched(centers=await self._store.add_center(node))
        return Touched(organizations=await self._store.add_organization(node))

    async def _change(self, order: Order, code: str, step: Step) -> Touched:
        def once(node: N) -> N:
            return node if node.change == order.id else step(node)

        if order.about == "center":
            return Touched(centers=await self._store.change_centers([code], once))
        return Touched(organizations=await self._store.change_organizations([code], once))

    async def _move(self, order: Order, to: str) -> Touched:
        parent = await self._organization(to)
        node = (await self._store.nodes([order.subject], centers_first=order.about == "center"))[order.subject]
        if node.change != order.id:
            await self._keep_promises(node, (*parent.path, order.subject), order.subject)
        touched = await self._change(order, order.subject, lambda found: hung(found, parent, order))
        failpoint("registry.after_move_batch")
        if order.about == "organization":
            return touched + await self._relocating.below(await self._organization(order.subject))
        return touched + await self._obligations_follow(order.subject)

    async def _merge(self, order: Order, sources: Sequence[str]) -> Touched:
        if order.about == "center":
            return await self._merge_centers(order, sources)
        survivor, touched = await self._organization(order.subject), NOTHING
        for source in sources:
            absorbed = await self._organization(source)
            if absorbed.change != order.id:
                await self._keep_promises(absorbed, survivor.path, survivor.code)
            # Closed first: from here on nothing new comes to hang under it.
            touched += await self._change(order, source, lambda node: closed(node, order.subject, order))
            touched += await self._adopt(order, source, survivor)
        return touched + await self._relocating.below(survivor)

    async def _split(self, order: Order, words: Split) -> Touched:
        subject = await self._organization(order.subject)
        made = split_off(order, words, subject, await self._organization(subject.parent or ""))
        touched = Touched(organizations=await self._store.add_organization(made))
        await self._keep_promises(subject, made.path, made.code)
        touched += await self._adopt(order, order.subject, made, frozenset(words.children))
        return touched + await self._relocating.below(made)

    async def _close(self, order: Order) -> Touched:
        if order.about == "organization":
            return await self._change(order, order.subject, lambda node: closed(node, None, order))
        return await self._duties.retire(order, order.subject, None)

    async def _adopt(self, order: Order, old: str, new: Organization, only: frozenset[str] | None = None) -> Touched:
        """Hang the active children of one organization under another: all, or those that are named."""

        def wanted(node: Node) -> bool:
            return node.state == "active" and (only is None or node.code in only)

        nodes = [node.code for node in await self._store.organizations_under(old) if wanted(node)]
        touched = Touched(
            organizations=await self._store.change_organizations(nodes, lambda node: hung(node, new, order))
        )
        last = ""
        while centers := await self._store.centers_under(old, last, BATCH):
            last = centers[-1].code
            going = [center.code for center in centers if wanted(center)]
            moved = await self._store.change_centers(going, lambda center: hung(center, new, order))
            failpoint("registry.after_move_batch")
            touched += Touched(centers=moved)
        return touched

    async def _merge_centers(self, order: Order, sources: Sequence[str]) -> Touched:
        touched = NOTHING
        for source in sources:
            survivor, absorbed = await self._duties.center(order.subject), await self._duties.center(source)
            live = [r.round for r in await self._store.live_rounds() if r.round in absorbed.rounds]
            if absorbed.change != order.id:
                await self._keep_promises(absorbed, (*survivor.path, survivor.code), survivor.code)
            touched += await self._duties.enlist([order.subject], live)
            touched += await self._duties.retire(order, source, order.subject)
        return touched

    async def _obligations_follow(self, code: str) -> Touched:
        return Touched(obligations=await self._relocating.obligations([await self._duties.center(code)]))

    async def _keep_promises(self, node: Organization | Center, after: Sequence[str], target: str) -> None:
        """Before a node goes elsewhere: what was granted where it stands goes with it."""
        before = (*node.path, node.code) if isinstance(node, Center) else node.path
        for each in await self._store.live_rounds():
            if each.state == "open" and each.requests:
                await self._keeper.change(each.round, lambda state: keep_promises(state, before, after, target))

    async def _organization(self, code: str) -> Organization:
        found = (await self._store.nodes([code], centers_first=False))[code]
        assert isinstance(found, Organization), code
        return found
