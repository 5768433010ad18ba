"""From a province's part of a plan to its question, and from the solver's answer back to the part. Pure."""

from collections.abc import Sequence

from services.registry.clusters.cluster import Cluster
from services.registry.clusters.measuring import Map, described, oddity_of
from services.registry.clusters.numbering import Members, number
from services.registry.clusters.plan import Part
from services.registry.clusters.sites import Charges, weights
from services.registry.clusters.solver.trees import length
from services.registry.clusters.task import Found, Kept, Task, kept


def question(part: Part, charges: Charges, *, first: bool = False) -> Task:
    """What the solver is asked for a part."""
    keep = _kept(part)
    taken = {code for members in keep.fixed.values() for code in members}
    return Task(
        sites=tuple(site for site in part.sites if site.code not in taken),
        groups=tuple(keep.groups.values()),
        before=_whereabouts(part.before),
        charges=charges,
        only="first" if first else "best",
    )


def answered(part: Part, charges: Charges, found: Found) -> Part:
    """The part with this answer in hand: clusters by id, described, beside those that stay as they are."""
    keep, ground = _kept(part), Map(part.sites)
    taken = {code for members in keep.fixed.values() for code in members}
    splitting = sum(1 for site in part.sites if site.code not in taken)
    names = {name: _holding(found.clusters, group) for name, group in keep.groups.items()}
    before = {cluster.cluster: cluster.members for cluster in part.before}
    numbered = number(
        part.province, before, [*keep.fixed.values(), *found.clusters], part.serial, {**keep.fixed, **names}
    )
    standing = {cluster.cluster: cluster for cluster in part.before}
    clusters = tuple(
        _cluster(part, ground, name, members, standing.get(name), name in keep.fixed, splitting)
        for name, members in numbered.clusters.items()
    )
    held = _cost_of_fixed(part, charges, list(keep.fixed.values()))
    fixed_km = sum(ground.measure(members).span_km for members in keep.fixed.values())
    return part.model_copy(
        update={
            "clusters": clusters,
            "dissolved": numbered.dissolved,
            "km": sum(cluster.span_km for cluster in clusters),
            "cost": found.cost + held,
            "bound": found.bound + held if found.bound > 0 or found.cost == 0 else 0.0,
            "unpenalised_km": None if found.unpenalised_km is None else found.unpenalised_km + fixed_km,
            "moved": numbered.moved,
            "joined": numbered.joined,
            "left": numbered.left,
        }
    )


def serial_after(part: Part) -> int:
    """The last serial that the part's clusters use."""
    ours = [int(cluster.cluster.rpartition("-")[2]) for cluster in part.clusters]
    return max([part.serial, *ours])


def _kept(part: Part) -> Kept:
    return kept(part.before, frozenset(site.code for site in part.sites))


def _whereabouts(before: Sequence[Cluster]) -> dict[str, str]:
    return {code: cluster.cluster for cluster in before for code in cluster.members}


def _holding(clusters: Sequence[Members], group: Members) -> Members:
    """The cluster that the group's members came to; the solver keeps them together."""
    return next(members for members in clusters if set(group) <= set(members))


def _cost_of_fixed(part: Part, charges: Charges, fixed: Sequence[Members]) -> float:
    """What the clusters that stay cost by the plan's own measure. They change nothing, so no change is charged."""
    if not fixed:
        return 0.0
    numbers = {site.code: at for at, site in enumerate(part.sites)}
    cost = weights(part.sites, charges.model_copy(update={"change_km": 0.0}), {})
    return sum(length(cost, [numbers[code] for code in members if code in numbers]) for members in fixed)


def _cluster(
    part: Part, ground: Map, name: str, members: Members, standing: Cluster | None, fixed: bool, splitting: int
) -> Cluster:
    if standing is not None and fixed:
        return standing.model_copy(update={"members": members, "pinned": _still(standing, members)})
    pinned = _still(standing, members) if standing is not None else ()
    bound = splitting < len(part.sites) or bool(pinned)
    return described(
        Cluster(
            round=part.round,
            cluster=name,
            path=part.path,
            members=members,
            pinned=pinned,
            exception=oddity_of(len(members), splitting, pins=bound),
            plan=part.plan,
            revision=standing.revision if standing is not None else 0,
        ),
        ground,
    )


def _still(standing: Cluster, members: Members) -> Members:
    """Its pins, as far as they are here; one alone holds nothing."""
    left = tuple(code for code in standing.pinned if code in members)
    return left if len(left) > 1 else ()
