"""What `saraban up` and `saraban status` show: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import shutil
import sysconfig
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich import box
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from deploy.local.stack import Stack, Status
from deploy.local.starting import Step

WHAT = {
    "mongo": "ฐานข้อมูล / database",
    "s3": "ที่เก็บไฟล์ / object store",
    "kafka": "สายเหตุการณ์ / event bus",
    "mail": "อีเมลทดลอง / development mail",
    "issuer": "ออกบัตรผ่าน / sign-in (OIDC)",
    "topics": "หัวข้อเหตุการณ์ / topics",
    "registry": "ทะเบียนและรอบ / roll and rounds",
    "credentials": "รหัสผ่านผนึก / sealed credentials",
    "submissions": "รับรายงาน / reports",
    "notifier": "หนังสือแจ้ง / notices",
}

STEPS: dict[Step, str] = {
    "fetching": "[yellow]กำลังเตรียม / fetching",
    "starting": "[yellow]กำลังเริ่ม / starting",
    "found": "[green]พบแล้ว / found",
    "ready": "[green]พร้อม / ready",
    "failed": "[red]ไม่สำเร็จ / failed",
    "stopping": "[yellow]กำลังหยุด / stopping",
    "stopped": "[dim]หยุดแล้ว / stopped",
}


ROOMY = 120
"""Columns of a screen from which on the table also says what each part is for."""


class Progress:
    """Shows the steps of starting and stopping as they come. Use as a context; call it as a `Report`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = time.monotonic()
        self._rows: dict[str, tuple[Step, str, float]] = {}
        self._lock = threading.Lock()
        self._live = Live(console=console, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, name: str, step: Step, note: str = "") -> None:
        with self._lock:
            seconds = time.monotonic() - self._begun
            self._rows[name] = (step, note, seconds)
            if self._live:
                self._live.update(self._table(), refresh=True)
            elif name != "topics":
                self._console.print(f"{seconds:6.1f} s  {name:<12} {step}  {escape(note)}".rstrip(), highlight=False)

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 2))
        for name, (step, note, seconds) in self._rows.items():
            table.add_row(name, WHAT.get(name, ""), STEPS[step], f"[dim]{seconds:.1f} s", escape(note))
        return table


def overview(stack: Stack, found: list[Status], width: int) -> Table:
    """Every server: where it is and how it is; with room to spare also what it is for."""
    table = Table(box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    table.title = f"สารบรรณ Saraban · {stack.kind} · {escape(str(stack.state.directory))}"
    roomy = width >= ROOMY
    table.add_column("")
    table.add_column("ที่อยู่ / address", overflow="fold")
    table.add_column("สถานะ / state", no_wrap=True)
    table.add_column("MB (สูงสุด/peak)", justify="right", no_wrap=True)
    if roomy:
        table.add_column("หน้าที่ / what for", no_wrap=True)
    for one in found:
        address = escape(one.address)
        if one.name == "mail" and stack.mail_page and one.pid:
            address += f"\n{stack.mail_page}"
        row = [one.name, address, state_of(one), memory_of(one)]
        table.add_row(*row, *([f"[dim]{WHAT[one.name]}"] if roomy and one.name in WHAT else []))
    return table


def state_of(one: Status) -> str:
    """The state of a server in words."""
    if one.brought:
        words = {True: "[green]ตอบ", False: "[red]ไม่ตอบ", None: "[dim]"}[one.ready]
        return f"{words} (ของท่าน / your own)"
    if one.pid is None:
        return "[red]ไม่ทำงาน / down"
    return "[green]พร้อม / ready" if one.ready else "[yellow]ยังไม่พร้อม / not ready"


def memory_of(one: Status) -> str:
    """Megabytes now, and at the most."""
    if one.memory is None or one.peak is None:
        return ""
    return f"{one.memory / 1e6:.0f} ({one.peak / 1e6:.0f})"


def sign_in(options: str, registry: str) -> str:
    """How to get a token and use it, as text with markup. `options` name the stack."""
    token = f"{command()} token --role {{}} --org {{}}{options}"
    return (
        "\n[bold]เข้าใช้งาน / sign in[/bold]\n"
        f"  {token.format('operator', '00')}\n"
        f"  {token.format('province', '58')}\n"
        f'  curl -H "Authorization: Bearer $({token.format("operator", "00")})" {registry}/v1/rounds\n'
    )


def command() -> str:
    """How this command is called from where the user stands."""
    if shutil.which("saraban"):
        return "saraban"
    return os.path.relpath(Path(sysconfig.get_path("scripts")) / "saraban")
