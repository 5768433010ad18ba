"""`saraban events`, `saraban projections`."""

import asyncio
import sys
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.choice import DataOption, StackOption, choose
from deploy.local.tools.rebuilding import rebuild
from shared.bus import read_topic
from shared.contracts.topics import SERVICES, TOPICS, Service

console = Console(width=None if sys.stdout.isatty() else 140)
events_app = typer.Typer(no_args_is_help=True, help="ดูเหตุการณ์ / Look at events.")
projections_app = typer.Typer(no_args_is_help=True, help="สำเนาข้อมูลของแต่ละบริการ / Copies of other services' state.")

NamespaceOption = Annotated[str, typer.Option(help="SARABAN_NAMESPACE ของระบบ / of the system.")]


def one_or_all(name: str | None) -> tuple[Service, ...]:
    """The service of that name, or every one; ends the command in plain words when there is none."""
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


@projections_app.command(name="rebuild")
def rebuild_projections(
    service: str, namespace: NamespaceOption = "saraban", data: DataOption = None, stack: StackOption = None
) -> None:
    """สร้างสำเนาข้อมูลใหม่จากเหตุการณ์แรก / Drop a service's projections and read them again from the first event."""
    (chosen,) = one_or_all(service)
    rows = asyncio.run(rebuild(choose(data, stack), chosen, namespace))
    console.print(f"{service}: {rows:,} แถวกลับมาครบ / rows are back")
