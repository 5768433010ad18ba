"""`saraban dead`."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.choice import DataOption, StackOption, choose
from deploy.local.tools.commands import NamespaceOption, one_or_all
from deploy.local.tools.letters import Letter, letters, redrive, settle_only
from shared.settings import CoreSettings, read

console = Console(width=None if sys.stdout.isatty() else 140)
dead_app = typer.Typer(no_args_is_help=True, help="ข้อความที่อ่านไม่ได้ / Dead letters.")

ServiceOption = Annotated[str | None, typer.Option("--service", help="บริการเดียว / One service only.")]

GIVEN_UP = "ปิดเรื่องโดยไม่มีใครได้อ่าน / given up: settled, and nobody has read them"
STAY_OPEN = (
    "ยังค้างอยู่ ขอให้ต้นทางส่งใหม่ก่อน แล้วจึงปิดเรื่องด้วย --give-up / "
    "stay open: have their source send them again, then settle them with --give-up"
)


def _unsettled(environment: Mapping[str, str], namespace: str, service: str | None) -> list[Letter]:
    return asyncio.run(letters(environment["SARABAN_KAFKA_BOOTSTRAP"], namespace, one_or_all(service)))


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
        said = (letter.said(name) for name in ("dead_error", "dead_place"))
        table.add_row(letter.service, letter.number, *said, letter.whence, letter.key, letter.said("dead_time"))
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
    give_up: Annotated[
        bool, typer.Option("--give-up", help="ปิดเรื่องฉบับที่ไม่มีเนื้อหาด้วย / Settle also the letters that hold no bytes.")
    ] = False,
    namespace: NamespaceOption = "saraban",
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """ส่งกลับให้อ่านใหม่ / Send a service's letters back to their topics. Exit code 1 while any of them stays open."""
    environment = choose(data, stack).environment()
    found = _unsettled(environment, namespace, service)
    back = [letter for letter in found if letter.can_return]
    empty = [letter for letter in found if not letter.can_return]
    console.print(f"{len(back)} ฉบับส่งกลับได้ / letters can be sent back")
    if empty:
        console.print(f"{len(empty)} ฉบับไม่มีเนื้อหา / letters hold no bytes, and {GIVEN_UP if give_up else STAY_OPEN}:")
        _name(empty)
    if dry_run:
        return
    if found:
        settings = read(CoreSettings, environment, namespace=namespace)
        asyncio.run(redrive(settings, back))
        asyncio.run(settle_only(settings, found if give_up else back, () if give_up else empty))
        console.print(f"ส่งกลับแล้ว / sent back: {len(back)}")
    raise typer.Exit(1 if empty and not give_up else 0)


@dead_app.command(name="settle")
def settle_letters(
    service: str,
    numbers: Annotated[
        list[str], typer.Argument(help="เลขที่ของฉบับ ดูจาก ls / The letters' numbers, as `ls` shows them.")
    ],
    *,
    namespace: NamespaceOption = "saraban",
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """ปิดเรื่องโดยไม่ส่งกลับ / Settle letters by number without sending them back; all others stay open."""
    environment = choose(data, stack).environment()
    found = _unsettled(environment, namespace, service)
    if unknown := set(numbers) - {letter.number for letter in found}:
        console.print(f"ไม่มี / there is no letter {', '.join(sorted(unknown))} of {service}")
        raise typer.Exit(1)
    chosen = [letter for letter in found if letter.number in numbers]
    left = [letter for letter in found if letter.number not in numbers]
    console.print(f"{len(chosen)} ฉบับ / letters {GIVEN_UP}:")
    _name(chosen)
    asyncio.run(settle_only(read(CoreSettings, environment, namespace=namespace), chosen, left))


def _name(chosen: Sequence[Letter]) -> None:
    for letter in chosen:
        console.print(f"  {letter}", soft_wrap=True, highlight=False, markup=False)
