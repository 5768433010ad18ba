"""Dates of the Buddhist Era: B.E. = C.E. + 543, fiscal years, Thai time.

Stored and computed as ISO 8601 at +07:00; shown as `วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘`. Reading is in `dates.py`.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone

from shared.thai.numerals import to_thai

BANGKOK = timezone(timedelta(hours=7), "+07:00")
"""Thai time: +07:00 all year since 1941, without daylight saving."""

ERA_OFFSET = 543
FISCAL_YEAR_FIRST_MONTH = 10

WEEKDAYS = ("จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์", "อาทิตย์")
WEEKDAYS_SHORT = ("จ.", "อ.", "พ.", "พฤ.", "ศ.", "ส.", "อา.")
MONTHS = (
    "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน",
    "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
)  # fmt: skip
MONTHS_SHORT = (
    "ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.",
)  # fmt: skip


class NaiveTimeError(ValueError):
    """A time without an offset: nobody can say which instant it is."""


def buddhist_year(day: date) -> int:
    """Year of the Buddhist Era: 2568 for 2025."""
    return day.year + ERA_OFFSET


def in_bangkok(instant: datetime) -> datetime:
    """Return the same instant at +07:00. Raises `NaiveTimeError` when it carries no offset."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise NaiveTimeError(instant.isoformat())
    return instant.astimezone(BANGKOK)


def now_in_bangkok() -> datetime:
    """Return the present instant at +07:00, to the microsecond."""
    return datetime.now(UTC).astimezone(BANGKOK)


def end_of_day(day: date) -> datetime:
    """Last microsecond of that day in Thailand: what a letter means by `ภายในวันที่`."""
    return datetime.combine(day, time.max, BANGKOK)


def fiscal_year(day: date) -> int:
    """Return the Thai fiscal year (B.E.) of a day: October 2568 to September 2569 is 2569."""
    return buddhist_year(day) + (day.month >= FISCAL_YEAR_FIRST_MONTH)


def fiscal_year_days(year: int) -> tuple[date, date]:
    """First and last day of the fiscal year `year` (B.E.)."""
    last = year - ERA_OFFSET
    return date(last - 1, FISCAL_YEAR_FIRST_MONTH, 1), date(last, FISCAL_YEAR_FIRST_MONTH - 1, 30)


def format_long(day: date, *, weekday: bool = True) -> str:
    """`วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘`, or without its weekday `๓๑ ตุลาคม พ.ศ. ๒๕๖๘`."""
    head = f"วัน{WEEKDAYS[day.weekday()]}ที่ " if weekday else ""
    return head + to_thai(f"{day.day} {MONTHS[day.month - 1]} พ.ศ. {buddhist_year(day)}")


def format_short(day: date, *, weekday: bool = False) -> str:
    """`๓๑ ต.ค. ๒๕๖๘`, or with its weekday `ศ. ๓๑ ต.ค. ๒๕๖๘`. The year is never cut to two digits."""
    head = f"{WEEKDAYS_SHORT[day.weekday()]} " if weekday else ""
    return head + to_thai(f"{day.day} {MONTHS_SHORT[day.month - 1]} {buddhist_year(day)}")


def format_time(instant: datetime) -> str:
    """`๑๖.๓๐ น.`: hours and minutes in Thailand, as Thai offices write them."""
    return to_thai(f"{in_bangkok(instant):%H.%M} น.")


def format_moment(instant: datetime, *, short: bool = False) -> str:
    """`วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘ เวลา ๑๖.๓๐ น.` or, short, `๓๑ ต.ค. ๒๕๖๘ ๑๖.๓๐ น.`."""
    local = in_bangkok(instant)
    if short:
        return f"{format_short(local.date())} {format_time(local)}"
    return f"{format_long(local.date())} เวลา {format_time(local)}"
