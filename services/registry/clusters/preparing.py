"""The parts of a new plan, out of what stands now. Pure."""

from collections.abc import Mapping, Sequence

from services.registry.clusters.cluster import Cluster
from services.registry.clusters.plan import Book, Part, Plan
from services.registry.clusters.sites import Unplaced, place
from shared.security.scope import DEPARTMENT_CODE


def parts(
    plan: Plan,
    centers: Mapping[str, Sequence[Unplaced]],
    books: Mapping[str, Book],
    clusters: Mapping[str, Sequence[Cluster]],
) -> list[Part]:
    """A part for each province that is asked for and has centers, or clusters that nobody owes for any more."""
    provinces = sorted(set(centers) | {code for code, standing in clusters.items() if standing})
    return [
        _part(plan, code, centers.get(code, ()), books.get(code), clusters.get(code, ()))
        for code in provinces
        if plan.provinces is None or code in plan.provinces
    ]


def _part(
    plan: Plan, province: str, centers: Sequence[Unplaced], book: Book | None, standing: Sequence[Cluster]
) -> Part:
    placing = place(centers, [cluster.members for cluster in standing if cluster.by_hand])
    visited = {code for cluster in standing if cluster.visited_at is not None for code in cluster.members}
    return Part(
        plan=plan.plan,
        round=plan.round,
        province=province,
        path=(DEPARTMENT_CODE, province),
        basis=book.revision if book else 0,
        serial=book.serial if book else 0,
        sites=placing.sites,
        without=tuple(code for code in placing.without if code not in visited),
        before=tuple(standing),
    )
