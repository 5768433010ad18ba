"""What becomes of a delivery, and what is told of it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.checks import Bounce, Skip, Wait
from services.notifier.domain import ENDS, Patience, release
from services.notifier.outcomes import Failed, NotSentYet, Sent, Unsent, acknowledge, backoff, settle, told
from shared.contracts.events import (
    NoticeAcknowledged,
    NoticeBounced,
    NoticeDelivered,
    NoticeIssued,
    NoticeSkipped,
)
from tests.unit.notifier.facts import NOW, PATIENCE, delivery_of, issued, owes

END_EVENTS = (NoticeDelivered, NoticeBounced, NoticeSkipped)

outcomes = st.one_of(
    st.just(Sent()),
    st.just(Unsent()),
    st.builds(Failed, st.sampled_from(["recipient_450", "connection_lost"]), st.booleans()),
    st.builds(Wait, st.just("unknown_recipient"), st.just(NOW + timedelta(minutes=1))),
    st.builds(Skip, st.just("submitted")),
    st.builds(Bounce, st.just("recipient_550")),
)


@given(st.lists(outcomes, max_size=40))
def test_a_delivery_ends_at_most_once_and_tells_so_once(steps):
    delivery, now, events = delivery_of(issued()), NOW, []
    events += told(None, delivery, now)
    for step in steps:
        if delivery.state in ENDS:
            break
        now += timedelta(seconds=1)
        taken = delivery.model_copy(update={"state": "sending", "lease": "x"})
        after = settle(taken, step, PATIENCE, now)
        events += told(taken, after, now)
        delivery = after
        assert delivery.lease is None
        assert (delivery.due is None) == (delivery.state in ENDS)
        assert delivery.attempts <= PATIENCE.attempts
    assert [type(e) for e in events].count(NoticeIssued) == 1
    assert sum(isinstance(e, END_EVENTS) for e in events) == (delivery.state in ENDS)


def test_temporary_failures_end_as_a_bounce():
    patience = Patience(attempts=3)
    delivery = delivery_of(issued())
    for state in ("queued", "queued", "bounced"):
        delivery = settle(delivery, Failed("recipient_451"), patience, NOW)
        assert delivery.state == state
    assert (delivery.attempts, delivery.reason) == (3, "recipient_451")


def test_a_doubtful_failure_stays_visible_after_the_next_try_worked():
    doubtful = settle(delivery_of(issued()), Failed("connection_lost", doubtful=True), PATIENCE, NOW)
    sent = settle(doubtful, Sent(), PATIENCE, NOW)
    assert (sent.state, sent.doubts, sent.attempts) == ("delivered", 1, 1)


def test_what_did_not_leave_costs_nothing():
    taken = delivery_of(issued()).model_copy(update={"state": "sending", "lease": "x"})
    assert settle(taken, Unsent(), PATIENCE, NOW) == delivery_of(issued())


def test_waits_double_up_to_the_longest():
    waits = [backoff(n, PATIENCE).total_seconds() for n in (1, 2, 3, 10, 16, 1000)]
    assert waits == [5, 10, 20, 2560, 3600, 3600]


def test_the_default_patience_tries_for_about_six_hours():
    total = sum((backoff(n, PATIENCE) for n in range(1, PATIENCE.attempts)), timedelta())
    assert timedelta(hours=5) < total < timedelta(hours=8)


def test_a_held_notice_is_issued_when_it_is_released_and_not_before():
    held = delivery_of(owes())
    assert told(None, held, NOW) == []
    assert [type(e) for e in told(held, release(held, PATIENCE, NOW), NOW)] == [NoticeIssued]


def test_events_name_the_recipient_by_code_alone():
    after = settle(delivery_of(issued()), Bounce("recipient_550"), PATIENCE, NOW)
    (event,) = told(delivery_of(issued()), after, NOW)
    assert isinstance(event, NoticeBounced)
    assert (event.recipient, event.reason, event.channel) == ("c1", "recipient_550", "email")


@pytest.mark.parametrize("state", ["held", "skipped"])
def test_nobody_acknowledges_what_was_not_sent(state):
    assert isinstance(acknowledge(delivery_of(issued()).model_copy(update={"state": state}), NOW), NotSentYet)


@pytest.mark.parametrize("state", ["sending", "delivered", "bounced"])
def test_the_first_acknowledgement_counts(state):
    delivery = delivery_of(issued()).model_copy(update={"state": state})
    first = acknowledge(delivery, NOW)
    assert not isinstance(first, NotSentYet)
    assert first.acknowledged_at == NOW
    assert acknowledge(first, NOW + timedelta(days=1)) is first
    assert [type(e) for e in told(delivery, first, NOW)] == [NoticeAcknowledged]
    assert told(first, first, NOW) == []


def test_an_acknowledgement_during_sending_survives_the_sending():
    sending = delivery_of(issued()).model_copy(update={"state": "sending", "lease": "x"})
    noted = acknowledge(sending, NOW)
    assert not isinstance(noted, NotSentYet)
    assert settle(noted, Sent(), PATIENCE, NOW).acknowledged_at == NOW
