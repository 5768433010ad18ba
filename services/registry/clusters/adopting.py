"""What adopting a part of a plan changes in a province. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.registry.clusters.answering import serial_after
from services.registry.clusters.books import Change
from services.registry.clusters.cluster import Cluster
from services.registry.clusters.plan import Book, Part


@dataclass(frozen=True, slots=True)
class Stale:
    """The province's clusters were changed after the plan had looked at them."""

    province: str


def adopt(part: Part, book: Book, standing: Mapping[str, Cluster]) -> Change | Stale:
    """The clusters that become others. One that the plan leaves as it is stays untouched and is not told again.

    Adopting what is adopted already changes nothing.
    """
    if book.plan == part.plan:
        return Change((), book.serial)
    if book.revision != part.basis:
        return Stale(part.province)
    wanted = {cluster.cluster: cluster for cluster in part.clusters}
    changed = [one for name, one in wanted.items() if name not in standing or _bare(standing[name]) != _bare(one)]
    gone = [cluster.dissolved() for name, cluster in standing.items() if name not in wanted]
    return Change((*changed, *gone), serial_after(part), plan=part.plan, without=part.without)


def _bare(cluster: Cluster) -> Cluster:
    """Without what says who wrote it and when."""
    return cluster.model_copy(update={"plan": None, "revision": 0})
