"""Memory does not grow with the file: peaks of child processes that read short and long rolls."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.registry.files import HEADERS, SOUND, as_xlsx

MIB = 1024
"""VmHWM counts KiB. (ru_maxrss would begin with the size of the process that started this one.)"""

READ = """
import json, sys
from services.registry.roll.reading import read_roll
from services.registry.roll.spool import Spool
spool = Spool()
with open(sys.argv[1], "rb") as file:
    reading = read_roll(file, 2569, spool)
entries = 0
lao = code = ""
while chunk := spool.entries_after(lao, code, 1_000):
    entries, lao, code = entries + len(chunk), chunk[-1].lao_code, chunk[-1].code
said = {"verdicts": spool.verdicts(), "entries": entries, "findings": len(spool.findings(2_000))}
status = open("/proc/self/status").read().split()
print(json.dumps(said | {"peak": int(status[status.index("VmHWM:") + 1])}))
"""


def rows(count: int, spoilt_every: int) -> Iterator[dict[str, str]]:
    for number in range(count):
        code = f"{number:010}"
        said = {"รหัสศูนย์": code, "ชื่อศูนย์": f"ศูนย์พัฒนาเด็กเล็กบ้านที่ {number}", "อีเมล": f"c{code}@center.example"}
        yield SOUND | said | ({"อำเภอ": f"ฟากฟ้า {number}"} if number % spoilt_every == 0 else {})


def write_csv(path: Path, count: int, spoilt_every: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(HEADERS) + "\n")
        file.writelines(",".join(row.values()) + "\n" for row in rows(count, spoilt_every))


def write_xlsx(path: Path, count: int, spoilt_every: int) -> None:
    """A workbook with all its texts shared, as spreadsheets save them."""
    strings: dict[str, int] = {}
    small = path.with_suffix(".small")
    small.write_bytes(as_xlsx([HEADERS]))
    with zipfile.ZipFile(small) as given, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for name in given.namelist():
            if name == "xl/worksheets/sheet1.xml":
                with made.open(name, "w") as sheet:
                    sheet.write(b"<worksheet><sheetData>")
                    for cells in (dict(zip(HEADERS, HEADERS, strict=True)), *rows(count, spoilt_every)):
                        numbers = (strings.setdefault(text, len(strings)) for text in cells.values())
                        sheet.write(
                            b"<row>" + b"".join(b'<c t="s"><v>%d</v></c>' % number for number in numbers) + b"</row>"
                        )
                    sheet.write(b"</sheetData></worksheet>")
            elif name == "xl/_rels/workbook.xml.rels":
                shared = '<Relationship Id="s" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
                made.writestr(name, given.read(name).decode().replace("</Relationships>", shared))
            else:
                made.writestr(name, given.read(name))
        with made.open("xl/sharedStrings.xml", "w") as shared_strings:
            shared_strings.write(b"<sst>")
            for text in strings:
                shared_strings.write(f"<si><t>{text}</t></si>".encode())
            shared_strings.write(b"</sst>")


def read(folder: Path, kind: str, count: int, spoilt_every: int) -> int:
    """The most memory that reading such a roll took, in KiB."""
    path = folder / f"{count}.{kind}"
    (write_csv if kind == "csv" else write_xlsx)(path, count, spoilt_every)
    done = subprocess.run([sys.executable, "-c", READ, str(path)], check=True, capture_output=True, text=True)
    said = json.loads(done.stdout)
    rejected = len(range(0, count, spoilt_every))
    assert said["verdicts"] == {"accepted": count - rejected, "rejected": rejected}
    assert said["entries"] == count - rejected
    return int(said["peak"])


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_roll_ten_times_as_long_takes_hardly_more(tmp_path, kind):
    short, long = (read(tmp_path, kind, count, spoilt_every=10) for count in (800, 8_000))
    assert long - short < 24 * MIB


@pytest.mark.campaign
@pytest.mark.parametrize("spoilt_every", [1_000, 2], ids=["few rows spoilt", "every other row spoilt"])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_roll_of_100_000_rows_takes_hardly_more_than_one_of_a_thousand(tmp_path, kind, spoilt_every):
    short, long = (read(tmp_path, kind, count, spoilt_every) for count in (1_000, 100_000))
    assert long - short < 48 * MIB
