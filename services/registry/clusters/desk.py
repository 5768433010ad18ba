"""Clusters as people change and read them."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from services.registry.clusters import refusals
from services.registry.clusters.books import Books, Change
from services.registry.clusters.cluster import Cluster, cluster_key
from services.registry.clusters.editing import ClusterUnknown, Edit, EditRefused, edit, visited
from services.registry.clusters.explaining import Explanation, explain
from services.registry.clusters.measuring import Map
from services.registry.clusters.plan import Book
from services.registry.clusters.sites import Unplaced, place
from services.registry.clusters.store import ClusterStore
from services.registry.clusters.views import ClusterView, Standing
from services.registry.domain import Round
from services.registry.store import RegistryStore
from shared.http.problems import CLUSTER_UNKNOWN, CONFLICT, ROUND_CLOSED, ROUND_UNKNOWN
from shared.mongo import Conflict
from shared.security.scope import DEPARTMENT_CODE


class ClusterDesk:
    """Every step raises the problem that a caller gets."""

    def __init__(
        self,
        registry: RegistryStore,
        store: ClusterStore,
        books: Books,
        clock: Callable[[], datetime],
    ) -> None:
        self._registry, self._store, self._books, self._clock = registry, store, books, clock

    async def round(self, round_id: str, *, changing: bool = False) -> Round:
        """The round; to change its clusters it must not be closed."""
        stored = await self._registry.round(round_id)
        if stored is None:
            raise ROUND_UNKNOWN.problem(where="path.round")
        if changing and stored.state.state == "closed":
            raise ROUND_CLOSED.problem(where="path.round")
        return stored.state

    async def edited(self, round_id: str, name: str, wish: Edit) -> Cluster:
        """A cluster after a change by hand, with all that it took."""
        found = await self.active(round_id, name)
        owing = await self.owing(round_id, found.province)

        def rule(book: Book, standing: Mapping[str, Cluster]) -> Change | EditRefused:
            target = standing.get(name)
            if target is None:
                return ClusterUnknown(name)
            outcome = edit(standing, target, wish, _ground(owing, standing, wish.members), _codes(owing))
            return Change(outcome, book.serial) if isinstance(outcome, tuple) else outcome

        await self._carry_out(round_id, found.province, rule)
        return await self.active(round_id, name)

    async def made(self, round_id: str, province: str, wish: Edit) -> Cluster:
        """A new cluster made by hand."""
        owing = await self.owing(round_id, province)
        if not owing:
            raise refusals.PROVINCE_UNKNOWN.problem(where="path.province")
        names: list[str] = []

        def rule(book: Book, standing: Mapping[str, Cluster]) -> Change | EditRefused:
            names[:] = [f"{province}-{book.serial + 1:03}"]
            path = (DEPARTMENT_CODE, province)
            new = Cluster(round=round_id, cluster=names[0], path=path, members=(), revision=0)
            outcome = edit(standing, new, wish, _ground(owing, standing, wish.members), _codes(owing))
            return Change(outcome, book.serial + 1) if isinstance(outcome, tuple) else outcome

        await self._carry_out(round_id, province, rule)
        return await self.active(round_id, names[0])

    async def visited(self, round_id: str, name: str, *, there: bool) -> Cluster:
        """A cluster after the assessors reported a visit, or took the report back."""
        found = await self.active(round_id, name)
        owing = await self.owing(round_id, found.province)

        def rule(book: Book, standing: Mapping[str, Cluster]) -> Change | EditRefused:
            target = standing.get(name)
            if target is None:
                return ClusterUnknown(name)
            if (target.visited_at is not None) == there:
                return Change((), book.serial)
            at = self._clock() if there else None
            return Change((visited(target, _ground(owing, standing, ()), at),), book.serial)

        await self._carry_out(round_id, found.province, rule)
        return await self.active(round_id, name)

    async def active(self, round_id: str, name: str) -> Cluster:
        """A cluster that stands."""
        found = await self._store.cluster(cluster_key(round_id, name))
        if found is None or found.state != "active":
            raise CLUSTER_UNKNOWN.problem(where="path.id")
        return found

    async def own(self, round_id: str, center: str) -> Cluster | None:
        """The cluster that a center is visited in."""
        return await self._store.cluster_of(round_id, center)

    async def explained(self, cluster: Cluster) -> tuple[Explanation, Map]:
        """Why a cluster is as it is, as things stand now."""
        ground, neighbours = await self.ground(cluster.round, cluster.province)
        return await asyncio.to_thread(explain, cluster, neighbours, ground), ground

    async def ground(self, round_id: str, province: str) -> tuple[Map, list[Cluster]]:
        """A province's map of now, and its clusters."""
        standing = await self._store.every_cluster(round_id, province)
        owing = await self.owing(round_id, province)
        return _ground(owing, {one.cluster: one for one in standing}, ()), standing

    async def standing(self, round_id: str, root: str) -> Standing:
        """Whether everybody below an organization who owes is in a cluster, and what a person must see to."""
        clusters = await self._store.every_cluster(round_id, root)
        owing = await self.owing(round_id)
        here = {one.code for one in owing if root in {DEPARTMENT_CODE, one.province, one.district, one.lao}}
        taken = {code for one in clusters for code in one.members}
        return Standing(
            clusters=len(clusters),
            centers=len(here & taken),
            km=round(sum(one.span_km for one in clusters), 3),
            without_cluster=sorted(here - taken),
            gone=sorted(taken - {one.code for one in owing}),
            exceptions=[ClusterView.of(one) for one in clusters if one.exception is not None],
        )

    async def owing(self, round_id: str, province: str | None = None) -> list[Unplaced]:
        """Who is to be in a cluster: those who owe; in a draft, those on the roll."""
        state = await self.round(round_id)
        centers = self._store.listed if state.state == "draft" else self._store.owing
        return [center async for center in centers(round_id, province)]

    async def _carry_out(
        self, round_id: str, province: str, rule: Callable[[Book, Mapping[str, Cluster]], Change | EditRefused]
    ) -> None:
        await self.round(round_id, changing=True)
        try:
            outcome: tuple[Cluster, ...] | EditRefused = await self._books.change(round_id, province, rule)
        except Conflict:
            raise CONFLICT.problem(where="path.id") from None
        if not isinstance(outcome, tuple):
            raise refusals.of_edit(outcome)


def _codes(centers: list[Unplaced]) -> frozenset[str]:
    return frozenset(center.code for center in centers)


def _ground(owing: list[Unplaced], standing: Mapping[str, Cluster], besides: tuple[str, ...]) -> Map:
    """Where everybody is; who has no coordinates lies where those lie that a hand put it together with."""
    together = [cluster.members for cluster in standing.values() if cluster.by_hand]
    return Map(place(owing, [*together, besides]).sites)
