"""Runs the benches on real servers of its own and prints the table. Exit code 1: an answer took longer than it may."""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local.stack import Stack
from shared.process import look_for_garbage_seldom
from shared.telemetry import configure_logging
from tests.bench import bus, chain, mongo, reading
from tests.bench.ground import Ground, Ratio, Timing

RUNS = 5
BENCHES: dict[str, Callable[[Ground, int], AsyncIterator[Ratio] | AsyncIterator[Timing]]] = {
    "bus": bus.benches,
    "mongo": mongo.benches,
    "chain": chain.benches,
    "reading": reading.benches,
}


async def measure(ground: Ground, wanted: list[str], console: Console) -> list[Ratio | Timing]:
    found: list[Ratio | Timing] = []
    for name in wanted:
        async for line in BENCHES[name](ground, RUNS):
            said = f"{line.ratio:.2f}" if isinstance(line, Ratio) else f"p99 {line.p99:.1f} ms"
            console.print(f"  {line.name}: {said}", highlight=False)
            found.append(line)
    for used in ground.mongos:
        await used.drop()
        used.close()
    return found


def table(found: list[Ratio]) -> Table:
    made = Table(title=f"Ratios in one run, median of {RUNS} interleaved pairs")
    for heading in ("bench", "ours", "raw", "unit", "ratio", "pairs from … to", "target"):
        made.add_column(heading, justify="left" if heading in {"bench", "unit"} else "right")
    for ratio in found:
        pairs = sorted(a / b for a, b in zip(ratio.ours, ratio.raw, strict=True))
        made.add_row(
            ratio.name,
            f"{statistics.median(ratio.ours):,.0f}",
            f"{statistics.median(ratio.raw):,.0f}",
            ratio.unit,
            f"{ratio.ratio:.2f}",
            f"{pairs[0]:.2f} … {pairs[-1]:.2f}",
            f"≥ {ratio.target:.2f}" if ratio.target else "",
        )
    return made


def answers(found: list[Timing]) -> Table:
    made = Table(title="Answers by HTTP, one after the other")
    for heading in ("asked for", "rows", "p50 ms", "p99 ms", "at most", "CPU ms, service", "CPU ms, database"):
        made.add_column(heading, justify="left" if heading == "asked for" else "right")
    for line in found:
        most = "" if line.most is None else f"{line.most:g}"
        p50, p99, *cpu = (f"{ms:.1f}" for ms in (line.p50, line.p99, *line.cpu))
        made.add_row(line.name, f"{line.rows:.0f}", p50, p99, most, *cpu)
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHES)}; all unless given")
    parser.add_argument("--requests", type=int, default=Ground.requests, help="of each kind, where answers are timed")
    parser.add_argument("--centers", type=int, default=Ground.centers, help="among which is read")
    asked = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 140)
    wanted = asked.names or list(BENCHES)
    configure_logging("bench", level="ERROR")
    look_for_garbage_seldom()  # for both sides, as in the process of a service
    with tempfile.TemporaryDirectory() as directory:
        stack = Stack(Path(directory), ports="ephemeral", environ={})
        console.print("starting the servers …")
        stack.start(servers_only=True)
        try:
            ground = Ground(stack.environment(), stack, asked.centers, asked.requests)
            found = asyncio.run(measure(ground, wanted, console))
        finally:
            stack.stop()
    if ratios := [line for line in found if isinstance(line, Ratio)]:
        console.print(table(ratios))
    if timings := [line for line in found if isinstance(line, Timing)]:
        console.print(answers(timings))
    for line in (late := [line for line in timings if line.missed]):
        console.print(f"{line.name}: p99 {line.p99:.1f} ms, more than {line.most:g}", highlight=False)
    return 1 if late else 0


raise SystemExit(main())
