from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.thai.calendar import (
    BANGKOK,
    NaiveTimeError,
    end_of_day,
    fiscal_year,
    fiscal_year_days,
    format_long,
    format_moment,
    format_short,
    in_bangkok,
)

DEADLINE = date(2025, 10, 31)


def test_the_deadline_is_shown_as_the_letter_writes_it() -> None:
    assert format_long(DEADLINE) == "วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘"
    assert format_long(DEADLINE, weekday=False) == "๓๑ ตุลาคม พ.ศ. ๒๕๖๘"
    assert format_short(DEADLINE) == "๓๑ ต.ค. ๒๕๖๘"
    assert format_short(DEADLINE, weekday=True) == "ศ. ๓๑ ต.ค. ๒๕๖๘"


def test_a_moment_is_shown_in_thai_time_wherever_it_was_taken() -> None:
    instant = datetime(2025, 10, 31, 17, 30, tzinfo=UTC)
    assert format_moment(instant) == "วันเสาร์ที่ ๑ พฤศจิกายน พ.ศ. ๒๕๖๘ เวลา ๐๐.๓๐ น."
    assert format_moment(instant, short=True) == "๑ พ.ย. ๒๕๖๘ ๐๐.๓๐ น."


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(NaiveTimeError):
        in_bangkok(datetime(2025, 10, 31, 16, 30))  # noqa: DTZ001


def test_within_a_day_means_until_its_end_in_thailand() -> None:
    assert end_of_day(DEADLINE).isoformat() == "2025-10-31T23:59:59.999999+07:00"
    assert end_of_day(DEADLINE) + timedelta(microseconds=1) == datetime(2025, 10, 31, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "year"), [(date(2025, 9, 30), 2568), (date(2025, 10, 1), 2569), (date(2026, 9, 30), 2569)]
)
def test_the_fiscal_year_starts_in_october(day: date, year: int) -> None:
    assert fiscal_year(day) == year


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2150, 12, 31)))
def test_every_day_lies_in_its_own_fiscal_year(day: date) -> None:
    first, last = fiscal_year_days(fiscal_year(day))
    assert first <= day <= last
    assert fiscal_year(first - timedelta(days=1)) == fiscal_year(day) - 1
    assert fiscal_year(last + timedelta(days=1)) == fiscal_year(day) + 1


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2150, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_changing_the_clock_keeps_the_instant(instant: datetime) -> None:
    assert in_bangkok(instant) == instant
    assert in_bangkok(instant).isoformat().endswith("+07:00")
    assert in_bangkok(instant).tzinfo is BANGKOK
