"""Summaries as a table: one row a center, one column an indicator; nothing in it acts in a spreadsheet. Pure."""

import csv
import io
from collections.abc import Iterable

from services.submissions.summary.answers import Sent, Summary
from services.submissions.summary.framework import Framework
from shared.thai.calendar import in_bangkok

BOM = "\ufeff"
"""Without it a spreadsheet takes the text for another encoding than UTF-8."""
_ACTING = ("=", "+", "-", "@", "\t", "\r")
_FIXED = ("รหัสศูนย์", "ส่งโดย", "จังหวัด", "อำเภอ", "อปท.", "ฉบับที่", "กรอบฉบับที่", "ส่งเมื่อ", "หลังกำหนด", "ใบรับ")


def head(framework: Framework) -> str:
    """The first line: fixed columns, then each indicator, then what was written of each standard."""
    columns = [*_FIXED, *(f"{one.code} {one.name}" for one in framework.indicators)]
    for standard in framework.standards:
        columns += [f"จุดเด่น {standard.code}", f"จุดที่ควรพัฒนา {standard.code}"]
    return BOM + line(columns)


def row(framework: Framework, summary: Summary, sent: Sent) -> str:
    """A center's line. An indicator that its version of the framework did not have stays empty."""
    levels = {one.indicator: one.level or "" for one in sent.answers.ratings}
    remarks = {one.standard: one for one in sent.answers.remarks}
    origin = next((one.center for one in summary.carried if sent not in summary.sent and sent in one.sent), "")
    _, province, district, lao = (*summary.path, "", "", "", "")[:4]
    cells = [summary.center, origin, province, district, lao, str(sent.version), str(sent.answers.framework_version)]
    cells += [in_bangkok(sent.sent_at).isoformat(timespec="seconds"), "1" if sent.late else "0", sent.receipt or ""]
    cells += [levels.get(one.code, "") for one in framework.indicators]
    for standard in framework.standards:
        words = remarks.get(standard.code)
        cells += [(words and words.strengths) or "", (words and words.needs) or ""]
    return line(cells)


def line(cells: Iterable[str]) -> str:
    """One line of CSV (RFC 4180). What a spreadsheet would take for a formula becomes text."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(
        [f"'{cell}" if cell.startswith(_ACTING) else cell for cell in cells]
    )
    return out.getvalue()
