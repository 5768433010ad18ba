"""How long the registry takes to answer, by HTTP, among 20,000 centers: p50, p99 and what it costs of the CPUs.

`make bench ARGS=reading` fails where p99 of a page of 100 is above the target. The client waits for each answer before
it asks again; so this is what one reader sees on a machine with nothing else to do.
"""

import asyncio
import os
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from deploy.local.roll.generator import Roll, generate
from deploy.local.roll.writers import write_csv
from shared.bus import ensure_topics
from tests.bench.ground import Ground, Timing

TARGET_MS = 50.0
ON_THE_ROUND = 10_002
EXPORTS = 3
TICKS = os.sysconf("SC_CLK_TCK")
MISREAD = str.maketrans({"ร": "ล", "ใ": "ไ", "ณ": "น", "ศ": "ส", "ภ": "พ", "ธ": "ท", "ี": "ิ", "ู": "ุ"})
HEAD = "ศูนย์พัฒนาเด็กเล็ก"

Query = dict[str, Any]


@dataclass(frozen=True)
class Office:
    """The registry as its readers see it, and the processes whose work is counted."""

    http: httpx.AsyncClient
    roll: Roll
    pids: dict[str, int]
    requests: int


async def benches(ground: Ground, _runs: int) -> AsyncIterator[Timing]:
    namespace = f"b{secrets.token_hex(4)}"
    await ensure_topics(ground.environment["SARABAN_KAFKA_BOOTSTRAP"], namespace, 3)
    extra = {"SARABAN_NAMESPACE": namespace, "SARABAN_LOG_LEVEL": "WARNING"}
    service = await asyncio.to_thread(ground.stack.start_service, "registry", extra, label="bench")
    headers = {"Authorization": f"Bearer {ground.stack.token('department', '00')}"}
    async with httpx.AsyncClient(base_url=service.address, headers=headers, timeout=120) as http:
        roll = generate(ground.centers)
        await _fill(http, roll)
        found = {name: ground.stack.pid(name) for name in (service.name, "mongo")}
        office = Office(http, roll, {name: pid for name, pid in found.items() if pid}, ground.requests)
        for name, ask in _kinds(roll):
            yield await _time(office, name, ask)
        yield await _time(office, "the next page, far behind", _far(await _cursors(http)))
        for kind in ("xlsx", "csv", "geojson"):
            yield await _export(office, kind)
    await asyncio.to_thread(service.stop)


async def _fill(http: httpx.AsyncClient, roll: Roll) -> None:
    """Two rolls by the front door: everybody, and the round of this year."""
    deadline = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    for name, rows in (("everybody", roll.rows), ("round", roll.rows[::2][:ON_THE_ROUND])):
        body = {"round": name, "fiscal_year": 2569, "academic_year": 2567, "deadline": deadline}
        (await http.post("/v1/rounds", json=body)).raise_for_status()
        with tempfile.TemporaryDirectory() as folder:
            write_csv(Roll(len(rows), roll.seed, rows), Path(folder) / "roll.csv")
            answer = await http.post(f"/v1/rounds/{name}/roll", content=(Path(folder) / "roll.csv").read_bytes())
        answer.raise_for_status()
        report = answer.json()["rows"]
        assert report["accepted"] == len(rows), report
        if name == "round":
            (await http.post(f"/v1/rounds/{name}/open")).raise_for_status()


def _kinds(roll: Roll) -> Iterator[tuple[str, Callable[[random.Random], Query]]]:
    """What readers ask, each time of something else."""
    provinces = sorted({row.lao_code[1:3] for row in roll.rows})
    districts = sorted({row.lao_code[1:5] for row in roll.rows})
    names = sorted({row.name.removeprefix(HEAD) for row in roll.rows})

    def box(rng: random.Random, height: float, width: float) -> str:
        row = rng.choice(roll.rows)
        sides = (
            row.longitude - width / 2,
            row.latitude - height / 2,
            row.longitude + width / 2,
            row.latitude + height / 2,
        )
        return ",".join(f"{side:.5f}" for side in sides)

    def unmarked(name: str) -> str:
        return "".join(mark for mark in name if mark not in "่้๊๋็์")

    def misspelt(rng: random.Random) -> str:
        name = rng.choice(names).translate(MISREAD)
        at = rng.randrange(len(name))
        return name[:at] + name[at + 1 :]

    def with_place(rng: random.Random) -> str:
        row = rng.choice(roll.rows)
        return f"ศพด.{row.name.removeprefix(HEAD)} {row.province}"

    yield "the country", lambda _: {}
    yield "a province", lambda rng: {"within": rng.choice(provinces)}
    yield "a district", lambda rng: {"within": rng.choice(districts)}
    yield "a round", lambda _: {"round": "round"}
    yield "a round in a province", lambda rng: {"round": "round", "within": rng.choice(provinces)}
    yield "the closed (none)", lambda _: {"state": "closed"}
    yield "a code", lambda rng: {"q": rng.choice(roll.rows).code}
    yield "how codes begin", lambda rng: {"q": rng.choice(roll.rows).code[:4]}
    yield "a name", lambda rng: {"q": rng.choice(names)}
    yield "a name, no tone marks", lambda rng: {"q": unmarked(rng.choice(names))}
    yield "a name, misspelt", lambda rng: {"q": misspelt(rng)}
    yield "a name and its province", lambda rng: {"q": with_place(rng)}
    yield "part of a name", lambda rng: {"q": rng.choice(names)[2:7]}
    yield "two letters", lambda rng: {"q": unmarked(rng.choice(names))[:2]}
    yield "a word that half have", lambda _: {"q": "บ้าน"}
    yield "what nobody is called", lambda rng: {"q": "".join(rng.choices("กขคงจฉช", k=8))}
    yield "a misspelt name in a province", lambda rng: {"q": misspelt(rng), "within": rng.choice(provinces)}
    yield "a map box of 20 km", lambda rng: {"bbox": box(rng, 0.2, 0.2)}
    yield "a map box of 200 km", lambda rng: {"bbox": box(rng, 2, 2)}
    yield "a map box, tall and thin", lambda rng: {"bbox": box(rng, 15, 0.05)}
    yield "organizations called so", lambda rng: {"": "/v1/organizations", "q": rng.choice(roll.rows).lao_name}
    yield (
        "the obligations of a province",
        lambda rng: {"": "/v1/rounds/round/obligations", "within": rng.choice(provinces)},
    )
    yield "a center", lambda rng: {"": f"/v1/centers/{rng.choice(roll.rows).code}"}
    yield "a map box, a round, a word", lambda rng: {"bbox": box(rng, 1, 1), "round": "round", "q": "หนอง"}


def _far(cursors: list[str]) -> Callable[[random.Random], Query]:
    return lambda rng: {"cursor": rng.choice(cursors)}


async def _cursors(http: httpx.AsyncClient) -> list[str]:
    """The cursors of every page of the country."""
    found: list[str] = []
    query: Query = {"limit": 100}
    while cursor := (await http.get("/v1/centers", params=query)).json()["next"]:
        found.append(cursor)
        query["cursor"] = cursor
    return found


async def _time(office: Office, name: str, ask: Callable[[random.Random], Query]) -> Timing:
    rng = random.Random(name)
    for _ in range(5):
        await _ask(office, ask(rng))
    took, rows = [], []
    before = {process: _cpu(pid) for process, pid in office.pids.items()}
    for _ in range(office.requests):
        query = ask(rng)
        started = time.perf_counter()
        answer = await _ask(office, query)
        took.append((time.perf_counter() - started) * 1000)
        rows.append(len(answer.json().get("items", [answer])))
    cpu = {process: (_cpu(pid) - before[process]) * 1000 / office.requests for process, pid in office.pids.items()}
    took.sort()
    p50, p99 = took[office.requests // 2], took[office.requests * 99 // 100]
    return Timing(name, statistics.mean(rows), p50, p99, list(cpu.values()), TARGET_MS)


async def _ask(office: Office, query: Query) -> httpx.Response:
    path = query.get("", "/v1/centers")
    given = {name: value for name, value in query.items() if name}
    answer = await office.http.get(
        path, params=given if path.count("/") > 2 and "obl" not in path else {"limit": 100, **given}
    )
    answer.raise_for_status()
    return answer


async def _export(office: Office, kind: str) -> Timing:
    """Everybody as a file, a few times; its name tells by how much the service grew at most."""
    service = next(iter(office.pids.values()))
    took, rows = [], 0
    await office.http.get("/v1/exports/centers", params={"format": kind, "within": "58"})
    size, before = _memory(service, "VmRSS"), {process: _cpu(pid) for process, pid in office.pids.items()}
    Path(f"/proc/{service}/clear_refs").write_text("5", encoding="ascii")  # forget the peak
    for _ in range(EXPORTS):
        started = time.perf_counter()
        answer = await office.http.get("/v1/exports/centers", params={"format": kind})
        took.append((time.perf_counter() - started) * 1000)
        answer.raise_for_status()
        rows = len(office.roll.rows)
    grown = (_memory(service, "VmHWM") - size) / 1024
    cpu = {process: (_cpu(pid) - before[process]) * 1000 / EXPORTS for process, pid in office.pids.items()}
    took.sort()
    return Timing(
        f"everybody as {kind.upper()} (+{grown:.0f} MB)", rows, took[EXPORTS // 2], took[-1], list(cpu.values())
    )


def _memory(pid: int, what: str) -> int:
    """KB of memory of a process, now (`VmRSS`) or at most (`VmHWM`)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
