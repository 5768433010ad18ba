"""An A4 document in Sarabun: headings, paragraphs, labels, tables, codes to type and codes to scan."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final, Literal

from fontpkg_sarabun import ROOT
from fpdf import FPDF

from shared.paper.codes import squares
from shared.paper.lines import wrap
from shared.thai.numerals import to_thai

Align = Literal["L", "C", "R"]

MARGIN_MM: Final = 20.0
TEXT_PT: Final = 14.0
SMALL_PT: Final = 11.0
LEADING: Final = 1.5
"""Distance of base lines by the size of the letters: room for two marks above and one below."""
_MM_A_POINT: Final = 25.4 / 72
_FONTS: Final = ROOT / "files"


class Paper:
    """One document, written from top to bottom; what no longer fits goes on to the next page.

    The same calls with the same `made_at` give the same bytes. `keywords` are not printed: they travel in the file, for
    machines. Lengths are millimetres, sizes of letters points.
    """

    def __init__(self, title: str, *, made_at: datetime, footer: str = "", keywords: str = "") -> None:
        self._pdf = _Pages(footer)
        self._pdf.set_title(title)
        if keywords:
            self._pdf.set_keywords(keywords)
        self._pdf.set_lang("th-TH")
        self._pdf.set_creator("saraban")
        self._pdf.set_creation_date(made_at)
        self._wrapped: dict[tuple[str, float, str, float], list[str]] = {}

    @property
    def width(self) -> float:
        """How wide a line may be here."""
        return self._pdf.epw

    def page(self) -> None:
        """Begin a new page."""
        self._pdf.add_page()

    def heading(self, text: str, *, size: float = 20.0, align: Align = "C") -> None:
        """A bold line of its own."""
        self.paragraph(text, size=size, bold=True, align=align)

    def paragraph(
        self, text: str, *, size: float = TEXT_PT, bold: bool = False, align: Align = "L", indent: float = 0.0
    ) -> None:
        """Text in lines; a newline ends one."""
        self._font(size, bold)
        for line in self._wrap(text, self.width - indent):
            self._line(line, size, align, indent)

    def steps(self, texts: Sequence[str], *, size: float = TEXT_PT) -> None:
        """Numbered steps, in Thai numerals, each with its text hanging beside its number."""
        for number, text in enumerate(texts, start=1):
            self._font(size, bold=False)
            lines = self._wrap(text, self.width - 8)
            self._room(len(lines) * _height(size))
            self._pdf.cell(8, _height(size), to_thai(f"{number}."))
            self._pdf.set_x(self._pdf.l_margin)
            for line in lines:
                self._line(line, size, "L", 8)

    def labels(self, rows: Sequence[tuple[str, str]], *, size: float = TEXT_PT, column: float = 38.0) -> None:
        """Pairs of a bold label and what stands there; long values go on below themselves."""
        for label, value in rows:
            self._font(size, bold=False)
            lines = self._wrap(value, self.width - column)
            self._room(len(lines) * _height(size))
            self._font(size, bold=True)
            self._pdf.cell(column, _height(size), label)
            self._pdf.set_x(self._pdf.l_margin)
            self._font(size, bold=False)
            for line in lines:
                self._line(line, size, "L", column)

    def code(self, text: str, *, size: float = 20.0) -> None:
        """A code that is to be typed: large, bold, in a frame."""
        self._font(size, bold=True)
        lines = self._wrap(text, self.width - 8)
        high = len(lines) * _height(size) + 4
        self._room(high)
        self._pdf.rect(self._pdf.l_margin, self._pdf.get_y(), self.width, high)
        self.space(2)
        for line in lines:
            self._line(line, size, "C", 0)
        self.space(2)

    def note(self, text: str, *, size: float = TEXT_PT) -> None:
        """A warning: bold, with a bar at its side."""
        self._font(size, bold=True)
        lines = self._wrap(text, self.width - 6)
        high = len(lines) * _height(size)
        self._room(high)
        self._pdf.rect(self._pdf.l_margin, self._pdf.get_y(), 1.2, high, style="F")
        for line in lines:
            self._line(line, size, "L", 6)

    def table(
        self, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float], *, size: float = SMALL_PT
    ) -> None:
        """Rows under heads that stand again on every page. `widths` share the line among the columns."""
        unit = self.width / sum(widths)
        columns = [unit * each for each in widths]
        self._row(heads, columns, size, bold=True)
        for row in rows:
            high = max(len(lines) for lines in self._cells(row, columns, size)) * _height(size)
            if self._pdf.will_page_break(high):
                self.page()
                self._row(heads, columns, size, bold=True)
            self._row(row, columns, size, bold=False)

    def qr(self, text: str, *, side: float = 38.0) -> None:
        """A QR code in the middle of the line."""
        self._room(side)
        self._draw(text, self._pdf.l_margin + (self.width - side) / 2, self._pdf.get_y(), side)
        self.space(side)

    @contextmanager
    def beside_qr(self, text: str, *, side: float = 44.0) -> Iterator[None]:
        """A QR code at the right margin, and beside it what is written inside the `with`; then on below both.

        What is written beside it must fit on the page.
        """
        self._room(side)
        top = self._pdf.get_y()
        self._draw(text, self._pdf.w - self._pdf.r_margin - side, top, side)
        self._pdf.set_right_margin(MARGIN_MM + side + 2)
        yield
        self._pdf.set_right_margin(MARGIN_MM)
        self._pdf.set_y(max(self._pdf.get_y(), top + side))

    def rule(self) -> None:
        """A thin line across."""
        self.space(2)
        self._pdf.line(self._pdf.l_margin, self._pdf.get_y(), self._pdf.w - self._pdf.r_margin, self._pdf.get_y())
        self.space(2)

    def space(self, high: float) -> None:
        """Empty room."""
        self._pdf.set_y(self._pdf.get_y() + high)

    def pdf(self) -> bytes:
        """The finished document; nothing can be written after it."""
        return bytes(self._pdf.output())

    def _draw(self, text: str, x: float, y: float, side: float) -> None:
        count, runs = squares(text)
        module = side / count
        for column, row, length in runs:
            self._pdf.rect(x + column * module, y + row * module, length * module, module, style="F")

    def _cells(self, row: Sequence[str], columns: Sequence[float], size: float) -> list[list[str]]:
        self._font(size, bold=False)
        return [self._wrap(text, wide - 2) for text, wide in zip(row, columns, strict=True)]

    def _row(self, row: Sequence[str], columns: Sequence[float], size: float, *, bold: bool) -> None:
        cells = self._cells(row, columns, size)
        high = max(map(len, cells)) * _height(size)
        self._room(high)
        self._font(size, bold)
        top, x = self._pdf.get_y(), self._pdf.l_margin
        for lines, wide in zip(cells, columns, strict=True):
            self._pdf.rect(x, top, wide, high)
            for number, line in enumerate(lines):
                self._pdf.set_xy(x, top + number * _height(size))
                self._pdf.cell(wide, _height(size), line)
            x += wide
        self._pdf.set_xy(self._pdf.l_margin, top + high)

    def _wrap(self, text: str, width: float) -> list[str]:
        """The text in lines, in the font that is set. The same words stand on many sheets: they are measured once."""
        place = (text, width, self._pdf.font_style, self._pdf.font_size_pt)
        if place not in self._wrapped:
            self._wrapped[place] = wrap(text, width, self._pdf.get_string_width)
        return self._wrapped[place]

    def _font(self, size: float, bold: bool) -> None:
        self._pdf.set_font("Sarabun", "B" if bold else "", size)

    def _line(self, line: str, size: float, align: Align, indent: float) -> None:
        self._room(_height(size))
        self._pdf.set_x(self._pdf.l_margin + indent)
        self._pdf.cell(self.width - indent, _height(size), line, align=align, new_x="LMARGIN", new_y="NEXT")

    def _room(self, high: float) -> None:
        if self._pdf.page == 0 or self._pdf.will_page_break(high):
            self.page()


class _Pages(FPDF):
    def __init__(self, footer: str) -> None:
        super().__init__(format="A4")
        self._words = footer
        self.set_margins(MARGIN_MM, 16, MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=18)
        self.c_margin = 1.0
        self.add_font("Sarabun", "", _FONTS / "Sarabun-Regular.ttf")
        self.add_font("Sarabun", "B", _FONTS / "Sarabun-Bold.ttf")
        self.set_text_shaping(True)
        self.set_line_width(0.25)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font("Sarabun", "", 9)
        right = self.r_margin
        self.set_right_margin(MARGIN_MM)
        self.cell(self.epw - 20, 5, self._words)
        self.cell(20, 5, to_thai(f"หน้า {self.page_no()}"), align="R")
        self.set_right_margin(right)


def _height(size: float) -> float:
    return size * _MM_A_POINT * LEADING
