"""Check before send."""

from datetime import timedelta

import pytest

from services.notifier.checks import Bounce, Office, Send, Skip, Wait, check
from services.notifier.domain import Delivery, release
from tests.unit.notifier.facts import NOW, OFFICE, PATIENCE, delivery_of, issued, known, opened, owes, received

SOON = NOW + timedelta(seconds=1)
LATER = NOW + timedelta(minutes=30)


def opening() -> Delivery:
    return release(delivery_of(owes()), PATIENCE, NOW)


def reminder() -> Delivery:
    return delivery_of(issued()).model_copy(update={"kind": "reminder"})


def test_what_is_known_and_wanted_leaves():
    for delivery in (opening(), reminder(), delivery_of(issued()), delivery_of(received())):
        assert check(delivery, known(), PATIENCE, SOON) == Send("office@example.org")


def test_a_center_that_submitted_is_not_reminded():
    assert check(reminder(), known(submitted=True), PATIENCE, SOON) == Skip("submitted")


def test_a_center_that_owes_nothing_any_more_is_not_reminded():
    assert check(reminder(), known(owed=False), PATIENCE, SOON) == Skip("not_owed")


@pytest.mark.parametrize("state", ["draft", "closed"])
def test_nobody_is_reminded_of_a_round_that_is_not_open(state):
    assert check(reminder(), known(round=opened(state)), PATIENCE, SOON) == Skip("round_not_open")


def test_submitting_stops_reminders_only():
    assert isinstance(check(delivery_of(received()), known(submitted=True), PATIENCE, SOON), Send)


def test_an_opening_waits_while_the_round_is_a_draft_and_is_needless_once_it_is_closed():
    assert isinstance(check(opening(), known(round=opened("draft")), PATIENCE, LATER), Wait)
    assert check(opening(), known(round=opened("closed")), PATIENCE, SOON) == Skip("round_closed")


def test_an_opening_waits_for_the_rest_of_the_roll_but_not_for_ever():
    assert isinstance(check(opening(), known(complete=False), PATIENCE, SOON), Wait)
    assert isinstance(check(opening(), known(complete=False), PATIENCE, LATER), Send)


def test_an_lao_without_an_obligated_center_is_not_told_of_the_round():
    assert isinstance(check(opening(), known(centers=0), PATIENCE, SOON), Wait)
    assert check(opening(), known(centers=0), PATIENCE, LATER) == Skip("no_centers")


@pytest.mark.parametrize("delivery", [opening(), delivery_of(issued())])
def test_an_unknown_recipient_is_waited_for_then_given_up(delivery):
    wait = check(delivery, known(office=None), PATIENCE, SOON)
    assert isinstance(wait, Wait)
    assert wait.until > SOON
    assert check(delivery, known(office=None), PATIENCE, LATER) == Bounce("no_address")


def test_an_unknown_round_is_waited_for_then_given_up():
    assert isinstance(check(delivery_of(issued()), known(round=None), PATIENCE, SOON), Wait)
    assert check(delivery_of(issued()), known(round=None), PATIENCE, LATER) == Bounce("unknown_round")


def test_waiting_looks_ever_more_rarely_and_at_least_every_half_minute():
    looks = []
    for seconds in (0, 1, 10, 100, 299):
        now = NOW + timedelta(seconds=seconds)
        wait = check(delivery_of(issued()), known(office=None), PATIENCE, now)
        assert isinstance(wait, Wait)
        looks.append((wait.until - now).total_seconds())
    assert looks == [0.5, 0.5, 2.5, 25, 30]


def test_an_office_without_an_address_bounces_after_a_short_while():
    without = known(office=Office("ศพด.", None))
    assert isinstance(check(delivery_of(issued()), without, PATIENCE, SOON), Wait)
    assert check(delivery_of(issued()), without, PATIENCE, NOW + PATIENCE.no_address) == Bounce("no_address")


def test_a_closed_office_is_not_written_to():
    closed = known(office=Office("ศพด.", "a@example.org", active=False))
    assert check(delivery_of(issued()), closed, PATIENCE, SOON) == Skip("recipient_closed")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "office",
        "a@b@c",
        "a b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "<a@example.org>",
        "a@example.org\n",
        "x" * 65 + "@example.org",
    ],
)
def test_what_is_no_address_is_never_put_on_an_envelope(address):
    assert check(delivery_of(issued()), known(office=Office("ศพด.", address)), PATIENCE, SOON) == Bounce("bad_address")


def test_a_delivery_whose_senders_keep_dying_is_given_up():
    worn = delivery_of(issued()).model_copy(update={"attempts": PATIENCE.attempts})
    assert check(worn, known(office=OFFICE), PATIENCE, SOON) == Bounce("exhausted")
