"""Clusters of a national roll beside what else one could do, from one command: `make clusters`.

`--check` fails above a proven gap of 0.1 % or 60 seconds; `--replan` shows instead what planning again moves and costs.

Each method gets the same centers. Travel is that of shortest trees by distance alone; `above` is how far it lies above
the bound, below which no partition of the provinces into threes and fours can come. Seconds are by the wall clock;
beside them the processor's, over all processes.
"""

import argparse
import asyncio
import json
import math
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.local.roll.generator import generate
from services.registry.clusters.comparing import side
from services.registry.clusters.measuring import Map
from services.registry.clusters.sites import EARTH_RADIUS_KM, Charges, Site, weights
from services.registry.clusters.solver.first import nearest_neighbours
from services.registry.clusters.solver.ground import Ground
from services.registry.clusters.task import Task
from services.registry.clusters.workers import Workers
from tests.bench import replanning
from tests.bench.country import provinces

GOAL = 0.001
"""The proven gap that `--check` asks for."""
LONGEST_S = 60.0
"""Of the wall clock, for the whole country, that `--check` asks for."""
OTHER = Path(".venv-bench/bin/python")

Members = tuple[str, ...]
Step = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One method over all provinces. `gap` is what it proves of itself, if it proves anything."""

    name: str
    clusters: int
    km: float
    across_lao: int
    across_district: int
    seconds: float
    cpu_seconds: float
    cost: float | None = None
    bound: float | None = None

    @property
    def gap(self) -> float | None:
        if self.cost is None or self.bound is None:
            return None
        return (self.cost - self.bound) / self.cost


def greedy(every: Sequence[tuple[Site, ...]], step: Step) -> Row:
    """Each time the outermost center that is left takes its nearest neighbours."""
    began, worked, found = time.perf_counter(), time.process_time(), []
    for sites in every:
        clusters = nearest_neighbours(Ground(weights(sites, Charges(penalty_km=0), {})))
        found.append([tuple(sites[node].code for node in members) for members in clusters])
        step()
    return measured("greedy nearest neighbour", every, found, began, time.process_time() - worked)


def kmeans(every: Sequence[tuple[Site, ...]], step: Step) -> Row:
    """k-means-constrained with sizes 3 to 4, on a plane true at each province's middle."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [OTHER, Path(__file__).with_name("kmeans.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    assert process.stderr
    json.dump([plane(sites) for sites in every], process.stdin)
    process.stdin.close()
    for line in process.stderr:
        if line.strip().isdigit():
            step()
    answer = json.load(process.stdout)
    if process.wait() != 0:
        raise SystemExit("k-means-constrained failed")
    found = []
    for sites, labels in zip(every, answer["labels"], strict=True):
        clusters: dict[int, list[str]] = defaultdict(list)
        for site, label in zip(sites, labels, strict=True):
            clusters[label].append(site.code)
        found.append([tuple(members) for members in clusters.values()])
    return measured("k-means-constrained 3–4", every, found, began, answer["cpu_seconds"])


def plane(sites: Sequence[Site]) -> list[list[float]]:
    """Kilometers east and north."""
    per_degree = EARTH_RADIUS_KM * math.pi / 180
    shrink = math.cos(math.radians(sum(site.latitude for site in sites) / len(sites)))
    return [[site.longitude * per_degree * shrink, site.latitude * per_degree] for site in sites]


async def ours(every: Sequence[tuple[Site, ...]], penalty: float, processes: int, step: Step) -> Row:
    """As the registry makes them: one question a province, the largest first, in worker processes."""
    began, workers = time.perf_counter(), Workers(processes)

    async def one(number: int) -> tuple[int, list[Members], float, float, float]:
        task = Task(sites=every[number], charges=Charges(penalty_km=penalty))
        answer = await workers.best(task)
        step()
        return number, list(answer.found.clusters), answer.found.cost, answer.found.bound, answer.cpu_seconds

    try:
        largest_first = sorted(range(len(every)), key=lambda number: -len(every[number]))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(number)) for number in largest_first]
        answers = sorted(task.result() for task in tasks)
    finally:
        await workers.close()
    name = f"ours, {penalty:g} km per district border" if penalty else "ours"
    return measured(
        name,
        every,
        [clusters for _, clusters, _, _, _ in answers],
        began,
        sum(answer[4] for answer in answers),
        cost=sum(answer[2] for answer in answers),
        bound=sum(answer[3] for answer in answers),
    )


def measured(
    name: str,
    every: Sequence[tuple[Site, ...]],
    found: Sequence[Sequence[Members]],
    began: float,
    cpu_seconds: float,
    *,
    cost: float | None = None,
    bound: float | None = None,
) -> Row:
    """The row of a method, after a look at whether everybody is in exactly one cluster of three or four."""
    seconds = time.perf_counter() - began
    sides = []
    for sites, clusters in zip(every, found, strict=True):
        if sorted(code for members in clusters for code in members) != [site.code for site in sites]:
            raise SystemExit(f"{name}: a center of {sites[0].district[:2]} is not in exactly one cluster")
        if any(len(members) not in {3, 4} for members in clusters) and len(sites) not in {1, 2, 5}:
            raise SystemExit(f"{name}: a cluster of {sites[0].district[:2]} has neither three nor four members")
        sides.append(side(Map(sites), clusters))
    return Row(
        name,
        sum(one.clusters for one in sides),
        sum(one.km for one in sides),
        sum(one.across_lao for one in sides),
        sum(one.across_district for one in sides),
        seconds,
        cpu_seconds,
        cost,
        bound,
    )


def shown(rows: Sequence[Row], bound: float) -> Table:
    """The comparison."""
    table = Table(title="Clusters of three and four, travel along shortest trees")
    for heading in ("method", "clusters", "km", "above bound", "proven gap", "across LAO / district", "s", "CPU s"):
        table.add_column(heading, justify="left" if heading == "method" else "right")
    for row in rows:
        table.add_row(
            row.name, f"{row.clusters:,}", f"{row.km:,.0f}", f"{row.km / bound - 1:.2%}",
            "" if row.gap is None else f"{row.gap:.4%}", f"{row.across_lao:,} / {row.across_district:,}",
            f"{row.seconds:.1f}", f"{row.cpu_seconds:.1f}",
        )  # fmt: skip
    table.add_row("lower bound, over all partitions", "", f"{bound:,.0f}", "", "", "", "", "")
    return table


def checked(rows: Sequence[Row]) -> list[str]:
    """What of our own rows is not as it should be."""
    said = []
    for row in rows:
        if row.gap is not None and row.seconds > LONGEST_S:
            said.append(f"{row.name}: {row.seconds:.1f} s, more than {LONGEST_S:g}")
        if row.gap is not None and row.gap > GOAL:
            said.append(f"{row.name}: a proven gap of {row.gap:.3%}, more than {GOAL:.1%}")
    return said


def main() -> int:
    """Run every method and print the table. Exit code 1: `--check` found a gap or a time above its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--centers", type=int, default=10_002)
    parser.add_argument("--penalty", type=float, default=3.0, help="km per district border, in the last row")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--check", action="store_true", help="fail above a proven gap of 0.1 %% or 60 seconds")
    parser.add_argument("--replan", action="store_true", help="100 centers leave, 100 come: who moves, at which charge")
    asked = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 130)
    columns = TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:

        def stepping(name: str) -> Step:
            bar = progress.add_task(name, total=None)
            return lambda: progress.advance(bar)

        if asked.replan:
            again = asyncio.run(replanning.replan(asked.centers, asked.processes, stepping))
            console.print(replanning.shown(again))
            return 0
        every = list(provinces(generate(asked.centers).rows).values())
        rows = [
            greedy(every, stepping("greedy nearest neighbour")),
            kmeans(every, stepping("k-means-constrained")),
            asyncio.run(ours(every, 0.0, asked.processes, stepping("ours"))),
            asyncio.run(ours(every, asked.penalty, asked.processes, stepping("ours, with a penalty"))),
        ]
    bound = rows[2].bound or 0.0
    console.print(f"{asked.centers:,} centers, {len(every)} provinces, {asked.processes} processes", highlight=False)
    console.print(shown(rows, bound))
    if asked.check:
        for line in (said := checked(rows)):
            console.print(line, highlight=False)
        return 1 if said else 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
