"""The problem of one province, and what arithmetic forces."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from services.registry.clusters.solver.trees import LARGEST, Floats

SMALLEST: Final = 3
"""Centers in a cluster, as the letters order it: three or four."""

ODD_KM: Final = 5_000.0
"""What the objective charges for a cluster that cannot have three members: more than any detour within a country, so
that there are never more of them than arithmetic forces."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Nodes 0 … n-1, of which each must stand in exactly one cluster.

    `weights` are symmetric, in km, with a zero diagonal: an edge's length and what is charged for it. `groups` are
    nodes (two or three each) that stay together, each group in a cluster of its own. `apart` may not be a cluster, if
    any other partition exists. `odd` permits clusters of one or two because none into threes and fours exists.
    """

    weights: Floats
    groups: tuple[tuple[int, ...], ...] = ()
    apart: tuple[int, ...] = ()
    odd: bool = field(init=False)

    def __post_init__(self) -> None:
        if any(not 1 < len(group) < LARGEST for group in self.groups):
            raise ValueError("a group has two or three nodes")
        object.__setattr__(self, "odd", not divisible(self.alone, [len(group) for group in self.groups]))

    @property
    def nodes(self) -> int:
        return len(self.weights)

    @property
    def alone(self) -> int:
        """Nodes in no group."""
        return self.nodes - sum(len(group) for group in self.groups)

    @property
    def free(self) -> list[int]:
        """The nodes in no group, in order."""
        held = {node for group in self.groups for node in group}
        return [node for node in range(self.nodes) if node not in held]


def divisible(alone: int, groups: Sequence[int] = ()) -> bool:
    """Whether centers can be split into threes and fours, when groups of the sizes given stay together, each apart
    from the others. Without groups all numbers can but 1, 2 and 5.
    """
    least_taken = sum(max(0, SMALLEST - size) for size in groups)
    most_taken = sum(LARGEST - size for size in groups)
    if alone < least_taken:
        return False
    return any(left not in {1, 2, 5} for left in range(max(0, alone - most_taken), alone - least_taken + 1))
