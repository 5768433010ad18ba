"""`saraban events`, `saraban dead`, `saraban projections`."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.choice import DataOption, StackOption, choose
from deploy.local.tools.letters import Letter, letters, redrive, settle_all
from deploy.local.tools.rebuilding import rebuild
from shared.bus import read_topic
from shared.contracts.topics import SERVICES, TOPICS, Service
from shared.settings import CoreSettings, read

console = Console(width=None if sys.stdout.isatty() else 140)
events_app = typer.Typer(no_args_is_help=True, help="ดูเหตุการณ์ / Look at events.")
dead_app = typer.Typer(no_args_is_help=True, help="ข้อความที่อ่านไม่ได้ / Dead letters.")
projections_app = typer.Typer(no_args_is_help=True, help="สำเนาข้อมูลของแต่ละบริการ / Copies of other services' state.")

NamespaceOption = Annotated[str, typer.Option(help="SARABAN_NAMESPACE ของระบบ / of the system.")]
ServiceOption = Annotated[str | None, typer.Option("--service", help="บริการเดียว / One service only.")]


def _services(name: str | None) -> tuple[Service, ...]:
    if name is None:
        return SERVICES
    chosen: tuple[Service, ...] = tuple(service for service in SERVICES if service == name)
    if not chosen:
        console.print(f"ไม่มีบริการชื่อนี้ / no such service: {name}; {', '.join(SERVICES)}")
        raise typer.Exit(2)
    return chosen


@events_app.command()
def tail(
    topics: Annotated[list[str] | None, typer.Argument(help="เช่น / for instance: registry.centers status")] = None,
    *,
    start: Annotated[bool, typer.Option("--from-start", help="ตั้งแต่ต้น / From the first record.")] = False,
    once: Annotated[bool, typer.Option("--once", help="หยุดเมื่อถึงปลาย / Stop at the end.")] = False,
    namespace: NamespaceOption = "saraban",
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """ดูเหตุการณ์ที่ไหลอยู่ / Follow events, one line each: time, type, key, data."""
    environment = choose(data, stack).environment()
    known = {topic.name for topic in TOPICS}
    if unknown := set(topics or ()) - known:
        console.print(f"ไม่มีหัวข้อ / no such topic: {', '.join(sorted(unknown))}; {', '.join(sorted(known))}")
        raise typer.Exit(2)

    async def follow() -> None:
        names = [f"{namespace}.{name}" for name in (topics or sorted(known))]
        bootstrap = environment["SARABAN_KAFKA_BOOTSTRAP"]
        async for record in read_topic(bootstrap, names, follow=not once, from_start=start or once):
            headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
            key, value = ((part or b"").decode(errors="replace") for part in (record.key, record.value))
            typer.echo(f"{headers.get('ce_time', '-')} {headers.get('ce_type', '-')} {key} {value}")

    try:
        asyncio.run(follow())
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _unsettled(environment: Mapping[str, str], namespace: str, service: str | None) -> list[Letter]:
    return asyncio.run(letters(environment["SARABAN_KAFKA_BOOTSTRAP"], namespace, _services(service)))


@dead_app.command()
def ls(
    service: ServiceOption = None,
    namespace: NamespaceOption = "saraban",
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """ข้อความที่ยังไม่ได้จัดการ / The letters that nobody has settled. Exit code 1 if there are any."""
    found = _unsettled(choose(data, stack).environment(), namespace, service)
    table = Table(title="ข้อความที่อ่านไม่ได้ / dead letters", title_justify="left")
    for column in ("service", "number", "error", "place", "from", "key", "time"):
        table.add_column(column)
    for letter in found:
        where = f"{letter.said('dead_topic')} {letter.said('dead_partition')}:{letter.said('dead_offset')}"
        key = (letter.record.key or b"").decode(errors="replace")
        said = (letter.said(name) for name in ("dead_error", "dead_place"))
        table.add_row(letter.service, letter.number, *said, where, key, letter.said("dead_time"))
    console.print(table if found else "ไม่มี / none")
    raise typer.Exit(1 if found else 0)


@dead_app.command()
def show(
    service: str,
    number: str,
    namespace: NamespaceOption = "saraban",
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """ดูข้อความหนึ่งฉบับ / One letter whole, by its number."""
    for letter in _unsettled(choose(data, stack).environment(), namespace, service):
        if letter.number == number:
            for name, value in letter.headers.items():
                typer.echo(f"{name}: {value.decode(errors='backslashreplace')}")
            typer.echo("")
            typer.echo((letter.record.value or b"").decode(errors="backslashreplace"))
            return
    console.print(f"ไม่มี / there is no letter {number} of {service}")
    raise typer.Exit(1)


@dead_app.command(name="redrive")
def redrive_letters(
    service: str,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="บอกว่าจะทำอะไร โดยไม่ทำ / Say what, do nothing.")] = False,
    namespace: NamespaceOption = "saraban",
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """ส่งกลับให้อ่านใหม่ / Send a service's letters back to their topics, and count them as settled."""
    environment = choose(data, stack).environment()
    found = _unsettled(environment, namespace, service)
    back = [letter for letter in found if letter.can_return]
    lost = f"{len(found) - len(back)} ฉบับไม่มีเนื้อหา ต้องขอจากต้นทาง / hold no bytes: ask their source to send them again"
    console.print(f"{len(back)} ฉบับ / letters to send back; {lost}", soft_wrap=True)
    if dry_run or not found:
        return
    asyncio.run(redrive(read(CoreSettings, environment, namespace=namespace), back))
    asyncio.run(settle_all(environment["SARABAN_KAFKA_BOOTSTRAP"], namespace, found))
    console.print("ส่งแล้ว / sent")


@projections_app.command(name="rebuild")
def rebuild_projections(
    service: str, namespace: NamespaceOption = "saraban", data: DataOption = None, stack: StackOption = None
) -> None:
    """สร้างสำเนาข้อมูลใหม่จากเหตุการณ์แรก / Drop a service's projections and read them again from the first event."""
    (chosen,) = _services(service)
    rows = asyncio.run(rebuild(choose(data, stack), chosen, namespace))
    console.print(f"{service}: {rows:,} แถวกลับมาครบ / rows are back")
