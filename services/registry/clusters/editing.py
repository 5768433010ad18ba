"""Changes by hand: who belongs to a cluster, who is pinned there, who was visited. Pure; refusals are values.

The rules are the planner's own: each center in one cluster, three or four in each, all of one province. A person may
break the second where they say why; nobody breaks the others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registry.clusters.cluster import FEWEST, MOST, Cluster
from services.registry.clusters.measuring import Map, described


@dataclass(frozen=True, slots=True)
class Edit:
    """How a cluster shall be. Who comes from another cluster leaves it; who leaves this one goes where `displaced`
    says. `note` says why a size other than three or four is right. `revision` is the one that was looked at, if any.
    """

    members: tuple[str, ...]
    pinned: tuple[str, ...] = ()
    displaced: Mapping[str, str] | None = None
    note: str | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class ClusterUnknown:
    """There is no such cluster (any more)."""

    cluster: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The cluster is at another revision than the one looked at."""

    revision: int


@dataclass(frozen=True, slots=True)
class NotHere:
    """These centers owe nothing in this round and province."""

    centers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrongSize:
    """A cluster would have so many members, and nobody said why."""

    cluster: str
    size: int


@dataclass(frozen=True, slots=True)
class NowhereToGo:
    """These would be in no cluster."""

    centers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotDisplaced:
    """These do not leave the cluster, so they need no other."""

    centers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BadPins:
    """Pins hold two or more members of the cluster together."""

    centers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldElsewhere:
    """A center that is pinned in another cluster."""

    center: str
    cluster: str


@dataclass(frozen=True, slots=True)
class AlreadyVisited:
    """A visited cluster keeps its members."""

    cluster: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """A center that is named twice."""

    center: str


EditRefused = (
    ClusterUnknown
    | Changed
    | NotHere
    | WrongSize
    | NowhereToGo
    | NotDisplaced
    | BadPins
    | HeldElsewhere
    | AlreadyVisited
    | Repeated
)


def edit(
    standing: Mapping[str, Cluster], target: Cluster, wish: Edit, ground: Map, owing: frozenset[str]
) -> tuple[Cluster, ...] | EditRefused:
    """The clusters that a change by hand alters, as they are afterwards; none when it alters nothing.

    `standing` are the province's active clusters, `target` one of them, or one without members that is to be; `owing`
    are the centers that owe in this round and province, and `ground` those of them that have a place.
    """
    plan = _Change(standing, target, wish, owing)
    refused = next(plan.objections(), None)
    return refused if refused is not None else _judged(standing, plan.carried_out(), wish, ground)


def visited(cluster: Cluster, ground: Map, at: datetime | None) -> Cluster:
    """The cluster after the assessors were there, or after it turned out that they were not (`at` is None)."""
    return described(cluster.model_copy(update={"visited_at": at}), ground)


class _Change:
    """Who comes, who leaves, and what stands against it."""

    def __init__(self, standing: Mapping[str, Cluster], target: Cluster, wish: Edit, owing: frozenset[str]) -> None:
        self._target, self._wish, self._owing = target, wish, owing
        self._others = {name: cluster for name, cluster in standing.items() if name != target.cluster}
        self._displaced = dict(sorted((wish.displaced or {}).items()))
        self._leaving = {code for code in target.members if code not in wish.members}
        self._coming = {code for code in wish.members if code not in target.members}

    def objections(self) -> Iterator[EditRefused]:
        """Why the wish cannot be had whatever the sizes are."""
        wish, target = self._wish, self._target
        if wish.revision is not None and wish.revision != target.revision:
            yield Changed(target.revision)
        yield from (Repeated(code) for code in wish.members if wish.members.count(code) > 1)
        if strangers := tuple(sorted((self._coming | set(self._displaced)) - self._owing)):
            yield NotHere(strangers)
        loose = tuple(code for code in wish.pinned if code not in wish.members)
        if loose or len(set(wish.pinned)) == 1:
            yield BadPins(loose or wish.pinned)
        if target.visited_at is not None and (self._leaving or self._coming):
            yield AlreadyVisited(target.cluster)
        yield from self._of_leaving()
        yield from self._of_coming()

    def _of_leaving(self) -> Iterator[EditRefused]:
        if lost := tuple(sorted((self._leaving & self._owing) - set(self._displaced))):
            yield NowhereToGo(lost)
        if staying := tuple(sorted(set(self._displaced) - self._leaving)):
            yield NotDisplaced(staying)
        for name in self._displaced.values():
            other = self._others.get(name)
            if other is None:
                yield ClusterUnknown(name)
            elif other.visited_at is not None:
                yield AlreadyVisited(name)

    def _of_coming(self) -> Iterator[EditRefused]:
        for name, other in sorted(self._others.items()):
            for code in sorted(self._coming.intersection(other.members)):
                if other.visited_at is not None:
                    yield AlreadyVisited(name)
                elif code in other.pinned:
                    yield HeldElsewhere(code, name)

    def carried_out(self) -> dict[str, Cluster]:
        """The clusters that get other members or pins, not yet judged."""
        after = {self._target.cluster: _with(self._target, self._wish.members, self._wish.pinned)}
        for name, cluster in self._others.items():
            stay = [code for code in cluster.members if code not in self._coming]
            come = [code for code, to in self._displaced.items() if to == name]
            if come or len(stay) < len(cluster.members):
                after[name] = _with(cluster, [*stay, *come], [code for code in cluster.pinned if code in stay])
        return after


def _with(cluster: Cluster, members: Sequence[str], pinned: Sequence[str]) -> Cluster:
    kept = tuple(sorted(pinned))
    return cluster.model_copy(
        update={
            "members": tuple(sorted(members)),
            "pinned": kept if len(kept) > 1 else (),
            "by_hand": cluster.by_hand or set(members) != set(cluster.members),
        }
    )


def _judged(
    standing: Mapping[str, Cluster], after: Mapping[str, Cluster], wish: Edit, ground: Map
) -> tuple[Cluster, ...] | WrongSize:
    """Hold every altered cluster to its size, or to a reason for another one."""
    found = []
    for name, cluster in sorted(after.items()):
        before, size = standing.get(name), len(cluster.members)
        as_it_was = before is not None and len(before.members) == size and before.exception is not None
        if not size:
            found.append(cluster.dissolved())
            continue
        if FEWEST <= size <= MOST:
            marks: dict[str, str | None] = {"exception": None, "note": None}
        elif wish.note is not None:
            marks = {"exception": "by_hand", "note": wish.note}
        elif as_it_was:
            marks = {}
        else:
            return WrongSize(name, size)
        judged = described(cluster.model_copy(update=marks), ground)
        if judged != before:
            found.append(judged)
    return tuple(found)
