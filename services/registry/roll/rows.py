"""Reads one row of a roll: what its cells say together, and what is wrong with them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from services.registry.domain import Entry
from services.registry.roll import cells, places
from services.registry.roll.cells import Point, Read, Texts, Value
from services.registry.roll.columns import REQUIRED, Field, Table
from services.registry.roll.findings import Finding, Reason
from services.registry.roll.places import Place
from services.registry.roll.sheets import Cell

PAO = "2"
"""An LAO of this kind works in its whole province; every other in the district that its code names."""

_MOST_SUGGESTIONS = 1_000
"""Finding what a misspelling meant costs a millisecond; a file in which nothing fits shall not cost minutes."""


class RowReader:
    """Reads the rows of one table and keeps what it finds.

    `codes` are the rows in which each well-formed center code stands, rejected rows included.
    """

    def __init__(self, table: Table, this_year: int) -> None:
        self.findings: list[Finding] = []
        self.codes: dict[str, list[int]] = defaultdict(list)
        self._table, self._this_year = table, this_year
        self._texts = Texts()
        self._suggestions = 0

    def read(self, number: int, row: Sequence[Cell]) -> Entry | None:
        """Understand row `number` (as a person counts), or note why not and return None."""
        line = self._line(number, row)
        code = self._code(line)
        name, lao_name = line.text("name", cells.name), line.text("lao_name", cells.name)
        lao_code = line.text("lao_code", cells.lao_code)
        province, district, subdistrict = self._places(line)
        if lao_code and district and not _belongs(lao_code, district):
            line.note("lao_code", Reason.LAO_CODE_CONTRADICTS_PLACE)
        lao_email, email = line.text("lao_email", cells.email), line.text("email", cells.email)
        assessed = line.value("last_assessed", lambda text: cells.assessed_year(text, self._this_year))
        point = line.point()
        if line.rejected or not (code and name and lao_code and lao_name and province and subdistrict):
            return None
        return Entry(
            number,
            code,
            name,
            lao_code,
            lao_name,
            lao_email,
            subdistrict.code,
            point.latitude,
            point.longitude,
            email,
            assessed if isinstance(assessed, int) else None,
        )

    def _line(self, number: int, row: Sequence[Cell]) -> "_Line":
        width = len(row)
        reads = {
            field: self._texts.read(row[place] if place < width else None)
            for field, place in self._table.columns.items()
        }
        line = _Line(number, reads, self._table.headers, self.findings)
        for field, place in self._table.columns.items():
            read = reads[field]
            if (number - 1, place) in self._table.grid.formulas or cells.is_formula(read.text):
                line.note(field, Reason.FORMULA_CELL)
            elif field in REQUIRED and not read.text:
                line.note(field, Reason.MISSING_VALUE)
            elif read.repairs:
                line.note_all(field, read.repairs, read.text)
        return line

    def _code(self, line: "_Line") -> str | None:
        """The center's code; a name in its place, with a code in the name's, is said as what it is."""
        code, name = line.reads["code"].text, line.reads["name"].text
        if line.sound("code", "name") and _is_thai(code) and not cells.center_code(name).fault:
            line.note("code", Reason.SWAPPED_COLUMNS, name)
            return None
        found = line.text("code", cells.center_code)
        if found:
            self.codes[found].append(line.number)
        return found

    def _places(self, line: "_Line") -> tuple[Place | None, Place | None, Place | None]:
        """Province, district, subdistrict: each is looked for within the one before."""
        province = self._find(line, "province", places.provinces(), Reason.UNKNOWN_PROVINCE)
        if not province or not line.sound("district", "subdistrict"):
            return province, None, None
        within = places.districts(province.code)
        written, below = line.reads["district"].text, line.reads["subdistrict"].text
        if _stand_swapped(written, below, within):
            line.note("district", Reason.SWAPPED_COLUMNS, below)
            return province, None, None
        district = self._find(line, "district", within, Reason.UNKNOWN_DISTRICT)
        if not district:
            return province, None, None
        among = places.subdistricts(district.code)
        gone = partial(places.successor_of, below, district.code)
        return province, district, self._find(line, "subdistrict", among, Reason.UNKNOWN_SUBDISTRICT, gone)

    def _find(
        self,
        line: "_Line",
        field: Field,
        among: Mapping[str, Place],
        fault: Reason,
        gone: Callable[[], str | None] = lambda: None,
    ) -> Place | None:
        if not line.sound(field):
            return None
        written = line.reads[field].text
        found = among.get(places.name_key(written))
        if found is None:
            line.note(field, fault, self._suggest(written, among, gone))
        return found

    def _suggest(self, written: str, among: Mapping[str, Place], gone: Callable[[], str | None]) -> str | None:
        """What was probably meant: where an abolished place went, or the name most like it."""
        self._suggestions += 1
        if self._suggestions > _MOST_SUGGESTIONS:
            return None
        if successor := gone():
            return successor
        close = places.close_name(written, frozenset(among))
        return among[close].name if close else None


def _stand_swapped(district: str, subdistrict: str, within: Mapping[str, Place]) -> bool:
    """Whether a row names a subdistrict as its district and that one's district as its subdistrict."""
    if places.name_key(district) in within:
        return False
    other = within.get(places.name_key(subdistrict))
    return other is not None and places.name_key(district) in places.subdistricts(other.code)


def _is_thai(text: str) -> bool:
    return any("ก" <= char <= "ฮ" for char in text)


def _belongs(lao_code: str, district: Place) -> bool:
    """Whether the places inside an LAO's code are the row's own."""
    depth = 2 if lao_code.startswith(PAO) else 4
    return lao_code[1 : 1 + depth] == district.code[:depth] and lao_code[1:5] in places.district_codes()


class _Line:
    """One row while it is read: the cells it has, and where its findings go."""

    __slots__ = ("_findings", "_headers", "_unsound", "number", "reads", "rejected")

    def __init__(
        self, number: int, reads: dict[Field, Read], headers: Mapping[Field, str], findings: list[Finding]
    ) -> None:
        self.number, self.reads = number, reads
        self.rejected = False
        self._headers, self._findings = headers, findings
        self._unsound: set[Field] = set()

    def note(self, field: Field, reason: Reason, suggestion: str | None = None) -> None:
        """Keep a finding at a cell."""
        finding = Finding(self.number, self._headers[field], cells.shown(self.reads[field].raw), reason, suggestion)
        self._findings.append(finding)
        if finding.verdict == "rejected":
            self.rejected = True
            self._unsound.add(field)

    def note_all(self, field: Field, repairs: Sequence[Reason], became: str) -> None:
        """Keep the repairs of a cell."""
        for reason in repairs:
            self.note(field, reason, became)

    def sound(self, *fields: Field) -> bool:
        """Whether these cells are there and nothing was found against them so far."""
        return self._unsound.isdisjoint(fields)

    def value(self, field: Field, parse: Callable[[str], Value]) -> str | int | None:
        """A cell's value; None if it is empty, its column is missing, or it is at fault."""
        if field not in self.reads or not self.sound(field):
            return None
        value = parse(self.reads[field].text)
        if value.fault:
            self.note(field, value.fault)
        if value.repairs:
            self.note_all(field, value.repairs, str(value.value))
        return value.value

    def text(self, field: Field, parse: Callable[[str], Value]) -> str | None:
        """As `value`, for a cell that holds text."""
        value = self.value(field, parse)
        return None if value is None else str(value)

    def point(self) -> Point:
        """The coordinates; a fault of the pair is noted at the latitude."""
        if not {"latitude", "longitude"} <= self.reads.keys() or not self.sound("latitude", "longitude"):
            return Point()
        point = cells.point(self.reads["latitude"].text, self.reads["longitude"].text)
        if point.fault:
            self.note("latitude", point.fault, None)
        if point.repairs:
            self.note_all("latitude", point.repairs, f"{point.latitude}, {point.longitude}")
        return point
