"""Reads one row of a roll: what its cells say together, and what is wrong with them. Pure.

A row is read by itself: what it contradicts in other rows, or in the registry, is found by whoever knows those.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.registry.domain import Entry
from services.registry.roll import cells, places
from services.registry.roll.cells import Read, Texts, Value
from services.registry.roll.findings import Finding, Reason, Verdict, verdict_of
from services.registry.roll.headers import REQUIRED, Field
from services.registry.roll.places import Place
from services.registry.roll.points import Point, point
from services.registry.roll.sheets import Cell

PAO = "2"
"""An LAO of this kind works in its whole province; every other in the district that its code names."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing found in one field of a row."""

    field: Field
    value: str
    reason: Reason
    suggestion: str | None = None

    def at(self, line: int, column: str, *, sheet: int = 0, place: int | None = None) -> Finding:
        """The same as a finding in a file."""
        return Finding(line, self.field, column, self.value, self.reason, self.suggestion, sheet, place)


@dataclass(frozen=True, slots=True)
class Understood:
    """What a row says: an entry unless it is rejected, the center's code where one could be read, and the remarks."""

    entry: Entry | None
    code: str | None
    remarks: tuple[Remark, ...]

    @property
    def verdict(self) -> Verdict:
        """The row's, as far as it is the row's own."""
        if self.entry is None:
            return "rejected"
        return "repaired" if self.remarks else "accepted"


class RowReader:
    """Reads rows. `this_year` (B.E.) bounds the years of assessments."""

    def __init__(self, this_year: int) -> None:
        self._this_year = this_year
        self._texts = Texts()

    def read(self, number: int, row: Mapping[Field, Cell]) -> Understood:
        """Understand a row of cells by their fields, or say why not. `number` is the entry's own."""
        line = _Line({field: self._texts.read(cell) for field, cell in row.items()})
        code = _code(line)
        name, lao_name = line.text("name", cells.name), line.text("lao_name", cells.name)
        lao_code = line.text("lao_code", cells.lao_code)
        province, district, subdistrict = _places(line)
        if lao_code and district and not _belongs(lao_code, district):
            line.note("lao_code", Reason.LAO_CODE_CONTRADICTS_PLACE, _place_of(lao_code))
        lao_email, email = line.text("lao_email", cells.email), line.text("email", cells.email)
        assessed = line.value("last_assessed", lambda text: cells.assessed_year(text, self._this_year))
        where = line.point()
        remarks = tuple(line.remarks)
        if line.rejected or not (code and name and lao_code and lao_name and province and subdistrict):
            return Understood(None, code, remarks)
        entry = Entry(
            number,
            code,
            name,
            lao_code,
            lao_name,
            lao_email,
            subdistrict.code,
            where.latitude,
            where.longitude,
            email,
            assessed if isinstance(assessed, int) else None,
        )
        return Understood(entry, code, remarks)


def _code(line: "_Line") -> str | None:
    """The center's code; a name in its place, with a code in the name's, is said as what it is."""
    code, name = line.said("code"), line.said("name")
    if line.sound("code", "name") and _is_thai(code) and not cells.center_code(name).fault:
        line.note("code", Reason.SWAPPED_COLUMNS, name)
        return None
    return line.text("code", cells.center_code)


def _places(line: "_Line") -> tuple[Place | None, Place | None, Place | None]:
    """Province, district, subdistrict: each is looked for within the one before."""
    province = _find(line, "province", places.provinces(), Reason.UNKNOWN_PROVINCE)
    if not province or not line.sound("district", "subdistrict"):
        return province, None, None
    within = places.districts(province.code)
    written, below = line.said("district"), line.said("subdistrict")
    if _stand_swapped(written, below, within):
        line.note("district", Reason.SWAPPED_COLUMNS, below)
        return province, None, None
    district = _find(line, "district", within, Reason.UNKNOWN_DISTRICT, lambda: places.district_elsewhere(written))
    if not district:
        return province, None, None
    among = places.subdistricts(district.code)

    def gone() -> str | None:
        return places.successor_of(below, district.code) or places.subdistrict_elsewhere(below, province.code)

    return province, district, _find(line, "subdistrict", among, Reason.UNKNOWN_SUBDISTRICT, gone)


def _find(
    line: "_Line",
    field: Field,
    among: Mapping[str, Place],
    fault: Reason,
    gone: Callable[[], str | None] = lambda: None,
) -> Place | None:
    if not line.sound(field):
        return None
    written = line.said(field)
    found = among.get(places.name_key(written))
    if found is None:
        # Where a place of exactly this name went, or lies, says more than what looks like it here.
        near = places.nearest(written, frozenset(among))
        line.note(field, fault, gone() or " หรือ / or ".join(among[key].name for key in near) or None)
    return found


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


def _place_of(lao_code: str) -> str | None:
    """Where an LAO's code says that it is, in words."""
    if lao_code[1:5] not in places.district_codes():
        return None
    return f"อำเภอ{places.district_name(lao_code[1:5])} จังหวัด{places.province_name(lao_code[1:3])}"


class _Line:
    """One row while it is read: the cells it has, and what was found in them."""

    __slots__ = ("_reads", "_unsound", "rejected", "remarks")

    def __init__(self, reads: Mapping[Field, Read]) -> None:
        self._reads = reads
        self.rejected = False
        self.remarks: list[Remark] = []
        self._unsound: set[Field] = set()
        for field, read in reads.items():
            if read.fault:
                self.note(field, read.fault)
            elif read.repairs and read.text:
                self.note_all(field, read.repairs, read.text)
        for field in REQUIRED:
            if not self.said(field) and self.sound(field):
                self.note(field, Reason.MISSING_VALUE)

    def said(self, field: Field) -> str:
        """The text of a cell; nothing where its column is missing."""
        read = self._reads.get(field)
        return read.text if read else ""

    def note(self, field: Field, reason: Reason, suggestion: str | None = None) -> None:
        """Keep a remark."""
        read = self._reads.get(field)
        self.remarks.append(Remark(field, cells.shown(read.raw) if read else "", reason, suggestion))
        if verdict_of(reason) == "rejected":
            self.rejected = True
            self._unsound.add(field)

    def note_all(self, field: Field, repairs: Sequence[Reason], became: str) -> None:
        """Keep the repairs of a cell."""
        for reason in repairs:
            self.note(field, reason, cells.shown(became))

    def sound(self, *fields: Field) -> bool:
        """Whether nothing was found against these cells so far."""
        return self._unsound.isdisjoint(fields)

    def value(self, field: Field, parse: Callable[[str], Value]) -> str | int | None:
        """A cell's value; None if it is empty, its column is missing, or it is at fault."""
        text = self.said(field)
        if not text or not self.sound(field):
            return None
        value = parse(text)
        if value.fault:
            self.note(field, value.fault, value.suggestion)
        if value.repairs:
            self.note_all(field, value.repairs, str(value.value))
        return value.value

    def text(self, field: Field, parse: Callable[[str], Value]) -> str | None:
        """As `value`, for a cell that holds text."""
        value = self.value(field, parse)
        return None if value is None else str(value)

    def point(self) -> Point:
        """The coordinates; what is found of the pair is noted at the latitude."""
        if not self.sound("latitude", "longitude") or "latitude" not in self._reads:
            return Point()
        where = point(self.said("latitude"), self.said("longitude"))
        if where.fault and "longitude" not in self._reads:
            return Point()  # half of what was never asked for
        if where.fault:
            self.note("latitude", where.fault, where.suggestion)
        if where.repairs:
            self.note_all("latitude", where.repairs, f"{where.latitude}, {where.longitude}")
        return where


def cells_of(cells_in_row: Sequence[Cell], columns: Mapping[Field, int]) -> Iterator[tuple[Field, Cell]]:
    """The cells of a sheet's row by their fields."""
    width = len(cells_in_row)
    for field, place in columns.items():
        yield field, cells_in_row[place] if place < width else None
