"""What `saraban verify` shows."""

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.local.verify.verdict import SHOWN, Verdict


def shown(verdict: Verdict) -> RenderableType:
    """A table of the checks, the gaps by name, and the answer."""
    table = Table(title="ตรวจสอบว่าไม่มีอะไรหาย / the lossless answer", title_justify="left")
    table.add_column("เรื่อง / check")
    table.add_column("ควรมี / expected", justify="right")
    table.add_column("พบ / found", justify="right")
    table.add_column("")
    for check in verdict.checks:
        mark = (
            Text("ครบ / clean", style="green")
            if check.clean
            else Text(f"ขาด / {len(check.gaps)} gaps", style="bold red")
        )
        table.add_row(f"{check.thai} / {check.name}", f"{check.expected:,}", f"{check.found:,}", mark)
    gaps = [Text(f"  {gap}", style="red") for check in verdict.checks for gap in check.gaps[:SHOWN]]
    hidden = sum(max(0, len(check.gaps) - SHOWN) for check in verdict.checks)
    if hidden:
        gaps.append(Text(f"  … และอีก {hidden} รายการ / and {hidden} more", style="red"))
    answer = (
        Text("ไม่มีอะไรหาย / nothing was lost", style="bold green")
        if verdict.clean
        else Text("มีรายการที่ขาด ตามชื่อด้านบน / there are gaps, named above", style="bold red")
    )
    return Group(table, *gaps, answer)


def show(console: Console, verdict: Verdict) -> None:
    """Print it."""
    console.print(shown(verdict))
