"""`saraban verify`."""

import asyncio
import sys
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.choice import DataOption, StackOption, choose
from deploy.local.verify.reconcile import reconcile
from deploy.local.verify.screen import show


def verify(
    *,
    deep: Annotated[
        bool, typer.Option("--deep", help="อ่านไฟล์ทุกไบต์ซ้ำ / Read every byte of every report again.")
    ] = False,
    namespace: Annotated[str, typer.Option(help="SARABAN_NAMESPACE ของระบบ / of the system.")] = "saraban",
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """ตรวจสอบว่าไม่มีอะไรหาย / Reconcile accepted, stored, receipted, announced, notified. Exit 1 if there is a gap."""
    verdict = asyncio.run(reconcile(choose(data, stack).environment(), namespace, deep=deep))
    show(Console(width=None if sys.stdout.isatty() else 120), verdict)
    raise typer.Exit(0 if verdict.clean else 1)
