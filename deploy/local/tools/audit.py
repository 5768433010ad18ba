"""`saraban audit`: verifies, copies and reads the trail from the bus or from a file. No database is asked."""

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.choice import DataOption, StackOption, choose
from services.credentials.auditing.pack import pack, printed
from shared.bus import Incoming, read_topic
from shared.contracts.events import AuditAnchored, AuditHead, AuditRecorded
from shared.contracts.topics import AUDIT, SERVICES, source_of
from shared.security.ledger import ANCHORS, Findings, Ledger

console = Console(width=None if sys.stdout.isatty() else 140)
audit_app = typer.Typer(no_args_is_help=True, help="สมุดตรวจสอบ / The audit chains.")

ENTRY: Final = "saraban.audit.entry.recorded.v1"
ANCHOR: Final = "saraban.audit.heads.anchored.v1"
SHOWN: Final = 50

FilesArgument = Annotated[
    list[Path] | None,
    typer.Argument(help="ไฟล์จาก audit export ไม่ระบุคืออ่านจากบัส / files of `audit export`; none: the bus"),
]
NamespaceOption = Annotated[str, typer.Option(help="SARABAN_NAMESPACE ของระบบ / of the system.")]

Line = dict[str, Any]
"""What a copy holds of a record: `source`, `type`, `data`."""


@audit_app.command()
def verify(
    files: FilesArgument = None,
    *,
    key: Annotated[
        list[str] | None,
        typer.Option(help="[SERVICE=]KEY กุญแจสาธารณะของการตรึง / the public key of the anchors. Once for each service."),
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(
            help="[SERVICE=]NUMBER:HASH ของการตรึงที่จดไว้ / of an anchor noted elsewhere. Once for each service."
        ),
    ] = None,
    namespace: NamespaceOption = "saraban",
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """ตรวจว่าสมุดตรวจสอบไม่ถูกแก้ไข / Verify every chain and anchor, offline. Exit code 1 if one is broken.

    SERVICE is credentials where it is not named.
    """
    noted, keys = _noted(known or ()), dict(map(_by_service, key or ()))
    wall, cpu = time.perf_counter(), time.process_time()
    ledger = Ledger()
    if files:
        for line in _lines(files):
            _take(ledger, line)
    else:
        asyncio.run(_read_bus(ledger, choose(data, stack).environment(), namespace))
    found = ledger.findings(keys=keys, known=noted)
    _report(found, time.perf_counter() - wall, time.process_time() - cpu)
    raise typer.Exit(1 if found.breaks else 0)


@audit_app.command()
def export(
    file: Path, namespace: NamespaceOption = "saraban", data: DataOption = None, stack: StackOption = None
) -> None:
    """คัดลอกสมุดตรวจสอบจากบัสลงไฟล์ / Copy the trail from the bus into a file, a line for each record."""
    environment = choose(data, stack).environment()

    async def copy() -> int:
        count = 0
        with file.open("w", encoding="utf-8") as out:
            async for record in _records(environment, namespace):
                out.write(_line(record) + "\n")
                count += 1
        return count

    console.print(f"{asyncio.run(copy()):,} รายการ / records: {file}")


@audit_app.command(name="pack")
def subject_pack(
    subject: Annotated[str, typer.Argument(help="center/<รหัส> หรือ lao/<รหัส> / or lao/<code>")],
    out: Annotated[Path, typer.Option(help="ไฟล์ .json หรือ .pdf / a .json or .pdf file")],
    files: Annotated[
        list[Path] | None, typer.Option("--file", help="ไฟล์จาก audit export / a file of `audit export`")
    ] = None,
    namespace: NamespaceOption = "saraban",
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """ชุดข้อมูลของเจ้าของข้อมูล / Who saw or changed what about one subject, why and when, in every service."""
    if files:
        entries = _about(subject, _lines(files))
    else:
        entries = asyncio.run(_about_on_bus(subject, choose(data, stack).environment(), namespace))
    assert AUDIT.kept is not None
    made = pack(subject, entries, datetime.now(UTC), AUDIT.kept.days, named=False, complete=True)
    if out.suffix == ".pdf":
        out.write_bytes(printed(made))
    else:
        out.write_text(made.model_dump_json(indent=1, exclude={"entries": {"__all__": {"actor"}}}), encoding="utf-8")
    console.print(f"{len(entries):,} รายการ / entries: {out}")


def _noted(known: Iterable[str]) -> dict[str, AuditHead]:
    noted = {}
    for source, text in map(_by_service, known):
        parts = re.fullmatch(r"(\d+):([0-9a-f]{64})", text)
        if parts is None:
            console.print("--known ต้องเป็น [SERVICE=]NUMBER:HASH / must be [SERVICE=]NUMBER:HASH")
            raise typer.Exit(2)
        noted[source] = AuditHead(chain=ANCHORS, number=int(parts[1]), hash=parts[2])
    return noted


def _by_service(text: str) -> tuple[str, str]:
    """The source of the service that is named before `=`, and what stands after it."""
    name, named, value = text.rpartition("=")
    for service in SERVICES:
        if service == (name if named else "credentials"):
            return source_of(service), value
    console.print(f"ไม่มีบริการ {name} / no service {name}: {', '.join(SERVICES)}")
    raise typer.Exit(2)


def _take(ledger: Ledger, line: Line) -> None:
    if line["type"] == ENTRY:
        ledger.enter(line["source"], line["data"])
    elif line["type"] == ANCHOR:
        ledger.anchor(line["source"], AuditAnchored.model_validate(line["data"]))


def _lines(files: Iterable[Path]) -> Iterator[Line]:
    for file in files:
        with file.open("rb") as held:
            yield from map(json.loads, held)


async def _records(environment: Mapping[str, str], namespace: str) -> Any:
    async for record in read_topic(environment["SARABAN_KAFKA_BOOTSTRAP"], [AUDIT.named(namespace)]):
        yield record


async def _read_bus(ledger: Ledger, environment: Mapping[str, str], namespace: str) -> None:
    async for record in _records(environment, namespace):
        kind, source = _headers(record)
        _take(ledger, {"type": kind, "source": source, "data": json.loads(record.value or b"{}")})


async def _about_on_bus(subject: str, environment: Mapping[str, str], namespace: str) -> list[AuditRecorded]:
    lines = [json.loads(_line(record)) async for record in _records(environment, namespace)]
    return _about(subject, lines)


def _about(subject: str, lines: Iterable[Line]) -> list[AuditRecorded]:
    entries = [
        AuditRecorded.model_validate(line["data"])
        for line in lines
        if line["type"] == ENTRY and line["data"]["subject"] == subject
    ]
    unique = {entry.hash: entry for entry in entries}
    return sorted(unique.values(), key=lambda entry: (entry.time, entry.chain, entry.number))


def _headers(record: Incoming) -> tuple[str, str]:
    said = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    return said.get("ce_type", ""), said.get("ce_source", "")


def _line(record: Incoming) -> str:
    kind, source = _headers(record)
    data = (record.value or b"{}").decode()
    return f'{{"source":{json.dumps(source)},"type":{json.dumps(kind)},"data":{data}}}'


def _report(found: Findings, wall: float, cpu: float) -> None:
    table = Table(title="สมุดตรวจสอบ / the audit trail", title_justify="left", show_header=False)
    table.add_row("รายการ / entries", f"{found.entries:,}")
    table.add_row("สาย / chains", f"{found.chains:,}")
    table.add_row("การตรึง / anchors", f"{found.anchors:,}")
    table.add_row("ยังไม่ถูกตรึง / not anchored yet", f"{found.unanchored:,}")
    speed = f"{found.entries / cpu:,.0f}" if cpu else "-"
    table.add_row("เวลา / time", f"{wall:.1f} s; {cpu:.1f} s CPU, {speed} entries/s of CPU")
    for source, newest in found.newest.items():
        table.add_row(f"การตรึงล่าสุด / newest anchor {source}", f"{newest.number}:{newest.hash}")
    console.print(table)
    for source, each in found.breaks[:SHOWN]:
        console.print(f"[red]{source} {each.chain} #{each.number}: {each.fault}[/red]", highlight=False)
    if len(found.breaks) > SHOWN:
        console.print(f"… และอีก {len(found.breaks) - SHOWN:,} จุด / and more")
    console.print("ครบถ้วน / every chain holds" if not found.breaks else f"{len(found.breaks):,} จุดที่ผิด / breaks")
