"""What a merge does to notices under way."""

import pytest

from services.notifier.checks import Office, Skip, check
from services.notifier.domain import Heir, forward, identity, release
from services.notifier.letters import compose
from tests.unit.notifier.facts import NOW, PATH, PATIENCE, delivery_of, issued, known, owes, received, rejected

HEIR = Heir("c9", (*PATH[:3], "6580109"))


@pytest.mark.parametrize("data", [received(), rejected()])
def test_a_notice_goes_to_who_carries_on_and_says_whom_it_was_for(data):
    before = delivery_of(data)
    after = forward(before, HEIR)
    assert (after.recipient, after.path, after.forwarded_from) == ("c9", HEIR.path, "c1")
    assert (after.notice, after.cause, after.created_at) == (before.notice, before.cause, NOW)
    assert "c1" in compose(after, known()).thai[1]
    assert "c1" in compose(after, known()).english[1]


def test_after_two_merges_the_first_recipient_is_still_named():
    assert forward(forward(delivery_of(received()), HEIR), Heir("c10", PATH)).forwarded_from == "c1"


def test_nobody_is_chased_for_another_and_openings_have_notices_of_their_own():
    reminder = delivery_of(issued()).model_copy(update={"kind": "reminder"})
    assert forward(reminder, HEIR) is reminder
    opening = delivery_of(owes())
    assert forward(opening, HEIR) is opening


def test_nobody_is_told_to_claim_what_was_taken_back_from_a_merged_holder():
    ready, gone = delivery_of(issued()), known(office=Office("ศพด.", "a@example.org", active=False), heir=HEIR)
    assert forward(ready, HEIR) is ready
    assert check(ready, gone, PATIENCE, NOW) == Skip("recipient_closed")


def test_a_merged_lao_is_not_waited_for():
    closed = Office("อบต.หนองบัว", "office@example.org", active=False)
    opening = release(delivery_of(owes()), PATIENCE, NOW)
    assert check(opening, known(office=closed, centers=0), PATIENCE, NOW) == Skip("recipient_closed")


def test_the_mail_stays_the_same_mail():
    assert forward(delivery_of(received()), HEIR).notice == identity("report_received", "e1", "c1")
