"""What a roll costs the registry: processor time, wall time and peak memory, by HTTP, for one process of the service.

`make rolls` starts servers of its own, prints a table, and fails where a target is missed: seconds for the national
roll of 10,002 rows, and memory that the largest roll takes beyond the smallest one.
"""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from deploy.local.roll.generator import COLUMNS, MOST_CENTERS, RollRow, generate
from deploy.local.roll.writers import Page, pages_to_xlsx, rows_to_csv
from deploy.local.stack import Stack
from shared.bus import ensure_topics

NATIONAL = 10_002
ROWS = (1_000, NATIONAL, 100_000)
SECONDS = {"rehearse CSV": 5.0, "rehearse XLSX": 5.0, "import XLSX": 15.0}
"""Of the wall clock, for the national roll."""
MORE_MIB = 96.0
"""What the peak of the largest roll may lie above that of the smallest, each in a process of its own: caches fill."""
_TICKS = os.sysconf("SC_CLK_TCK")
_KIB = 1024


@dataclass(frozen=True)
class Cost:
    """Seconds of processor and wall time; memory in MiB: resident before, and the most while it ran."""

    what: str
    rows: int
    cpu: float
    wall: float
    before: float
    peak: float
    answer_bytes: int


@dataclass(frozen=True)
class Process:
    """A process of this machine, as /proc tells of it."""

    pid: int

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self, field: str) -> float:
        """`VmRSS` (now) or `VmHWM` (the most since `forget_peak`), in MiB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(field)).split()[1]) / _KIB

    def forget_peak(self) -> None:
        """Count the most from now on."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")


def rows_of(count: int) -> Iterator[RollRow]:
    """So many rows with codes of their own, over the whole country; also more than there are centers."""
    number, seed = 0, 1
    while number < count:
        for row in generate(min(count, MOST_CENTERS), seed).rows:
            if number == count:
                return
            number += 1
            code = f"{number:010}"
            yield row._replace(number=number, code=code, email=f"center-{code}@center.example")
        seed += 1


def write_rolls(count: int, folder: Path) -> dict[str, Path]:
    """The roll as XLSX and as CSV."""
    rows = list(rows_of(count))
    files = {"xlsx": folder / f"{count}.xlsx", "csv": folder / f"{count}.csv"}
    pages_to_xlsx([Page("บัญชีรายชื่อ", (COLUMNS, *rows))], files["xlsx"])
    rows_to_csv([COLUMNS, *rows], files["csv"])
    return files


async def send(http: httpx.AsyncClient, process: Process, file: Path, what: str, rows: int, **params: Any) -> Cost:
    """Send a roll and say what it cost."""
    name = f"r{secrets.token_hex(4)}"
    deadline = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    new = {"round": name, "fiscal_year": 2569, "academic_year": 2567, "deadline": deadline}
    (await http.post("/v1/rounds", json=new)).raise_for_status()
    data = await asyncio.to_thread(file.read_bytes)
    process.forget_peak()
    before, cpu, wall = process.memory("VmRSS"), process.cpu(), time.perf_counter()
    answer = await http.post(f"/v1/rounds/{name}/roll", content=data, params=params)
    answer.raise_for_status()
    return Cost(
        what,
        rows,
        process.cpu() - cpu,
        time.perf_counter() - wall,
        before,
        process.memory("VmHWM"),
        len(answer.content),
    )


async def measure(stack: Stack, counts: list[int], folder: Path) -> list[Cost]:
    """Rehearse, report and import rolls of these sizes, each size by a process of its own with an empty database."""
    found = []
    for count in counts:
        namespace = f"b{secrets.token_hex(4)}"
        await ensure_topics(stack.environment()["SARABAN_KAFKA_BOOTSTRAP"], namespace, 3)
        files = await asyncio.to_thread(write_rolls, count, folder)
        extra = {"SARABAN_NAMESPACE": namespace, "SARABAN_LOG_LEVEL": "WARNING"}
        service = await asyncio.to_thread(stack.start_service, "registry", extra, label=f"bench{count}")
        process = Process(stack.pid(service.name) or 0)
        headers = {"Authorization": f"Bearer {stack.token('department', '00')}"}
        async with httpx.AsyncClient(base_url=service.address, headers=headers, timeout=900) as http:
            found.append(await send(http, process, files["csv"], "rehearse CSV", count, dry_run=True))
            found.append(await send(http, process, files["xlsx"], "rehearse XLSX", count, dry_run=True))
            report = {"dry_run": True, "report": "xlsx"}
            found.append(await send(http, process, files["xlsx"], "report as XLSX", count, **report))
            found.append(await send(http, process, files["xlsx"], "import XLSX", count))
            found.append(await send(http, process, files["csv"], "import again, another round", count))
        await asyncio.to_thread(service.stop)
    return found


def table(found: list[Cost]) -> Table:
    """The costs side by side."""
    made = Table(title="What a roll costs the registry")
    for heading in ("what", "rows", "CPU s", "wall s", "MiB before", "MiB peak", "MiB more", "answer KiB"):
        made.add_column(heading, justify="left" if heading == "what" else "right")
    for cost in found:
        made.add_row(
            cost.what,
            f"{cost.rows:,}",
            f"{cost.cpu:.1f}",
            f"{cost.wall:.1f}",
            f"{cost.before:.0f}",
            f"{cost.peak:.0f}",
            f"{cost.peak - cost.before:.0f}",
            f"{cost.answer_bytes / _KIB:,.0f}",
        )
    return made


def missed(found: Sequence[Cost]) -> list[str]:
    """Which targets were not kept. Rolls beyond the national one have none of time."""
    said = [
        f"{cost.what}, {cost.rows:,} rows: {cost.wall:.1f} s, not {SECONDS[cost.what]:g}"
        for cost in found
        if cost.rows <= NATIONAL and cost.wall > SECONDS.get(cost.what, float("inf"))
    ]
    for what in dict.fromkeys(cost.what for cost in found):
        one = sorted((cost.rows, cost.peak) for cost in found if cost.what == what)
        if (more := one[-1][1] - one[0][1]) > MORE_MIB:
            said.append(f"{what}: {one[-1][0]:,} rows take {more:.0f} MiB more than {one[0][0]:,}, not {MORE_MIB:g}")
    return said


def main() -> int:
    """Measure and print. Exit code 1: a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int, nargs="*", default=list(ROWS), help="rows of each roll")
    counts = parser.parse_args().rows
    console = Console(width=None if sys.stdout.isatty() else 130)
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "stack", kind="local", ports="ephemeral", environ={})
        stack.start(servers_only=True)
        try:
            found = asyncio.run(measure(stack, counts, Path(folder)))
        finally:
            stack.stop()
    console.print(table(found))
    for line in (said := missed(found)):
        console.print(line, highlight=False)
    return 1 if said else 0


if __name__ == "__main__":
    raise SystemExit(main())
