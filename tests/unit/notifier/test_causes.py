"""Which event tells whom: once, whatever the order and however often it comes."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain import Cause, caused, hold_again, identity, release
from services.notifier.notices import Notice, Owing, Recipient, RoundNotOpen, deliveries_of, recipients_of
from services.notifier.standings import Report
from tests.unit.notifier.facts import (
    NOW,
    PATH,
    PATIENCE,
    accepted,
    delivery_of,
    issued,
    opened,
    owes,
    received,
    rejected,
)

EVENTS: list[tuple[str, Cause]] = [
    ("o1", owes("c1", "6580101")),
    ("o2", owes("c2", "6580101")),
    ("o3", owes("c3", "6580102")),
    ("o4", owes("c4", "6580103", owed=False)),
    ("o5", owes("c1", "6580101", round_="2570")),
    ("i1", issued("c1")),
    ("i2", issued("c2")),
    ("i3", issued("6580101", "lao")),
    ("i4", issued("c1")),
    ("r1", received("c1")),
    ("r2", rejected("c1")),
    ("r3", received("c1", version=2)),
    ("r4", accepted("c1", version=2)),
]


def told(events: Iterable[tuple[str, Cause]]) -> dict[str, tuple[str, str, str, str]]:
    """What a store that keeps the first of each id would hold."""
    kept: dict[str, tuple[str, str, str, str]] = {}
    for number, data in events:
        made = caused(data, number, None, NOW)
        if made:
            key, delivery = made
            kept.setdefault(key, (delivery.kind, delivery.round, delivery.recipient, delivery.state))
    return kept


@given(st.permutations(EVENTS), st.lists(st.sampled_from(EVENTS), max_size=30), st.randoms())
def test_replayed_and_reordered_events_oblige_the_same_notices(events, replayed, random):
    mixed = [*events, *replayed]
    random.shuffle(mixed)
    assert told(mixed) == told(EVENTS)


def test_each_event_tells_the_one_it_concerns():
    assert sorted(told(EVENTS).values()) == [
        ("credential_ready", "2569", "6580101", "queued"),
        ("credential_ready", "2569", "c1", "queued"),
        ("credential_ready", "2569", "c1", "queued"),
        ("credential_ready", "2569", "c2", "queued"),
        ("report_accepted", "2569", "c1", "queued"),
        ("report_received", "2569", "c1", "queued"),
        ("report_received", "2569", "c1", "queued"),
        ("report_rejected", "2569", "c1", "queued"),
        ("round_opened", "2569", "6580101", "held"),
        ("round_opened", "2569", "6580102", "held"),
        ("round_opened", "2570", "6580101", "held"),
    ]


def test_an_lao_is_told_of_a_round_once_whichever_obligation_comes_first():
    first, second = caused(owes("c1"), "e1", None, NOW), caused(owes("c2"), "e2", None, NOW)
    assert first is not None
    assert second is not None
    assert first[0] == second[0]


def test_an_obligation_that_ended_tells_nobody():
    assert caused(owes(owed=False), "e1", None, NOW) is None


def test_an_opening_is_held_until_the_round_opens_and_then_waits_for_the_rest_of_the_roll():
    held = delivery_of(owes())
    assert (held.state, held.due) == ("held", None)
    queued = release(held, PATIENCE, NOW)
    assert (queued.state, queued.due) == ("queued", NOW + PATIENCE.settle)
    skipped = queued.model_copy(update={"state": "skipped", "reason": "no_centers", "ended_at": NOW, "due": None})
    assert hold_again(skipped) == held


words = st.text(max_size=20)


@given(st.tuples(words, words), st.tuples(words, words))
def test_different_causes_or_recipients_never_share_an_id(one, other):
    same = identity("reminder", *one) == identity("reminder", *other)
    assert same == (one == other)


def test_a_center_that_submitted_is_no_recipient_of_a_reminder():
    owing = [Owing(code, "6580101", PATH) for code in ("c1", "c2", "c3", "c4")]
    reports = {"c1": Report(received=1), "c2": Report(received=1, rejected=1), "c3": Report(received=2, accepted=1)}
    found = recipients_of(opened(), owing, reports)
    assert not isinstance(found, RoundNotOpen)
    assert [one.center for one in found] == ["c2", "c4"]


def test_nobody_is_reminded_of_a_round_that_is_not_open():
    for state in ("draft", "closed"):
        assert recipients_of(opened(state), [Owing("c1", "6580101", PATH)], {}) == RoundNotOpen(state)


def test_an_ordered_notice_makes_the_same_deliveries_every_time():
    notice = Notice(
        kind="reminder",
        round="2569",
        within="58",
        path=("00", "58"),
        ordered_by="58",
        created_at=NOW,
        recipients=tuple(Recipient(center=code, path=PATH) for code in ("c1", "c2")),
    )
    made = deliveries_of("n1", notice, NOW)
    assert made == deliveries_of("n1", notice, NOW)
    assert {one.recipient for one in made.values()} == {"c1", "c2"}
    assert not set(made) & set(deliveries_of("n2", notice, NOW))
