"""Deadlines as letters write them, and which deadline holds for whom. Pure.

A letter says `ภายในวันศุกร์ที่ ๓๑ ตุลาคม ๒๕๖๘`: a day without an hour ends with its last second. A weekday that is not
the date's is for a person to settle: of the copies of one order, two bore years on which 31 October is no Friday.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from services.registry.domain import Round
from shared.thai.calendar import BANGKOK, WEEKDAYS, WEEKDAYS_SHORT, fiscal_year_days, in_bangkok
from shared.thai.dates import DateReadingError, WeekdayMismatchError, parse_date
from shared.thai.numerals import to_arabic
from shared.thai.text import normalise

LAST_SECOND: Final = time(23, 59, 59)
SATURDAY: Final = 5

_WITHIN = re.compile(r"^(?:กำหนดส่ง|ส่ง)?\s*(?:ภายใน|ก่อน|by)?\s*")
_HOUR = re.compile(r"[\s,]*(?:เวลา|ก่อนเวลา|at)?\s*(?P<hour>\d{1,2})[.:](?P<minute>\d{2})\s*(?:น\.?|นาฬิกา)?\s*$")
_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that is no deadline, in words for the person who wrote it. `candidates` are days it may have meant."""

    thai: str
    english: str
    candidates: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two readings of one deadline that differ."""

    thai: str
    english: str


def read_deadline(text: str) -> datetime | Unreadable:
    """`วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘ เวลา ๑๖.๓๐ น.` as an instant at +07:00; without an hour, the day's last second."""
    plain = _WITHIN.sub("", to_arabic(normalise(text).text).strip())
    hour = _HOUR.search(plain)
    at = LAST_SECOND
    if hour:
        try:
            at = time(int(hour["hour"]), int(hour["minute"]))
        except ValueError:
            return Unreadable("เวลาไม่มีอยู่จริง", "there is no such hour")
        plain = plain[: hour.start()]
    try:
        day = parse_date(plain.strip())
    except WeekdayMismatchError as wrong:
        return Unreadable(wrong.thai, wrong.english, wrong.candidates)
    except DateReadingError as wrong:
        return Unreadable(wrong.thai, wrong.english)
    return datetime.combine(day, at, BANGKOK)


def read_weekday(text: str) -> int | None:
    """`วันศุกร์`, `ศ.` or `Friday` as 0 (Monday) to 6; None for anything else."""
    plain = normalise(text).text.strip().removeprefix("วัน").strip()
    for names in (WEEKDAYS, WEEKDAYS_SHORT, tuple(name.rstrip(".") for name in WEEKDAYS_SHORT)):
        if plain in names:
            return names.index(plain)
    return _ENGLISH.index(plain.lower()) if plain.lower() in _ENGLISH else None


def agreed(
    deadline: datetime | None, text: str | None, weekday: str | None
) -> datetime | Unreadable | Contradiction | None:
    """The one deadline that an instant, a Thai text and a weekday tell together; None where none is given."""
    found = deadline
    if text is not None:
        read = read_deadline(text)
        if isinstance(read, Unreadable):
            return read
        if deadline is not None and in_bangkok(deadline).replace(microsecond=0) != read:
            return Contradiction("กำหนดส่งที่เป็นข้อความไม่ตรงกับวันเวลาที่ระบุ", "the deadline's text and its instant differ")
        found = read
    if found is None:
        return None
    found = in_bangkok(found).replace(microsecond=0)
    return _on_its_weekday(found, weekday) if weekday is not None else found


def _on_its_weekday(deadline: datetime, weekday: str) -> datetime | Unreadable | Contradiction:
    said = read_weekday(weekday)
    if said is None:
        return Unreadable("ไม่รู้จักชื่อวันนี้", "no such weekday")
    if said != deadline.weekday():
        return Contradiction(
            f"{deadline.date().isoformat()} เป็นวัน{WEEKDAYS[deadline.weekday()]} ไม่ใช่วัน{WEEKDAYS[said]}",
            f"{deadline.date().isoformat()} is a {_ENGLISH[deadline.weekday()].capitalize()}, "
            f"not a {_ENGLISH[said].capitalize()}",
        )
    return deadline


def deadline_for(state: Round, path: Sequence[str], center: str | None = None) -> datetime:
    """The deadline of a subtree or a center: the latest of the round's and every extension above it or its own."""
    return max([state.deadline, *(one.deadline for one in state.extensions if one.organization in (*path, center))])


def last_moment(state: Round) -> datetime:
    """When nobody can send on time any more: the latest deadline anywhere, and the grace after it."""
    return max([state.deadline, *(one.deadline for one in state.extensions)]) + timedelta(minutes=state.grace_minutes)


def remarks(state: Round) -> list[str]:
    """What a person should look at twice before the round opens; codes of `REMARKS`."""
    found = []
    day = in_bangkok(state.deadline).date()
    first, last = fiscal_year_days(state.fiscal_year)
    if not first <= day <= last:
        found.append("deadline_outside_fiscal_year")
    if day.weekday() >= SATURDAY:
        found.append("deadline_on_weekend")
    if state.academic_year >= state.fiscal_year:
        found.append("academic_year_not_over")
    return found
