"""The `saraban` command."""

from __future__ import annotations

import importlib
import importlib.util

import typer

from deploy.local import running
from deploy.local.crowd.demo import demo
from deploy.local.verify.commands import verify

app = typer.Typer(
    name="saraban",
    help="สารบรรณ: แจ้งประเมิน รับรหัส ส่งรายงาน ไม่มีอะไรหาย / Notices out, credentials claimed, reports in, nothing lost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, and some of those are secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(running.up)
app.command()(running.down)
app.command()(running.status)
app.command()(running.token)
app.command()(demo)
app.command()(verify)

ROOMS = {
    "roll": "deploy.local.roll.commands:roll_app",
    "events": "deploy.local.tools.commands:events_app",
    "dead": "deploy.local.tools.dead:dead_app",
    "projections": "deploy.local.tools.commands:projections_app",
    "audit": "deploy.local.tools.audit:audit_app",
    "receipts": "deploy.local.tools.receipts:receipts_app",
    "credentials": "deploy.local.sealing.commands:credentials_app",
}
"""Groups of commands that live in rooms of their own, and where."""


def _mount() -> None:
    for name, place in ROOMS.items():
        module, _, attribute = place.partition(":")
        if importlib.util.find_spec(module) is not None:
            app.add_typer(getattr(importlib.import_module(module), attribute), name=name)


_mount()


def main() -> None:
    """Runs the command line."""
    app()


if __name__ == "__main__":
    main()
