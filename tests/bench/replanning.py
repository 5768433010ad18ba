"""What planning again moves and costs: clusters are made, 100 centers leave and 100 others come, and at each charge
for a change they are made again from what stands. Borders are not charged, as in the first row of `make clusters`.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.table import Table

from deploy.local.roll.generator import generate
from services.registry.clusters.comparing import side
from services.registry.clusters.measuring import Map
from services.registry.clusters.numbering import Members, number
from services.registry.clusters.sites import Charges, Site
from services.registry.clusters.task import Task
from services.registry.clusters.workers import Workers
from tests.bench.country import provinces

CHANGED: Final = 100
CHARGES_KM: Final = (0.0, 1.0, 3.0, 10.0)

Country = Mapping[str, tuple[Site, ...]]
Clusters = dict[str, dict[str, Members]]
"""By province, by id."""
Step = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Replanned:
    """The country planned again at a charge for each changed edge."""

    change_km: float
    moved: int
    km: float
    gap: float
    seconds: float


async def replan(centers: int, processes: int, stepping: Callable[[str], Step]) -> list[Replanned]:
    """Plan `centers` of them, change a hundred, and plan again at each charge."""
    rows = generate(centers + CHANGED).rows
    either = random.Random(2569).sample(range(len(rows)), 2 * CHANGED)
    coming, leaving = set(either[:CHANGED]), set(either[CHANGED:])
    earlier = provinces(row for at, row in enumerate(rows) if at not in coming)
    later = provinces(row for at, row in enumerate(rows) if at not in leaving)
    workers = Workers(processes)
    try:
        standing: Clusters = {code: {} for code in earlier}
        first, _ = await _planned(workers, earlier, standing, 0.0, stepping("the standing clusters"))
        standing = {code: dict(number(code, {}, clusters, 0, {}).clusters) for code, clusters in first.items()}
        found = []
        for change_km in CHARGES_KM:
            began = time.perf_counter()
            step = stepping(f"again at {change_km:g} km")
            clusters, gap = await _planned(workers, later, standing, change_km, step)
            moved = sum(
                len(number(code, standing.get(code, {}), made, 9_999, {}).moved) for code, made in clusters.items()
            )
            km = sum(side(Map(later[code]), made).km for code, made in clusters.items())
            found.append(Replanned(change_km, moved, km, gap, time.perf_counter() - began))
    finally:
        await workers.close()
    return found


async def _planned(
    workers: Workers, country: Country, standing: Clusters, change_km: float, step: Step
) -> tuple[dict[str, Sequence[Members]], float]:
    """The country's clusters by province, and the gap that is proven of what they minimise."""

    async def one(code: str) -> tuple[str, Sequence[Members], float, float]:
        before = {center: name for name, members in standing.get(code, {}).items() for center in members}
        charges = Charges(penalty_km=0, change_km=change_km)
        found = (await workers.best(Task(sites=country[code], before=before, charges=charges))).found
        step()
        return code, found.clusters, found.cost, found.bound

    # A group ends its other tasks when one fails, so that nobody starts a process that is being seen off already.
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(code)) for code in sorted(country, key=lambda code: -len(country[code]))]
    answers = [task.result() for task in tasks]
    cost, bound = sum(answer[2] for answer in answers), sum(answer[3] for answer in answers)
    return {code: clusters for code, clusters, _, _ in answers}, (cost - bound) / cost


def shown(found: Sequence[Replanned]) -> Table:
    """The charges side by side; km are set beside those of the first, where changes are free."""
    table = Table(title=f"{CHANGED} centers left, {CHANGED} others came")
    for heading in ("change_km", "centers that move", "km", "proven gap", "s"):
        table.add_column(heading, justify="right")
    for one in found:
        more = f" ({one.km / found[0].km - 1:+.2%})" if one is not found[0] else ""
        table.add_row(
            f"{one.change_km:g}", f"{one.moved:,}", f"{one.km:,.0f}{more}", f"{one.gap:.4%}", f"{one.seconds:.1f}"
        )
    return table
