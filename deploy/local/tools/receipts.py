"""`saraban receipts`: checks a receipt without a network, and the file that it is about."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import pikepdf
import typer
from rich.console import Console

from services.submissions.receipts.checking import Fault, check_receipt
from services.submissions.receipts.codes import spoken
from services.submissions.receipts.signing import Receipt
from shared.thai.calendar import format_moment

console = Console(width=None if sys.stdout.isatty() else 140)
receipts_app = typer.Typer(no_args_is_help=True, help="ใบรับ / Receipts.")

_FAULTS: dict[Fault, str] = {
    "not-a-receipt": "ไฟล์นี้ไม่ใช่ใบรับ / this file holds no receipt",
    "keys-unusable": "ไฟล์กุญแจใช้ไม่ได้ / the file of keys is no JWK set",
    "unknown-key": "ไม่มีกุญแจที่ลงนามใบรับนี้ / none of the keys signed this receipt: get the set with the keys of all times",
    "bad-signature": "ลายเซ็นไม่ถูกต้อง ใบรับถูกแก้ไข / the signature does not hold: the receipt was changed",
    "code-differs": "เลขใบรับไม่ตรงกับเนื้อหา / the code does not follow from what the receipt says",
}


@receipts_app.callback()
def receipts() -> None:
    """Makes `check` a command of its own while it is the only one."""


@receipts_app.command()
def check(
    file: Annotated[Path, typer.Argument(help="ใบรับ: PDF, JSON หรือ JWS / the receipt: PDF, JSON or JWS")],
    keys: Annotated[Path, typer.Option(help="กุญแจจาก GET /v1/receipt-keys / the keys, as that route gave them")],
    report: Annotated[Path | None, typer.Option(help="ไฟล์รายงานที่ใบรับพูดถึง / the report that it is about")] = None,
) -> None:
    """ตรวจใบรับโดยไม่ใช้เครือข่าย / Check a receipt offline. Exit code 1 if it proves nothing, 2 if a file is unreadable."""
    found = check_receipt(_receipt_in(file), _keys_in(keys))
    if not isinstance(found, Receipt):
        console.print(_FAULTS[found.fault], soft_wrap=True)
        raise typer.Exit(1)
    late = "หลังกำหนด / late" if found.late else "ทันกำหนด / on time"
    console.print(f"ใบรับ {spoken(found.code)} เป็นของจริง / is genuine", soft_wrap=True)
    console.print(f"  รอบ / round {found.round}  ศูนย์ / center {found.center}", soft_wrap=True, highlight=False)
    when = f"{format_moment(found.received_at)} ({found.received_at.isoformat()})"
    console.print(f"  ได้รับเมื่อ / received {when}  {late}", soft_wrap=True, highlight=False)
    console.print(f"  SHA-256 {found.sha256}  {found.size:,} bytes", soft_wrap=True, highlight=False)
    if report is not None:
        _compare(report, found)


def _compare(report: Path, receipt: Receipt) -> None:
    with _open(report).open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != receipt.sha256:
        console.print("ไฟล์รายงานไม่ใช่ฉบับที่ใบรับนี้รับไว้ / the report is not the one that was received", soft_wrap=True)
        raise typer.Exit(1)
    console.print("ไฟล์รายงานตรงกับใบรับ / the report is the one that was received", soft_wrap=True)


def _receipt_in(file: Path) -> str:
    """The text of a receipt; that of a PDF lies among its keywords."""
    raw = _open(file).read_bytes()
    if not raw.startswith(b"%PDF-"):
        return raw.decode("utf-8", errors="replace")
    try:
        with pikepdf.open(file) as pdf:
            return str(pdf.docinfo.get("/Keywords", ""))
    except pikepdf.PdfError:
        return ""


def _keys_in(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(_open(file).read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _open(file: Path) -> Path:
    if not file.is_file():
        console.print(f"เปิดไฟล์ไม่ได้ / no such file: {file}", soft_wrap=True)
        raise typer.Exit(2)
    return file
