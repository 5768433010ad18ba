"""Which cluster of a new plan is which of the standing ones, so that ids stay and changes can be counted. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Members = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Numbered:
    """New clusters by id; the ids that are dissolved; the last serial used; how the centers fared."""

    clusters: Mapping[str, Members]
    dissolved: tuple[str, ...]
    serial: int
    moved: tuple[str, ...]
    """Centers that were in a cluster and are in another one now."""
    joined: int
    """Centers that were in none."""
    left: int
    """Centers that are in none any more."""


def number(
    province: str, before: Mapping[str, Members], after: Sequence[Members], serial: int, fixed: Mapping[str, Members]
) -> Numbered:
    """Give each new cluster the id of the standing one it shares most members with, or a new one.

    `fixed` keep their ids whatever they share. Where members are the same the id is the same. New ids count on from
    `serial` in the order of the clusters' first members, `58-001`, and none is ever given twice.
    """
    names: dict[Members, str] = {members: name for name, members in fixed.items()}
    free = [members for members in after if members not in names]
    names |= _heirs({name: members for name, members in before.items() if name not in fixed}, free)
    for members in sorted(members for members in free if members not in names):
        serial += 1
        names[members] = f"{province}-{serial:03}"
    clusters = {names[members]: members for members in after}
    old, new = _where(before), _where(clusters)
    return Numbered(
        dict(sorted(clusters.items())),
        tuple(sorted(set(before) - set(clusters))),
        serial,
        tuple(sorted(code for code, name in new.items() if code in old and old[code] != name)),
        sum(1 for code in new if code not in old),
        sum(1 for code in old if code not in new),
    )


def _heirs(before: Mapping[str, Members], after: Iterable[Members]) -> dict[Members, str]:
    """Most shared members first; each id and each cluster once; ties by how few others there are, then by name."""
    old = _where(before)
    shared = Counter((old[code], members) for members in after for code in members if code in old)
    ranked = sorted(shared.items(), key=lambda one: (-one[1], len(before[one[0][0]]) + len(one[0][1]), one[0]))
    heirs: dict[Members, str] = {}
    given: set[str] = set()
    for (name, members), _ in ranked:
        if name not in given and members not in heirs:
            heirs[members] = name
            given.add(name)
    return heirs


def _where(clusters: Mapping[str, Members]) -> dict[str, str]:
    return {code: name for name, members in clusters.items() for code in members}
