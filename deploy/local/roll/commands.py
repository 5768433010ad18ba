"""The commands `saraban roll generate`, `check` and `import`."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

roll_app = typer.Typer(
    help="บัญชีรายชื่อศูนย์: สร้าง ตรวจ นำเข้า / Rolls of centers: generate, check, import.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

NATIONAL = 10_002
"""The centers of the letters' own roll."""
ALL_FINE, SOME_REJECTED, NOT_DONE, WAITS = 0, 1, 2, 3

File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="XLSX หรือ CSV / XLSX or CSV file.")
]
RoundOption = Annotated[str, typer.Option("--round", help="รหัสรอบ / Id of the round, such as 2569.")]
UrlOption = Annotated[
    str | None,
    typer.Option(envvar="SARABAN_REGISTRY_URL", help="ที่อยู่ทะเบียน / Registry; the running stack's if not given."),
]
TokenOption = Annotated[
    str | None,
    typer.Option(envvar="SARABAN_TOKEN", help="บัตรผ่าน / Bearer token; the running stack's own if not given."),
]
DataOption = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="โฟลเดอร์ของระบบที่ทำงานอยู่ / The running stack's folder.")
]
PartOption = Annotated[
    bool,
    typer.Option(
        "--part", help="ไฟล์เป็นเพียงบางส่วนของบัญชี ศูนย์อื่นคงอยู่ / The file is a part; centers it does not name stay."
    ),
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        "--report", dir_okay=False, help="บันทึกไฟล์เดิมพร้อมผลแต่ละแถว (.xlsx) / Save the file with each row's result."
    ),
]
ReasonOption = Annotated[
    str, typer.Option(help="เหตุผลถึงผู้อนุมัติ หากต้องมี / For the second person, should one have to approve.")
]
MostOption = Annotated[int, typer.Option(min=0, help="แสดงไม่เกินกี่รายการ / Findings to show.")]


@roll_app.command()
def generate(
    centers: Annotated[int, typer.Option(min=1, help="จำนวนศูนย์ / How many centers.")] = NATIONAL,
    seed: Annotated[int, typer.Option(help="เมล็ดสุ่ม / The same seed gives the same roll.")] = 2569,
    out: Annotated[Path, typer.Option(file_okay=False, help="โฟลเดอร์ปลายทาง / Folder to write to.")] = Path("var/roll"),
    *,
    dirty: Annotated[
        bool, typer.Option("--dirty", help="ฉบับที่มีข้อผิด พร้อมผลที่ควรได้ / Also a spoilt variant and its verdicts.")
    ] = False,
) -> None:
    """สร้างบัญชีรายชื่อจำลองจากตำบลจริง / Make a realistic roll over the real subdistricts, as XLSX and CSV."""
    from deploy.local.roll import dirt, generator, writers
    from deploy.local.roll.gazetteer import MissingTableError

    console = Console()
    try:
        roll = generator.generate(centers, seed)
        written = [out / "roll.xlsx", out / "roll.csv"]
        writers.write_xlsx(roll, written[0])
        writers.write_csv(roll, written[1])
        if dirty:
            written += dirt.write_dirty(roll, out / "roll-dirty")
    except (ValueError, MissingTableError, OSError) as failure:
        _fail(str(failure))
    laos, provinces = len(roll.lao_codes), len({row.province for row in roll.rows})
    console.print(
        f"{centers:,} ศูนย์ {laos:,} อปท. {provinces} จังหวัด / centers, LAOs, provinces (seed {seed})", highlight=False
    )
    for path in written:
        console.print(f"  {path}", highlight=False, soft_wrap=True)


@roll_app.command()
def check(
    file: File,
    round_id: RoundOption,
    url: UrlOption = None,
    token: TokenOption = None,
    data: DataOption = None,
    report: ReportOption = None,
    most: MostOption = 50,
    *,
    part: PartOption = False,
) -> None:
    """ตรวจบัญชีรายชื่อโดยไม่เปลี่ยนข้อมูล / Say what an import would do, and change nothing.

    Exit code 0: every row counts. 1: some rows are rejected. 2: the roll was refused or nobody answered.
    """
    _send(file, round_id, url, token, data, most, dry_run=True, part=part, report=report)


@roll_app.command("import")
def import_(
    file: File,
    round_id: RoundOption,
    url: UrlOption = None,
    token: TokenOption = None,
    data: DataOption = None,
    reason: ReasonOption = "",
    most: MostOption = 50,
    *,
    part: PartOption = False,
) -> None:
    """นำเข้าบัญชีรายชื่อ / Import a roll: rows that count enter, rejected ones are listed. Safe to repeat.

    Exit code 0: every row counts. 1: some rows are rejected. 2: the roll was refused or nobody answered. 3: too many
    centers would leave the roll; nothing was changed, and a second officer must approve.
    """
    _send(file, round_id, url, token, data, most, dry_run=False, part=part, reason=reason)


def _send(
    file: Path,
    round_id: str,
    url: str | None,
    token: str | None,
    data: Path | None,
    most: int,
    *,
    dry_run: bool,
    part: bool,
    report: Path | None = None,
    reason: str = "",
) -> NoReturn:
    from deploy.local.roll.client import Refused, Sending, UnreachableError, save_report, send_roll
    from deploy.local.roll.reporting import show_refusal, show_report

    address, bearer = _where_and_who(url, token, data)
    sending = Sending(address, bearer, round_id, dry_run, part, reason)
    try:
        answer = send_roll(file, sending)
        if report and not isinstance(answer, Refused):
            answer = save_report(file, sending, report) or answer
    except (UnreachableError, OSError) as failure:
        _fail(str(failure))
    if isinstance(answer, Refused):
        show_refusal(Console(stderr=True), answer)
        raise typer.Exit(NOT_DONE)
    console = Console(width=None if sys.stdout.isatty() else 160)
    show_report(console, answer, most)
    if report:
        console.print(f"  {report}", highlight=False, soft_wrap=True)
    raise typer.Exit(WAITS if answer.waits else SOME_REJECTED if answer.rejected else ALL_FINE)


def _where_and_who(url: str | None, token: str | None, data: Path | None) -> tuple[str, str]:
    """The registry and the token that were given, or those of the stack that runs on this machine."""
    if url and token:
        return url, token
    from deploy.local.choice import choose
    from deploy.local.servers.issuer import TokenRefusedError
    from deploy.local.stack import NotOursError
    from deploy.local.state import WrongStackError

    try:
        stack = choose(data, None)
        address = url or next((one.address for one in stack.status() if one.name == "registry"), None)
        bearer = token or stack.token("department", "00")
    except (KeyError, TokenRefusedError, NotOursError, WrongStackError) as failure:
        _fail(f"ระบุ --url และ SARABAN_TOKEN หรือเริ่มระบบก่อน / give --url and SARABAN_TOKEN, or: saraban up ({failure})")
    if address is None:
        _fail("ไม่พบทะเบียนที่ทำงานอยู่ / no registry runs here: saraban up")
    return address, bearer


def _fail(reason: str) -> NoReturn:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(reason)
    raise typer.Exit(NOT_DONE)
