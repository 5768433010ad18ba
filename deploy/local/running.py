"""The commands `up`, `down`, `status` and `token`."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from deploy.local.cache import CannotFetchError
from deploy.local.choice import DataOption, StackOption, check, choose
from deploy.local.screen import Progress, overview, sign_in, state_of
from deploy.local.servers.issuer import TokenRefusedError
from deploy.local.stack import NotOursError, Stack
from deploy.local.starting import NotReadyError
from deploy.local.state import Kind, WrongStackError
from shared.security.principals import Role

console = Console(width=None if sys.stdout.isatty() else 140)
complaint = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended before it was done."""

UNCONFINED = (
    "[bold red]เครื่องนี้ไม่ยอมให้แยกพื้นที่ตรวจไฟล์: ใช้กับไฟล์ทดลองเท่านั้น / this machine allows no user namespaces: "
    "uploaded files are opened with limits but without isolation. For trials only."
)

LOOK_EVERY_S = 3.0
"""How often the foreground looks whether all is still well."""


def up(
    *,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="ปล่อยให้ทำงานต่อเบื้องหลัง / Leave it running and return.")
    ] = False,
    servers_only: Annotated[
        bool, typer.Option("--servers-only", help="ไม่เริ่มบริการของเรา / Without our four services, to run them yourself.")
    ] = False,
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """เริ่มทั้งระบบบนเครื่องนี้ / Start the whole system on this machine."""
    problems = check(os.environ)
    for line in problems:
        complaint.print(line)
    if problems:
        raise typer.Exit(2)
    hear_the_end()
    chosen = _chosen(data, stack)
    found = chosen.running()
    started = False
    try:
        with Progress(console) as chosen.report:
            chosen.start(servers_only=servers_only)
        started = True
        _tell(chosen, data, stack)
        if not detach and not found:
            watch(chosen)
    except KeyboardInterrupt:
        if not found:
            _stop(chosen)
        raise typer.Exit(0 if started else INTERRUPTED) from None
    except (NotReadyError, CannotFetchError, WrongStackError, OSError) as failure:
        if not found:
            _stop(chosen)
        _failed(f"{failure}\n{chosen.state.directory}/logs")
    except BaseException:
        if not found and not started:  # whatever went wrong on the way: half a stack is left to nobody
            _stop(chosen)
        raise


def down(data: DataOption = None, stack: StackOption = None) -> None:
    """หยุดทั้งระบบ ข้อมูลยังอยู่ / Stop it all. The data stays."""
    chosen = _chosen(data, stack)
    if not chosen.state.exists:
        complaint.print(f"ไม่มีอะไรให้หยุด / nothing was ever started in {chosen.state.directory}")
        return
    _stop(chosen)
    console.print(f"หยุดแล้ว ข้อมูลยังอยู่ที่ / stopped; the data stays in {chosen.state.directory}", soft_wrap=True)


def status(
    *,
    data: DataOption = None,
    stack: StackOption = None,
    machine: Annotated[bool, typer.Option("--json", help="สำหรับโปรแกรม / For programs.")] = False,
) -> None:
    """ทุกส่วนเป็นอย่างไรบ้าง / How each part is now. Exit code 1 unless all are ready."""
    chosen = _chosen(data, stack)
    found = chosen.status()
    if machine:
        typer.echo(json.dumps([asdict(one) for one in found], indent=1))
    else:
        console.print(overview(chosen, found, console.width))
    if not all(one.ready in {True, None} for one in found):
        raise typer.Exit(1)


def token(
    role: Annotated[Role, typer.Option(help="บทบาท / Role in the chain.")],
    org: Annotated[str, typer.Option(help="รหัสหน่วยงานหรือศูนย์ / Code of the organization or center.")],
    ttl: Annotated[int, typer.Option(help="อายุ (วินาที) / Seconds until it expires.")] = 3600,
    sub: Annotated[str, typer.Option(help="ผู้ใช้ / Subject; made of role and org when not given.")] = "",
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """ขอบัตรผ่านสำหรับทดลอง / Print a bearer token of the development issuer."""
    chosen = _chosen(data, stack)
    try:
        typer.echo(chosen.token(role.value, org, ttl=ttl, sub=sub))
    except KeyError:
        _failed("ยังไม่ได้เริ่มระบบ / nothing runs here: saraban up")
    except (TokenRefusedError, NotOursError) as refusal:
        _failed(refusal)


def _tell(chosen: Stack, data: Path | None, stack: Kind | None) -> None:
    found = chosen.status()
    console.print(overview(chosen, found, console.width))
    for name, (usual, port) in chosen.ports.moved.items():
        taken = f"พอร์ต {usual} มีโปรแกรมอื่นใช้อยู่ / port {usual} is taken by another program"
        console.print(f"[yellow]{taken}: {name} → {port}", soft_wrap=True)
    if chosen.environment().get("SARABAN_INSPECTION_UNCONFINED") == "true":
        console.print(UNCONFINED, soft_wrap=True)
    options = (f" --data {data}" if data else "") + (f" --stack {stack}" if stack and not data else "")
    registry = next(one.address for one in found if one.name == "registry")
    console.print(sign_in(options, registry), soft_wrap=True, highlight=False)


def watch(chosen: Stack) -> None:
    """Tells of every change until nothing runs any more (somebody said `saraban down`) or KeyboardInterrupt."""
    console.print("กด Ctrl-C เพื่อหยุดทั้งหมด / Ctrl-C stops it all", highlight=False)
    before: dict[str, str] = {}
    while chosen.running():
        now = {one.name: state_of(one) for one in chosen.status()}
        for name, words in now.items():
            if words != before.get(name, words):
                console.print(f"{name}: {words}")
        before = now
        time.sleep(LOOK_EVERY_S)


def hear_the_end() -> None:
    """SIGTERM and a closed terminal end the foreground as Ctrl-C does."""

    def interrupt(number: int, frame: object) -> NoReturn:  # noqa: ARG001 (what a signal handler gets)
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, interrupt)


def _stop(chosen: Stack) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it takes a second or two, and half of it would leave processes behind
    with Progress(console) as chosen.report:
        chosen.stop()


def _chosen(data: Path | None, stack: Kind | None) -> Stack:
    try:
        return choose(data, stack)
    except (WrongStackError, OSError) as refusal:
        _failed(refusal)


def _failed(why: object) -> NoReturn:
    complaint.print(str(why))
    raise typer.Exit(1)
