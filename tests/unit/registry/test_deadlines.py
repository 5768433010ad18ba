from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.domain import Round
from services.registry.rounds.deadlines import (
    Contradiction,
    Unreadable,
    agreed,
    deadline_for,
    last_moment,
    read_deadline,
    read_weekday,
    remarks,
)
from services.registry.rounds.rules import NotDraft, NotOpen, StillRunning, close_round, correct_round
from shared.contracts.events import Extension
from shared.thai.calendar import BANGKOK, format_moment

NOW = datetime(2025, 10, 1, 9, tzinfo=BANGKOK)
DEADLINE = datetime(2025, 10, 31, 16, 30, tzinfo=BANGKOK)


def a_round(**changes: object) -> Round:
    state = Round(
        round="2569", fiscal_year=2569, academic_year=2567, deadline=DEADLINE, grace_minutes=60, created_at=NOW
    )
    return state.model_copy(update=changes)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘ เวลา ๑๖.๓๐ น.", DEADLINE),
        ("ภายในวันศุกร์ที่ ๓๑ ตุลาคม ๒๕๖๘", DEADLINE.replace(hour=23, minute=59, second=59)),
        ("กำหนดส่งภายในวันที่ 31 ต.ค. 68 เวลา 16:30 น.", DEADLINE),
        ("31/10/2568 16.30", DEADLINE),
        ("2025-10-31", DEADLINE.replace(hour=23, minute=59, second=59)),
    ],
)
def test_a_deadline_is_read_as_letters_write_it(text: str, read: datetime) -> None:
    assert read_deadline(text) == read


@pytest.mark.parametrize("text", ["วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๙", "วันศุกร์ที่ 31 ตุลาคม 2565", "พฤ. 31 ต.ค. 68"])
def test_a_weekday_that_contradicts_its_date_is_for_a_person(text: str) -> None:
    read = read_deadline(text)
    assert isinstance(read, Unreadable)
    assert read.candidates


@pytest.mark.parametrize(
    "text", ["สิ้นเดือน", "31 ตุลาคม", "32 ตุลาคม 2568", "31 ตุลาคม 2568 เวลา 25.00 น.", "31 ตุลาคม 3568"]
)
def test_what_is_no_deadline_is_not_guessed(text: str) -> None:
    assert isinstance(read_deadline(text), Unreadable)


def test_an_instant_and_its_weekday_must_agree() -> None:
    assert agreed(DEADLINE, None, "วันศุกร์") == DEADLINE
    assert agreed(DEADLINE, None, "Friday") == DEADLINE
    assert isinstance(agreed(DEADLINE, None, "วันเสาร์"), Contradiction)
    assert isinstance(agreed(DEADLINE.replace(year=2026), None, "ศ."), Contradiction)
    assert isinstance(agreed(DEADLINE, None, "วันหยุด"), Unreadable)


def test_a_text_and_an_instant_must_agree() -> None:
    assert agreed(DEADLINE, "31 ตุลาคม 2568 เวลา 16.30 น.", None) == DEADLINE
    assert isinstance(agreed(DEADLINE, "30 ตุลาคม 2568 เวลา 16.30 น.", None), Contradiction)
    assert agreed(None, None, None) is None


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_what_is_shown_is_read_again(instant: datetime) -> None:
    shown = instant.replace(second=0, microsecond=0, tzinfo=BANGKOK)
    assert read_deadline(format_moment(shown)) == shown


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert isinstance(read_deadline(text), datetime | Unreadable)
    assert read_weekday(text) in {None, *range(7)}


def test_the_latest_extension_above_a_center_holds() -> None:
    later, latest = DEADLINE + timedelta(days=7), DEADLINE + timedelta(days=14)
    state = a_round(
        extensions=(
            Extension(organization="58", deadline=later),
            Extension(organization="5801", deadline=DEADLINE + timedelta(days=1)),
            Extension(organization="c1", deadline=latest),
        )
    )
    assert deadline_for(state, ("00", "50")) == DEADLINE
    assert deadline_for(state, ("00", "58", "5801")) == later
    assert deadline_for(state, ("00", "58", "5801"), "c1") == latest
    assert last_moment(state) == latest + timedelta(hours=1)


def test_a_draft_is_corrected_and_an_announced_round_is_not() -> None:
    right = DEADLINE + timedelta(days=30)
    corrected = correct_round(a_round(), NOW, deadline=right, grace_minutes=0)
    assert isinstance(corrected, Round)
    assert (corrected.deadline, corrected.grace_minutes, corrected.fiscal_year) == (right, 0, 2569)
    assert correct_round(a_round(state="open"), NOW, deadline=right) == NotDraft("open")
    assert not isinstance(correct_round(a_round(), NOW, deadline=NOW - timedelta(days=1)), Round)


def test_a_round_closes_after_everybodys_time_and_not_before() -> None:
    later = DEADLINE + timedelta(days=7)
    state = a_round(state="open", extensions=(Extension(organization="58", deadline=later),))
    end = later + timedelta(minutes=60)
    assert close_round(state, "สิ้นสุด", end) == StillRunning(end)
    closed = close_round(state, "สิ้นสุด", end + timedelta(seconds=1))
    assert isinstance(closed, Round)
    assert closed.state == "closed"
    assert close_round(closed, "อีกครั้ง", end + timedelta(days=1)) is closed
    assert close_round(a_round(), "สิ้นสุด", end) == NotOpen("draft")


def test_what_looks_mistyped_is_remarked() -> None:
    assert remarks(a_round()) == []
    saturday = a_round(deadline=datetime(2026, 10, 31, 12, tzinfo=BANGKOK), academic_year=2569)
    assert remarks(saturday) == ["deadline_outside_fiscal_year", "deadline_on_weekend", "academic_year_not_over"]
