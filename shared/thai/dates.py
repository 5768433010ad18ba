"""Reading dates as Thai offices write them.

A reading that contradicts itself (a weekday that is not the date's, a year that is not of its era) is a typed
error for a person to settle, never a silent fix: scanned copies of one order were seen to give three years.
"""

import re
from datetime import date

from shared.thai.calendar import ERA_OFFSET, MONTHS, MONTHS_SHORT, WEEKDAYS, WEEKDAYS_SHORT, format_long
from shared.thai.numerals import to_arabic
from shared.thai.text import normalise

BUDDHIST_YEARS = range(2400, 2700)
CHRISTIAN_YEARS = range(1858, 2158)
"""Years that are taken for one era or the other where the text does not name it; they do not meet."""

_SHORT_YEAR_CENTURY = 2500
_NEARBY_YEARS = 6
"""Weekdays of a date come round within six years, so a misread digit of the year has a candidate there."""


class DateReadingError(ValueError):
    """A text could not be read as a date. `text` is what was given; the message does not repeat it."""

    def __init__(self, text: str, thai: str, english: str) -> None:
        super().__init__(f"{thai} / {english}")
        self.text, self.thai, self.english = text, thai, english


class NotADateError(DateReadingError):
    """The text has not the shape of any date this module reads."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "อ่านเป็นวันที่ไม่ได้", "not a date")


class ImpossibleDateError(DateReadingError):
    """The day does not exist in the calendar, as 31 April or 90 October."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "ไม่มีวันที่นี้ในปฏิทิน", "no such day")


class EraError(DateReadingError):
    """The year is not one of the era that is named, or of no era when none is named, or has two digits."""

    def __init__(self, text: str, year: int) -> None:
        super().__init__(text, f"ปี {year} ไม่ชัดว่าเป็น พ.ศ. หรือ ค.ศ.", f"year {year} fits no era here")
        self.year = year


class WeekdayMismatchError(DateReadingError):
    """The weekday is not the date's. `candidates` are the same day of nearby years on which it would be."""

    def __init__(self, text: str, day: date, said: int) -> None:
        super().__init__(
            text,
            f"{format_long(day, weekday=False)} เป็นวัน{WEEKDAYS[day.weekday()]} ไม่ใช่วัน{WEEKDAYS[said]}",
            f"{day.isoformat()} is no such weekday",
        )
        self.day = day
        self.said = said
        self.candidates = _same_day_with_weekday(day, said)


def _same_day_with_weekday(day: date, weekday: int) -> tuple[date, ...]:
    found = []
    for year in range(day.year - _NEARBY_YEARS, day.year + _NEARBY_YEARS + 1):
        try:
            near = day.replace(year=year)
        except ValueError:  # 29 February
            continue
        if near.weekday() == weekday:
            found.append(near)
    return tuple(found)


def _bare(name: str) -> str:
    return re.sub(r"[.\s]", "", name)


_MONTH_NUMBER = {_bare(name): n for names in (MONTHS, MONTHS_SHORT) for n, name in enumerate(names, start=1)}
_WEEKDAY_NUMBER = {_bare(name): n for names in (WEEKDAYS, WEEKDAYS_SHORT) for n, name in enumerate(names)}
_WEEKDAY_NUMBER["พฤหัส"] = WEEKDAYS.index("พฤหัสบดี")


def _any_of(names: dict[str, int]) -> str:
    """Names longest first; a short one may have dots and spaces anywhere or nowhere (`ต.ค.`, `ต ค`, `ตค`)."""
    return "|".join(r"[.\s]*".join(name) for name in sorted(names, key=len, reverse=True))


_ERA = r"(?P<era>พ\s*\.?\s*ศ\s*\.?|ค\s*\.?\s*ศ\s*\.?|B\.?E\.?|C\.?E\.?|A\.?D\.?)"
_WRITTEN = re.compile(
    rf"(?:(?:วัน)?\s*(?P<weekday>{_any_of(_WEEKDAY_NUMBER)})\s*\.?\s*)?(?:(?:วัน)?\s*ที่)?\s*"
    rf"(?P<day>\d{{1,2}})\s*(?:เดือน\s*)?(?P<month>{_any_of(_MONTH_NUMBER)})\s*\.?\s*(?:ปี\s*)?{_ERA}?\s*(?P<year>\d{{4}}|\d{{2}})"
)
_SLASHED = re.compile(r"(?P<day>\d{1,2})\s*[/.-]\s*(?P<month>\d{1,2})\s*[/.-]\s*(?P<year>\d{4}|\d{2})")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})")


def parse_date(text: str) -> date:
    """Read one date: `วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘`, `ศ. 31 ต.ค. 68`, `31/10/2568`, `2025-10-31`.

    Thai and Arabic numerals, full and short months, either era. A year of two digits is B.E. 25xx, and only
    beside a Thai month. Numbers alone are day, month, year (or ISO). Raises a `DateReadingError`:
    `NotADateError`, `ImpossibleDateError`, `EraError`, or `WeekdayMismatchError` when the weekday given
    is not the date's.
    """
    plain = to_arabic(normalise(text).text)
    found = _WRITTEN.fullmatch(plain)
    if found:
        month = _MONTH_NUMBER[_bare(found["month"])]
        year = _written_year(text, found["year"], found["era"])
    else:
        found = _ISO.fullmatch(plain) or _SLASHED.fullmatch(plain)
        if not found:
            raise NotADateError(text)
        month = int(found["month"])
        year = _christian_year(text, int(found["year"]))
    try:
        day = date(year, month, int(found["day"]))
    except ValueError:
        raise ImpossibleDateError(text) from None
    said = found.groupdict().get("weekday")
    if said is not None and _WEEKDAY_NUMBER[_bare(said)] != day.weekday():
        raise WeekdayMismatchError(text, day, _WEEKDAY_NUMBER[_bare(said)])
    return day


def _written_year(text: str, digits: str, era: str | None) -> int:
    buddhist = {"พ": True, "B": True, "ค": False, "C": False, "A": False}.get(era[0]) if era else None
    year = int(digits)
    if len(digits) == 2:  # noqa: PLR2004 - the regular expression gives two or four
        if buddhist is False:
            raise EraError(text, year)
        return year + _SHORT_YEAR_CENTURY - ERA_OFFSET
    return _christian_year(text, year, buddhist=buddhist)


def _christian_year(text: str, year: int, *, buddhist: bool | None = None) -> int:
    if year in BUDDHIST_YEARS and buddhist is not False:
        return year - ERA_OFFSET
    if year in CHRISTIAN_YEARS and buddhist is not True:
        return year
    raise EraError(text, year)
