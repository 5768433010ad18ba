from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.thai.calendar import MONTHS, MONTHS_SHORT, WEEKDAYS, format_long, format_short
from shared.thai.dates import (
    DateReadingError,
    EraError,
    ImpossibleDateError,
    NotADateError,
    WeekdayMismatchError,
    parse_date,
)
from shared.thai.numerals import to_arabic

DEADLINE = date(2025, 10, 31)
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2150, 12, 31))


@pytest.mark.parametrize(
    "text",
    [
        "วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘",
        "วันศุกร์ที่ ๓๑ ตุลาคม ๒๕๖๘",
        "วันศุกร์ที่31ตุลาคม2568",
        "ศุกร์ 31 ตุลาคม 2568",
        "ศ. 31 ต.ค. 68",
        "๓๑ ต.ค. ๒๕๖๘",
        "31 ตค 2568",
        "31 ต. ค. พ.ศ.2568",
        "31 ตุลาคม พศ. 2568",
        "วันที่ 31 เดือนตุลาคม ปี พ.ศ. 2568",
        "31 ตุลาคม ค.ศ. 2025",
        "31 ต.ค. ค.ศ. 2025",
        "31 ตุลาคม 2025",
        "31/10/2568",
        "๓๑/๑๐/๒๕๖๘",
        "31-10-2025",
        "31.10.2568",
        "2025-10-31",
        "2568-10-31",
        "  ๓๑\u200b ตุลาคม\u00a0 ๒๕๖๘\ufeff",
    ],
)
def test_the_deadline_is_read_in_every_form_an_office_writes(text: str) -> None:
    assert parse_date(text) == DEADLINE


@pytest.mark.parametrize(("number", "names"), list(enumerate(zip(MONTHS, MONTHS_SHORT, strict=True), start=1)))
def test_each_month_is_known_by_its_names(number: int, names: tuple[str, str]) -> None:
    for name in (*names, names[1].replace(".", ""), names[1].rstrip(".")):
        assert parse_date(f"๑ {name} ๒๕๖๘") == date(2025, number, 1)


@given(DAYS, st.booleans(), st.booleans(), st.booleans())
def test_what_is_written_is_read_back(day: date, short: bool, weekday: bool, arabic: bool) -> None:
    text = format_short(day, weekday=weekday) if short else format_long(day, weekday=weekday)
    assert parse_date(to_arabic(text) if arabic else text) == day


@pytest.mark.parametrize("year", ["๒๕๖๕", "๒๕๖๙"])
def test_a_misread_year_is_caught_by_its_weekday_and_settled_by_nobody_here(year: str) -> None:
    with pytest.raises(WeekdayMismatchError) as refused:
        parse_date(f"วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. {year}")
    assert DEADLINE in refused.value.candidates
    assert refused.value.day.year + 543 == int(to_arabic(year))
    assert "ไม่ใช่วันศุกร์" in str(refused.value)


@given(DAYS, st.integers(min_value=0, max_value=6))
def test_only_the_right_weekday_is_accepted(day: date, weekday: int) -> None:
    text = f"วัน{WEEKDAYS[weekday]}ที่ {format_long(day, weekday=False)}"
    if weekday == day.weekday():
        assert parse_date(text) == day
    else:
        with pytest.raises(WeekdayMismatchError) as refused:
            parse_date(text)
        assert day not in refused.value.candidates
        assert all(near.weekday() == weekday for near in refused.value.candidates)


@pytest.mark.parametrize("text", ["๙๐ ตุลาคม ๒๕๖๘", "31 เมษายน 2568", "29 กุมภาพันธ์ 2568", "31/13/2568", "0/1/2568"])
def test_a_day_that_does_not_exist_is_no_date(text: str) -> None:
    with pytest.raises(ImpossibleDateError):
        parse_date(text)


def test_a_leap_day_exists_in_its_year() -> None:
    assert parse_date("29 กุมภาพันธ์ 2567") == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text",
    ["31 ตุลาคม พ.ศ. 2025", "31 ตุลาคม ค.ศ. 2568", "31 ตุลาคม 2300", "31/10/68", "31 ต.ค. ค.ศ. 25", "2300-10-31"],
)
def test_a_year_that_fits_no_era_is_not_guessed(text: str) -> None:
    with pytest.raises(EraError):
        parse_date(text)


@pytest.mark.parametrize("text", ["", "ตุลาคม 2568", "31 2568", "31 ตุลาคม", "31 ต.ม. 2568", "พรุ่งนี้", "31 ตุลาคม 2568 นี้"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(NotADateError):
        parse_date(text)


@given(st.text(alphabet="๐๑๒๓0123/-. พศคตมวันทีุ่ลา", max_size=30))
def test_any_text_is_a_date_or_a_typed_refusal(text: str) -> None:
    try:
        result: date | DateReadingError = parse_date(text)
    except DateReadingError as refused:
        result = refused
    assert isinstance(result, date) or (result.text == text and result.thai and result.english)
