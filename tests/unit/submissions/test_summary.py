"""A center's own rating: complete or not, saved from two devices, sent once, and what others get of it."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.submissions.refusals import AlreadyApproved, ResendingOver
from services.submissions.standing import Counting
from services.submissions.summary.answers import (
    Answers,
    DraftChanged,
    FrameworkChanged,
    NoDraft,
    Places,
    Rating,
    Remarks,
    Summary,
    missing,
    save,
    send,
    strange,
)
from services.submissions.summary.carrying import given_up, handed_over, taken_over
from services.submissions.summary.early_childhood import EARLY_CHILDHOOD
from services.submissions.summary.framework import Framework, Named, Published, publish
from services.submissions.summary.problems import cannot_send
from services.submissions.summary.tables import BOM, head, row
from services.submissions.summary.views import draft_view, summary_view
from shared.contracts.events import Extension, SummarySent
from tests.unit.submissions.sent import DAY, DEADLINE, HOUR, NOW, PATH, owes, report

FIRST = publish(None, "2569", EARLY_CHILDHOOD, NOW)
CODES = [one.code for one in EARLY_CHILDHOOD.indicators]
STANDARDS = [one.code for one in EARLY_CHILDHOOD.standards]


def answers(
    levels: dict[str, str | None] | None = None, *, words: str | None = "ครูเอาใจใส่เด็ก", version: int = 1
) -> Answers:
    given = dict.fromkeys(CODES, "4") if levels is None else levels
    return Answers(
        framework="early-childhood",
        framework_version=version,
        ratings=tuple(Rating(indicator=code, level=level) for code, level in given.items()),
        remarks=tuple(Remarks(standard=code, strengths=words, needs=words) for code in STANDARDS),
    )


def saved(before: Summary | None = None, given: Answers | None = None, now: datetime = NOW) -> Summary:
    expected = before.draft.revision if before and before.draft else 0
    found = save(before, owes(), given or answers(), expected, now)
    assert isinstance(found, Summary)
    return found


BESIDE = Counting(report(receipt="R" * 12), "accepted", NOW)


def sent(before: Summary, now: datetime = NOW + HOUR) -> tuple[Summary, SummarySent]:
    assert before.draft
    done = send(before, owes(), FIRST, before.draft.revision, BESIDE, now)
    assert isinstance(done, tuple), done
    assert done[1]
    return done[0], done[1]


# The framework


def test_the_framework_to_start_from_has_three_standards_in_two_languages() -> None:
    assert [len(one.indicators) for one in EARLY_CHILDHOOD.standards] == [5, 5, 9]
    assert [one.code for one in EARLY_CHILDHOOD.levels] == ["1", "2", "3", "4", "5"]
    named: list[Named] = [*EARLY_CHILDHOOD.levels, *EARLY_CHILDHOOD.standards, *EARLY_CHILDHOOD.indicators]
    for one in named:
        assert any("ก" <= letter <= "๛" for letter in one.name)
        assert one.name_en.isascii()


def test_the_same_framework_is_the_same_version_and_another_the_next() -> None:
    assert publish(FIRST, "2569", EARLY_CHILDHOOD, NOW + DAY) is FIRST
    other = EARLY_CHILDHOOD.model_copy(update={"name_en": "Another"})
    assert publish(FIRST, "2569", other, NOW).version == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f["levels"].append(f["levels"][0]),
        lambda f: f["standards"].append(f["standards"][0]),
        lambda f: f["standards"][1]["indicators"].append(f["standards"][0]["indicators"][0]),
        lambda f: f["standards"][0].update(indicators=[]),
        lambda f: f.update(levels=f["levels"][:1]),
        lambda f: f["levels"][0].update(name=" \u200b "),
        lambda f: f["levels"][0].update(code="a b"),
        lambda f: f.update(id="No Such"),
        lambda f: f.update(extra=1),
    ],
)
def test_a_framework_that_contradicts_itself_is_none(change: Any) -> None:
    given = EARLY_CHILDHOOD.model_dump(mode="json")
    change(given)
    with pytest.raises(ValidationError):
        Framework.model_validate(given)


# Drafts


def test_a_draft_may_be_partial_and_says_what_it_lacks() -> None:
    half = answers({"1.1": "3", "1.2": None}, words=None)
    assert strange(EARLY_CHILDHOOD, half) is None
    lacking = missing(EARLY_CHILDHOOD, half)
    assert ("1.2", "level") in lacking
    assert ("2", "needs") in lacking
    assert ("1.1", "level") not in lacking
    assert len(lacking) == len(CODES) - 1 + 2 * len(STANDARDS)
    assert missing(EARLY_CHILDHOOD, answers()) == ()


def test_what_the_framework_does_not_know_or_stands_twice_is_named() -> None:
    twice = Answers(
        framework="x",
        framework_version=1,
        ratings=(Rating(indicator="1.1", level="9"), Rating(indicator="8.8"), Rating(indicator="1.1")),
        remarks=(Remarks(standard="7"),),
    )
    assert strange(EARLY_CHILDHOOD, twice) == Places(
        (
            ("ratings.0.indicator", "twice"),
            ("ratings.0.level", "unknown"),
            ("ratings.1.indicator", "unknown"),
            ("ratings.2.indicator", "twice"),
            ("remarks.0.standard", "unknown"),
        )
    )


def test_two_devices_do_not_overwrite_each_other() -> None:
    once = saved()
    phone = saved(once, answers({"1.1": "2"}))
    assert phone.draft
    assert phone.draft.revision == 2
    assert save(phone, owes(), answers({"1.1": "5"}), 1, NOW) == DraftChanged(2), "the other device had read the first"
    assert save(phone, owes(), answers({"1.1": "2"}), 1, NOW) is phone, "its own save again, after a lost answer"
    assert save(None, owes(), answers(), 3, NOW) == DraftChanged(0)
    assert save(once, owes(), answers({"1.1": "5"}), 0, NOW) == DraftChanged(1)


# Sending


def test_a_complete_draft_is_sent_once_and_told_by_codes_alone() -> None:
    summary, told = sent(saved())
    assert [(one.version, one.receipt, one.late) for one in summary.sent] == [(1, "R" * 12, False)]
    assert [(one.indicator, one.level) for one in told.levels] == [(code, "4") for code in CODES]
    assert "เอาใจใส่" not in told.model_dump_json()
    assert summary.draft
    assert send(summary, owes(), FIRST, summary.draft.revision, None, NOW + DAY) == (summary, None)


@pytest.mark.parametrize(
    ("before", "published", "expected", "refusal"),
    [
        (None, FIRST, 0, NoDraft()),
        (saved(), FIRST, 2, DraftChanged(1)),
        (saved(), FIRST.model_copy(update={"version": 2}), 1, FrameworkChanged(2)),
        (
            saved(given=answers({**dict.fromkeys(CODES, "4"), "2.3": None})),
            FIRST,
            1,
            Places((("2.3 level", "missing"),)),
        ),
    ],
)
def test_what_cannot_be_sent_says_why(
    before: Summary | None, published: Published, expected: int, refusal: object
) -> None:
    assert send(before, owes(), published, expected, None, NOW) == refusal


def test_a_first_one_is_taken_late_and_another_only_until_the_deadline_or_after_a_return() -> None:
    late, told = sent(saved(now=DEADLINE + DAY), DEADLINE + DAY)
    assert (told.late, late.sent[0].late) == (True, True)
    in_time, told = sent(saved(now=DEADLINE - HOUR), DEADLINE + timedelta(minutes=30))
    assert told.late is False, "begun before the deadline and sent within the grace"
    again = saved(in_time, answers(dict.fromkeys(CODES, "5")))
    assert again.draft
    over = DEADLINE + DAY
    assert send(again, owes(), FIRST, again.draft.revision, None, over) == ResendingOver(DEADLINE)
    returned = owes().model_copy(update={"due_again": DEADLINE + 10 * DAY})
    done = send(again, returned, FIRST, again.draft.revision, None, over)
    assert isinstance(done, tuple)
    assert [one.version for one in done[0].sent] == [1, 2]
    assert done[0].sent[0] == in_time.sent[0], "what was sent never changes"


def test_a_center_with_an_extension_of_its_own_is_on_time_by_it() -> None:
    alone = owes(extensions=(Extension(organization="c1", deadline=DEADLINE + 3 * DAY),))
    done = send(saved(now=DEADLINE + DAY), alone, FIRST, 1, None, DEADLINE + DAY)
    assert isinstance(done, tuple)
    assert done[0].sent[0].late is False


def test_once_onesqa_took_the_report_its_summary_is_replaced_no_more() -> None:
    approved = Counting(report(), "approved", NOW)
    once, _ = sent(saved())
    again = saved(once, answers(dict.fromkeys(CODES, "5")))
    assert again.draft
    assert send(again, owes(), FIRST, again.draft.revision, approved, NOW + DAY) == AlreadyApproved()
    assert send(once, owes(), FIRST, 1, approved, NOW + DAY) == (once, None), "the same one again"
    assert isinstance(send(saved(), owes(), FIRST, 1, approved, NOW + DAY), tuple), "a first one replaces nothing"
    told = cannot_send(AlreadyApproved())
    assert (told.status_code, told.kind.slug) == (409, "report-approved")


def test_a_newer_framework_leaves_what_was_sent_as_it_was() -> None:
    summary, _ = sent(saved())
    second = FIRST.model_copy(update={"version": 2})
    view = summary_view(summary, summary.sent[0])
    assert (view.framework_version, len(view.ratings)) == (1, len(CODES))
    assert summary.draft
    moved = saved(summary, answers(version=2))
    assert moved.draft
    assert draft_view(moved, moved.draft, second).sent_as is None


steps = st.lists(st.tuples(st.sampled_from(["phone", "desk"]), st.sampled_from("12345")), min_size=1, max_size=12)


@given(steps, st.lists(st.booleans(), min_size=12, max_size=12))
def test_nothing_that_a_device_saved_is_lost_unseen(moves: list[tuple[str, str]], reads: list[bool]) -> None:
    """A device that did not read what another saved since is refused; a revision follows what it was made from."""
    summary: Summary | None = None
    known = {"phone": 0, "desk": 0}
    made: list[tuple[str, str]] = []
    for (device, level), reading in zip(moves, reads, strict=False):
        stands = summary.draft.revision if summary and summary.draft else 0
        if reading:
            known[device] = stands
        found = save(summary, owes(), answers({"1.1": level}), known[device], NOW)
        if isinstance(found, DraftChanged):
            assert known[device] != stands
            known[device] = found.revision
            continue
        if found is not summary:
            assert known[device] == stands
            made.append((device, level))
        summary = found
        assert summary.draft
        known[device] = summary.draft.revision
    assert summary is None or summary.draft is None or summary.draft.revision == len(made)


# A table


def test_the_table_has_a_row_a_center_and_nothing_in_it_acts() -> None:
    for words in ('=HYPERLINK("http://x")', "+66812345678", "-1", "@x", 'ดี, มาก\nสองบรรทัด "อ้าง"'):
        summary, _ = sent(saved(given=answers(words=words)))
        text = head(EARLY_CHILDHOOD) + row(EARLY_CHILDHOOD, summary, summary.sent[0])
        assert text.startswith(BOM)
        names, cells = csv.reader(io.StringIO(text.removeprefix(BOM), newline=""))
        told = dict(zip(names, cells, strict=True))
        assert (told["รหัสศูนย์"], told["อำเภอ"], told["อปท."]) == ("c1", PATH[2], PATH[3])
        assert told[f"3.7ข {EARLY_CHILDHOOD.standards[2].indicators[-1].name}"] == "4"
        assert told["จุดเด่น 1"].removeprefix("'") == words
        assert not told["จุดเด่น 1"].startswith(("=", "+", "-", "@"))


# Merges


def test_a_survivor_without_its_own_shows_what_was_carried_and_gives_it_back() -> None:
    origin, _ = sent(saved())
    handed = handed_over(origin, successor="c2", path=PATH)
    assert handed
    over = taken_over(None, center="c2", path=PATH, origin=handed[0])
    assert over
    survivor = over[0]
    assert survivor.current == origin.sent[0]
    view = summary_view(survivor, origin.sent[0])
    assert (view.center, view.origin, view.version) == ("c2", "c1", 1)
    back = given_up(survivor, origin=handed[0])
    assert back
    assert back[0].current is None
    assert taken_over(None, center="c2", path=PATH, origin=saved()) is None, "a draft is nobody else's"
