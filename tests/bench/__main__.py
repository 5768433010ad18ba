"""Runs the benches on real servers of its own and prints the table."""

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local.stack import Stack
from tests.bench import bus, chain, mongo
from tests.bench.ground import Ground, Ratio

RUNS = 5
BENCHES = {"bus": bus.benches, "mongo": mongo.benches, "chain": chain.benches}


async def measure(ground: Ground, wanted: list[str], console: Console) -> list[Ratio]:
    found = []
    for name in wanted:
        async for ratio in BENCHES[name](ground, RUNS):
            console.print(f"  {ratio.name}: {ratio.ratio:.2f}", highlight=False)
            found.append(ratio)
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


def main() -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    wanted = sys.argv[1:] or list(BENCHES)
    with tempfile.TemporaryDirectory() as directory:
        stack = Stack(Path(directory), ports="ephemeral", environ={})
        console.print("starting the servers …")
        stack.start(servers_only=True)
        try:
            found = asyncio.run(measure(Ground(stack.environment()), wanted, console))
        finally:
            stack.stop()
    console.print(table(found))


main()
