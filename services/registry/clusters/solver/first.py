"""An answer at once: each time the outermost center that is left takes its nearest neighbours with it."""

from services.registry.clusters.solver.ground import SMALLEST, Ground, divisible
from services.registry.clusters.solver.trees import LARGEST

Clusters = tuple[tuple[int, ...], ...]


def nearest_neighbours(ground: Ground) -> Clusters:
    """A partition that keeps every rule, with no claim to be short. Deterministic; O(n²)."""
    waiting = ground.free
    found = []
    for group, wanted in zip(ground.groups, _taken(ground), strict=True):
        found.append((*group, *_take_nearest(ground, group, waiting, wanted)))
    middle = ground.weights.sum(axis=1)
    for size in _sizes(len(waiting)):
        seed = max(waiting, key=lambda node: middle[node])
        waiting.remove(seed)
        found.append((seed, *_take_nearest(ground, (seed,), waiting, size - 1)))
    return tuple(tuple(sorted(members)) for members in found)


def _take_nearest(ground: Ground, members: tuple[int, ...], waiting: list[int], wanted: int) -> list[int]:
    """Move up to `wanted` nodes from `waiting`, each the one nearest to those taken so far."""
    taken: list[int] = []
    while waiting and len(taken) < wanted:
        here = [*members, *taken]
        nearest = min(waiting, key=lambda node: ground.weights[here, node].min())
        waiting.remove(nearest)
        taken.append(nearest)
    return taken


def _taken(ground: Ground) -> list[int]:
    """How many free nodes each group takes, so that the others can be split; as few as that allows."""
    taken = [max(0, SMALLEST - len(group)) for group in ground.groups]
    if ground.odd:
        return taken
    for number, group in enumerate(ground.groups):
        for _ in range(LARGEST - len(group) - taken[number]):
            if divisible(ground.alone - sum(taken)):
                return taken
            taken[number] += 1
    return taken


def _sizes(count: int) -> list[int]:
    """Threes, as far as the remainder allows: the more clusters, the fewer ways between their members."""
    if count in {0, 1, 2}:
        return [count] * (count > 0)
    if not divisible(count):
        return [SMALLEST, count - SMALLEST]
    fours = count % SMALLEST
    return [LARGEST] * fours + [SMALLEST] * (count // SMALLEST - fours)
