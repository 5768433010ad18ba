"""`saraban credentials seal`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.choice import DataOption, StackOption, choose
from deploy.local.publishers import ONESQA, SOURCES

credentials_app = typer.Typer(
    no_args_is_help=True, help="ตู้นิรภัยรหัส e-SAR / The vault of e-SAR credentials.", pretty_exceptions_enable=False
)
console = Console(width=None if sys.stdout.isatty() else 120)
complaint = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

FINE = frozenset({"sealed", "unchanged"})
MEANS = {
    "sealed": "ผนึกแล้ว / sealed",
    "unchanged": "เหมือนเดิม / unchanged",
    "unreadable": "อ่านไม่ได้ / unreadable",
    "duplicate": "ซ้ำในชุด / twice in the batch",
    "unknown_holder": "ไม่รู้จักรหัสนี้ / unknown holder",
    "not_owed": "ไม่อยู่ในรอบนี้ / owes nothing in this round",
    "rule_violation": "ผิดรูปแบบ / breaks the rule",
    "already_claimed": "เปิดรหัสเดิมไปแล้ว ต้องสั่งเปลี่ยนก่อน / claimed already: rotate first",
    "revoked": "ถูกเพิกถอน / revoked",
    "erased": "ถูกลบถาวร / erased",
}
SHOWN = 20

FileArgument = Annotated[
    Path,
    typer.Option("--file", exists=True, dir_okay=False, readable=True, help="CSV: kind, holder, username, password."),
]
RoundOption = Annotated[str, typer.Option("--round", help="รหัสรอบ / Id of the round, such as 2569.")]
UrlOption = Annotated[
    str | None,
    typer.Option(envvar="SARABAN_CREDENTIALS_URL", help="ที่อยู่ตู้นิรภัย / The vault; the running stack's if not given."),
]
TokenOption = Annotated[
    str | None,
    typer.Option(envvar="SARABAN_TOKEN", help="บัตรผ่าน / Bearer token; the running stack's own if not given."),
]
KeyOption = Annotated[
    Path | None,
    typer.Option("--key", exists=True, dir_okay=False, help="กุญแจลงนาม (PEM หรือ JWK) / Private signing key, P-256."),
]


@credentials_app.callback()
def group() -> None:
    """ตู้นิรภัยรหัส e-SAR / The vault of e-SAR credentials."""


@credentials_app.command()
def seal(
    file: FileArgument,
    round_id: RoundOption,
    key: KeyOption = None,
    source: Annotated[str, typer.Option(help="ชื่อผู้ส่งที่ขึ้นทะเบียน / Source the sender is registered under.")] = SOURCES[
        ONESQA
    ],
    url: UrlOption = None,
    token: TokenOption = None,
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """ผนึกรหัสจากไฟล์แล้วส่งเข้าตู้นิรภัย / Seal a file of credentials and hand it to the vault. Keeps no copy."""
    from joserfc.errors import JoseError

    from deploy.local.sealing.files import UnusableFileError, exposed, read_lines
    from deploy.local.sealing.sending import RefusedError, UnreachableError, VaultDoor

    if exposed(file):
        complaint.print(f"คนอื่นอ่านไฟล์นี้ได้ / others may read this file: chmod 600 {file}")
    try:
        lines = read_lines(file)
        door, sender = _door(url, token, key, source, data, stack)
        with console.status("ผนึกและส่ง / sealing and sending"):
            batch = VaultDoor.hand_in(door, round_id, lines, sender)
            del lines
            ended = door.follow(batch, lambda _done, _all: None)
    except UnusableFileError as fault:
        _failed(fault, 2)
    except (JoseError, ValueError):
        _failed("อ่านกุญแจลงนามไม่ได้ / the signing key cannot be read", 2)
    except (RefusedError, UnreachableError, TimeoutError, OSError) as failure:
        _failed(failure, 2)
    _tell(ended)
    troubles = [verdict for verdict in ended["counts"] if verdict not in FINE]
    for verdict in troubles:
        _tell_lines(verdict, list(door.verdicts(ended, verdict)))
    raise typer.Exit(1 if troubles or ended["state"] != "done" else 0)


def _door(
    url: str | None, token: str | None, key: Path | None, source: str, data: Path | None, stack: Any
) -> tuple[Any, Any]:
    """The vault and the sender: as given, or those of the running stack."""
    from joserfc.jwk import ECKey

    from deploy.local.sealing.sending import Sender, VaultDoor

    running = choose(data, stack) if url is None or token is None or key is None else None
    if running is not None and not running.state.exists:
        _failed("ยังไม่ได้เริ่มระบบ / nothing runs here: saraban up, or give --url, --token and --key", 2)
    assert running is not None or (url and token and key)
    found = url or running.servers["credentials"].address  # type: ignore[union-attr]
    bearer = token or running.token("publisher", ONESQA)  # type: ignore[union-attr]
    if key is None:
        return VaultDoor(found, bearer), Sender(source, running.publisher_key())  # type: ignore[union-attr]
    text = key.read_text()
    signing = ECKey.import_key(json.loads(text) if text.lstrip().startswith("{") else text)
    return VaultDoor(found, bearer), Sender(source, signing)


def _tell(ended: dict[str, Any]) -> None:
    table = Table(title=f"ชุด / batch {ended['batch']}: {ended['state']}", title_justify="left")
    table.add_column("ผล / verdict")
    table.add_column("แถว / lines", justify="right")
    for verdict, count in sorted(ended["counts"].items()):
        table.add_row(MEANS.get(verdict, verdict), f"{count:,}", style="" if verdict in FINE else "bold red")
    console.print(table)
    if ended["fault"]:
        console.print(f"[bold red]{ended['fault']}")
    console.print(f"กุญแจของชุดถูกทำลายเมื่อ / the batch's key was destroyed at {ended['key_destroyed_at']}")


def _tell_lines(verdict: str, lines: list[dict[str, Any]]) -> None:
    for line in lines[:SHOWN]:
        holder = f"{line['kind']} {line['holder']}" if line["holder"] else ""
        detail = ", ".join(line["detail"])
        console.print(
            f"  แถว / line {line['number']}: {MEANS.get(verdict, verdict)} {holder} {detail}", highlight=False
        )
    if len(lines) > SHOWN:
        console.print(f"  … และอีก {len(lines) - SHOWN} แถว / and {len(lines) - SHOWN} more")


def _failed(why: object, code: int) -> NoReturn:
    complaint.print(str(why))
    raise typer.Exit(code)
