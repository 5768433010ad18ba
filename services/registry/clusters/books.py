"""Changes a province's clusters, all of them or none, though each is a document of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from services.registry.clusters.cluster import Cluster
from services.registry.clusters.plan import Book
from services.registry.clusters.store import ATTEMPTS, ClusterStore
from shared.failpoints import failpoint
from shared.mongo import Conflict, Stored

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Change:
    """Clusters as they shall be, and what the book shall remember."""

    clusters: Sequence[Cluster]
    serial: int
    plan: str | None = None
    without: tuple[str, ...] | None = None


class Books:
    """One writer at a time per province, by compare-and-set on its book; a dead writer's work is finished first."""

    def __init__(self, store: ClusterStore) -> None:
        self._store = store

    async def settled(self, round_id: str, province: str) -> Stored[Book] | None:
        """The province's book once every cluster is as it wants; None where there are no clusters yet.

        Raises `Conflict` when other writers keep winning.
        """
        for _ in range(ATTEMPTS):
            stored = await self._store.book(round_id, province)
            if stored is None or not stored.state.pending:
                return stored
            await self._store.write_clusters(stored.state.pending)
            try:
                await self._store.write_book(stored, stored.state.model_copy(update={"pending": ()}))
            except Conflict:
                continue
        raise Conflict(f"{round_id}/{province}")

    async def change(
        self, round_id: str, province: str, rule: Callable[[Book, Mapping[str, Cluster]], Change | R]
    ) -> tuple[Cluster, ...] | R:
        """Carry out what the rule makes of the book and the standing clusters; or return its refusal.

        Returns the clusters that were written, each at the book's new revision. Once this returns they are durable and
        will be announced; if the process dies half-way, whoever comes next completes it. Raises `Conflict`.
        """
        for _ in range(ATTEMPTS):
            stored = await self.settled(round_id, province)
            book = stored.state if stored else Book(round=round_id, province=province)
            standing = {one.cluster: one for one in await self._store.every_cluster(round_id, province)}
            wish = rule(book, standing)
            if not isinstance(wish, Change):
                return wish
            after = _after(book, wish)
            if after == book:
                return ()
            try:
                await self._store.write_book(stored, after)
            except Conflict:
                continue
            failpoint("registry.clusters_decided")
            await self.settled(round_id, province)
            return after.pending
        raise Conflict(f"{round_id}/{province}")


def _after(book: Book, wish: Change) -> Book:
    revision = book.revision + 1 if wish.clusters else book.revision
    return book.model_copy(
        update={
            "revision": revision,
            "serial": max(book.serial, wish.serial),
            "pending": tuple(one.model_copy(update={"revision": revision}) for one in wish.clusters),
            "plan": wish.plan or book.plan,
            "without": book.without if wish.without is None else wish.without,
        }
    )
