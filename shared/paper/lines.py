"""Where a line of Thai may end, without a dictionary of the language.

Thai puts no space between words. What the script itself says is sure: a syllable begins before เ แ โ ใ ไ and ends after
ะ ำ ๆ ฯ and ์; a mark, a following vowel or a letter that closes an open vowel never begins a line. A small list of the
words these sheets are made of keeps the usual ones whole. Where even that leaves a piece wider than the line, it is cut
between clusters, so that no mark ever loses its letter; and a number or a Latin word wider than the line, anywhere.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

ZERO_WIDTH_SPACE: Final = "\u200b"
"""A writer's own mark of a good place to end a line; it is never printed."""

LEADING: Final = "เแโใไ"
_FOLLOWING: Final = "ะาำๅๆฯ"
_MARKS: Final = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
_OPEN: Final = "\u0e31\u0e37\u0e47"  # ั ื ็ wait for a closing letter
_CLOSED: Final = "ะำๆฯ\u0e4c"

_CLUSTER: Final = re.compile(
    rf"[{LEADING}]*(?:[ก-ฮ][{_MARKS}]*[{_FOLLOWING}]*)"  # a letter with all that hangs on it
    rf"|[^\S{ZERO_WIDTH_SPACE}]+"  # spaces
    r"|[0-9๐-๙]+(?:[.,:/-][0-9๐-๙]+)*"  # numbers, dates, codes in digits
    r"|[A-Za-z0-9_.@#%+/:=?&~-]+"
    r"|[\s\S]"
)
_NEVER_FIRST: Final = frozenset(")]}”’»,.;:!?%ๆฯ")
_NEVER_LAST: Final = frozenset("([{“‘«")

_WORDS: Final = """
ชื่อผู้ใช้ รหัสผ่าน รหัสยืนยัน รหัสรับสิทธิ รหัสศูนย์ ผู้ถือบัญชี ศูนย์พัฒนาเด็กเล็ก
องค์การบริหารส่วนตำบล องค์การบริหารส่วนจังหวัด เทศบาลตำบล เทศบาลเมือง เทศบาลนคร
องค์กรปกครองส่วนท้องถิ่น กรมส่งเสริมการปกครองท้องถิ่น สำนักงาน รับรอง มาตรฐาน ประเมิน คุณภาพ
การศึกษา ภายนอก รายงาน ตนเอง หนังสือ เอกสาร ใบรับ อีเมล ลงทะเบียน โทรศัพท์ เจ้าหน้าที่
ผู้ดูแลระบบ หน่วยงาน ต้นสังกัด อำเภอ จังหวัด ตำบล เปิดดู ครั้งเดียว ภายใน วันที่ เวลา
ปีการศึกษา ปีงบประมาณ กำหนด ผู้รับ ผู้ส่ง ลงชื่อ ตำแหน่ง เว็บไซต์ สแกน คิวอาร์โค้ด ตรวจสอบ
ระบบ ข้อมูล ส่วนบุคคล สมุดตรวจสอบ วัตถุประสงค์ ไฟล์ แก้ไข ประกาศ เผยแพร่ ทันที เก็บรักษา
บุคคลอื่น เปลี่ยน ยกเลิก โปรด ทำลาย ประเทศไทย พระราชบัญญัติ คุ้มครอง อิเล็กทรอนิกส์ สารบรรณ
โครงการ ประสาน ประกอบ ประชาชน ประวัติ ประเภท กระทรวง มหาดไทย นายกเทศมนตรี โรงเรียน เรียน
"""
_WORD: Final = re.compile("|".join(sorted(_WORDS.split(), key=len, reverse=True)))


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """The text in lines no wider than `width` by `measure`; a newline always ends one.

    Every character but spaces at the ends of lines and zero-width spaces comes out, in order. A line is wider than
    `width` only where a single cluster of Thai is.
    """
    return [line for paragraph in text.split("\n") for line in _fill(paragraph, width, measure)]


def pieces(text: str) -> list[str]:
    """The text cut wherever a line may end; joined again it is the text."""
    return list(_join(_clusters(text), _word_edges(text)))


def _fill(paragraph: str, width: float, measure: Callable[[str], float]) -> Iterator[str]:
    line = ""
    for piece in pieces(paragraph):
        printed = piece.replace(ZERO_WIDTH_SPACE, "")
        if measure((line + printed).rstrip()) <= width:
            line += printed
            continue
        if line.strip():
            yield line.rstrip()
        line = ""
        bare = printed.strip()
        for part in [printed.lstrip()] if measure(bare) <= width else _parts(bare, width, measure):
            if line and measure(line + part) > width:
                yield line
                line = ""
            line += part
    yield line.rstrip()


def _parts(piece: str, width: float, measure: Callable[[str], float]) -> Iterator[str]:
    """What a piece wider than the line may be cut into."""
    for cluster in _clusters(piece):
        if measure(cluster) <= width or _thai(cluster[0]):
            yield cluster
        else:
            yield from cluster


def _clusters(text: str) -> list[str]:
    """The text in the smallest parts that may be parted at all."""
    found: list[str] = []
    for cluster in _CLUSTER.findall(text):
        open_vowel = found and found[-1][-1] in _OPEN + "\u0e48\u0e49\u0e4a\u0e4b" and _waits(found[-1])
        if found and (open_vowel and "ก" <= cluster[0] <= "ฮ"):
            found[-1] += cluster
        else:
            found.append(cluster)
    return found


def _waits(cluster: str) -> bool:
    """Whether the vowel of a cluster needs a closing letter: ตั้|ง, ชื่|อ, เด็|ก."""
    bare = cluster.rstrip("\u0e48\u0e49\u0e4a\u0e4b")
    return bool(bare) and bare[-1] in _OPEN


def _word_edges(text: str) -> tuple[set[int], set[int]]:
    """Where known words begin or end, and the places inside them."""
    edges: set[int] = set()
    inside: set[int] = set()
    for word in _WORD.finditer(text):
        edges |= {word.start(), word.end()}
        inside |= set(range(word.start() + 1, word.end()))
    return edges, inside - edges


def _join(clusters: list[str], words: tuple[set[int], set[int]]) -> Iterator[str]:
    edges, inside = words
    piece, at = "", 0
    for cluster in clusters:
        if piece and _may_end(piece, cluster, at in edges, at in inside):
            yield piece
            piece = ""
        piece += cluster
        at += len(cluster)
    if piece:
        yield piece


def _may_end(before: str, after: str, edge: bool, inside: bool) -> bool:
    last, first = before[-1], after[0]
    if last == ZERO_WIDTH_SPACE:
        return True
    if first in _NEVER_FIRST or last in _NEVER_LAST or first.isspace() or inside:
        return False
    if last.isspace() or edge or first in LEADING or last in _CLOSED:
        return True
    return _thai(last) != _thai(first) and last.isalnum() and first.isalnum()


def _thai(letter: str) -> bool:
    return "\u0e01" <= letter <= "\u0e4e"
