"""Two partitions of a province beside each other. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.registry.clusters.measuring import Map
from services.registry.clusters.numbering import Members, number


@dataclass(frozen=True, slots=True)
class Side:
    """One partition, measured by distance alone: travel, clusters, and how many cross which borders."""

    clusters: int
    centers: int
    km: float
    longest_km: float
    across_district: int
    across_lao: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A cluster of the second side and what it is on the first: `before` is empty where it is new, `after` where it is
    gone.
    """

    cluster: str
    before: Members
    after: Members
    before_km: float
    after_km: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides, who changes company between them, and the clusters that differ."""

    province: str
    first: Side
    second: Side
    same: int
    moved: tuple[str, ...]
    joined: int
    left: int
    differences: tuple[Difference, ...]


def side(ground: Map, clusters: Sequence[Members]) -> Side:
    """The measures of a partition."""
    measured = [ground.measure(members) for members in clusters]
    return Side(
        clusters=len(clusters),
        centers=sum(map(len, clusters)),
        km=sum(one.span_km for one in measured),
        longest_km=max((one.span_km for one in measured), default=0.0),
        across_district=sum(one.crosses_district for one in measured),
        across_lao=sum(one.crosses_lao for one in measured),
    )


def compare(province: str, ground: Map, first: Mapping[str, Members], second: Mapping[str, Members]) -> Comparison:
    """What changes from the first to the second. Clusters are matched by the members they share, not by id."""
    matched = number(province, first, list(second.values()), 0, {})
    ids = {members: name for name, members in second.items()}
    shown = [
        (ids[members], first.get(name, ()), members)
        for name, members in matched.clusters.items()
        if set(first.get(name, ())) != set(members)
    ]
    gone = [(name, first[name], ()) for name in matched.dissolved]
    return Comparison(
        province=province,
        first=side(ground, list(first.values())),
        second=side(ground, list(second.values())),
        same=len(second) - len(shown),
        moved=matched.moved,
        joined=matched.joined,
        left=matched.left,
        differences=tuple(
            Difference(
                name, before, after, round(ground.measure(before).span_km, 3), round(ground.measure(after).span_km, 3)
            )
            for name, before, after in sorted([*shown, *gone])
        ),
    )
