"""What mail servers, crashes and second processes do to a delivery: no loss, and no duplicate that is not visible."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.app import build
from services.notifier.checks import Skip
from services.notifier.domain import Delivery, Patience
from services.notifier.outcomes import Sent, acknowledge
from services.notifier.recorder import Recorder
from services.notifier.store import Store
from shared.bus import Bus
from shared.contracts.events import NoticeBounced
from shared.contracts.status import StageChanged
from shared.contracts.topics import NOTICES, STATUS
from tests.integration.notifier.country import LAO, PATH, ROUND, Country, address, settings
from tests.integration.notifier.watching import Desk, died, events, mails, start, stopped
from tests.world import eventually, run_app

MANY = [f"c{number:03}" for number in range(60)]


@pytest.fixture
async def country(world) -> Country:
    """A country with an open round whose 60 centers have been issued their credentials."""
    found = Country(world)
    await found.organizations(LAO)
    await found.centers(*MANY)
    await found.round("open")
    await found.credentials(*MANY)
    return found


async def test_a_mail_server_that_is_away_delays_and_blames_nobody(world, post, country):
    desk = Desk(world)
    await post.close()
    async with run_app(build(settings(world, post))):

        async def tried():
            return (await desk.states())["queued"] == len(MANY)

        await eventually(tried)
        await post.open()
        await desk.until(delivered=len(MANY))
        assert {row["attempts"] for row in await desk.all()} == {0}
        assert Counter(post.addresses()) == Counter(map(address, MANY))


async def test_a_mail_server_that_dies_under_load_loses_nothing(world, post, country):
    desk = Desk(world)
    async with run_app(build(settings(world, post))):
        await mails(post, 10)
        await post.close()
        await post.open()
        await desk.until(delivered=len(MANY))
    doubtful = {address(row["recipient"]) for row in await desk.all(doubts={"$gt": 0})}
    twice = {recipient for recipient, times in Counter(post.addresses()).items() if times > 1}
    assert set(post.addresses()) == set(map(address, MANY))
    assert twice <= doubtful


async def test_a_permanent_refusal_bounces_at_once_and_is_told(world, post, country):
    post.recipient_says[address("c000")] = "550 5.1.1 no such mailbox"
    desk = Desk(world)
    async with run_app(build(settings(world, post))):
        await desk.until(delivered=len(MANY) - 1, bounced=1)

        async def told():
            return [e for e in await events(world, NOTICES) if isinstance(e, NoticeBounced)]

        (bounced,) = await eventually(told)
        assert (bounced.recipient, bounced.reason) == ("c000", "recipient_550")

        async def status():
            return [e for e in await events(world, STATUS) if isinstance(e, StageChanged) and e.state == "bounced"]

        (stands,) = await eventually(status)
        assert stands.center == "c000"
    assert post.attempts[address("c000")] == 1


async def test_a_temporary_refusal_is_tried_again_a_bounded_number_of_times(world, post, country):
    post.recipient_says[address("c000")] = "450 4.2.0 greylisted"
    post.recipient_says[address("c001")] = "450 4.2.0 greylisted"
    desk = Desk(world)
    async with run_app(build(settings(world, post, mail_attempts=4))):

        async def tried():
            return post.attempts[address("c000")] >= 2

        await eventually(tried)
        del post.recipient_says[address("c000")]
        await desk.until(delivered=len(MANY) - 1, bounced=1)
    assert post.attempts[address("c001")] == 4
    (row,) = await desk.all(recipient="c001")
    assert (row["reason"], row["attempts"]) == ("recipient_450", 4)


@pytest.mark.parametrize("place", ["notifier.before_send", "notifier.after_send"])
async def test_a_crash_around_the_sending_loses_nothing_and_duplicates_visibly(world, post, country, place):
    desk, chosen = Desk(world), settings(world, post)
    crashing = await start(world, chosen, failpoints=f"{place}:10")
    try:
        await died(crashing)
        states = await desk.states()
        assert states["sending"] > 0
        assert states.total() == len(MANY)
        again = await start(world, chosen)
        try:
            await desk.until(delivered=len(MANY))
        finally:
            await stopped([again])
    finally:
        await stopped([crashing])
    doubtful = {row["_id"]: row["recipient"] for row in await desk.all(doubts={"$gt": 0})}
    assert doubtful
    twice = {recipient for recipient, times in Counter(post.addresses()).items() if times > 1}
    assert set(post.addresses()) == set(map(address, MANY))
    assert twice <= {address(code) for code in doubtful.values()}
    for recipient in twice:
        assert len({mail["Message-ID"] for mail in post.mails(recipient)}) == 1
    if place == "notifier.after_send":
        assert twice


async def test_two_processes_share_the_work_and_send_each_mail_once(world, post, country):
    desk, chosen = Desk(world), settings(world, post)
    await country.obligations(*MANY)
    async with run_app(build(chosen)), run_app(build(chosen)):
        await desk.until(delivered=len(MANY) + 1)
    assert Counter(post.addresses()) == Counter([*map(address, MANY), address(LAO)])


async def test_stopping_lets_the_mails_under_way_end_and_gives_the_rest_back(world, post, country):
    desk, chosen = Desk(world), settings(world, post, mail_lease_seconds=600)
    async with run_app(build(chosen)):
        await mails(post, 5)
    assert set(await desk.states()) <= {"delivered", "queued"}
    async with run_app(build(chosen)):
        await desk.until(delivered=len(MANY))
    assert Counter(post.addresses()) == Counter(map(address, MANY))


# --- the store alone


@pytest.fixture
async def store(world) -> Store:
    found = Store(world.mongo("notifier"), Bus(world.settings(), "notifier").relay)
    await found.prepare()
    return found


NOW = datetime.now(UTC)
LEASE = timedelta(seconds=30)


def queued(number: str) -> dict[str, Delivery]:
    return {
        number: Delivery(
            notice=number,
            kind="credential_ready",
            round=ROUND,
            recipient=f"c-{number}",
            holder="center",
            path=PATH,
            cause="e",
            created_at=NOW,
            state="queued",
            queued_at=NOW,
            due=NOW,
        )
    }


async def test_what_is_leased_is_marked_sending_and_nobody_else_gets_it_in_time(store):
    await store.create(queued("a"), NOW)
    first = await store.lease(10, NOW, LEASE)
    assert [one.state.state for one in first.deliveries] == ["sending"]
    assert (await store.lease(10, NOW + LEASE / 2, LEASE)).deliveries == []
    second = await store.lease(10, NOW + LEASE, LEASE)
    (taken,) = second.deliveries
    assert (second.resumed, taken.state.doubts, taken.state.attempts) == (1, 1, 1)


async def test_a_result_that_comes_after_the_lease_was_lost_changes_nothing(store):
    await store.create(queued("a"), NOW)
    (late,) = (await store.lease(10, NOW, LEASE)).deliveries
    (current,) = (await store.lease(10, NOW + LEASE, LEASE)).deliveries
    recorder = Recorder(store, Patience(), 0)
    await recorder._write([(late, Sent())])
    assert (await store.load(["a"]))["a"].state == current.state


async def test_an_acknowledgement_while_the_mail_is_under_way_is_kept_and_the_mail_is_not_sent_again(store):
    await store.create(queued("a"), NOW)
    (taken,) = (await store.lease(10, NOW, LEASE)).deliveries
    noted = acknowledge(taken.state, NOW)
    assert isinstance(noted, Delivery)
    assert not await store.save([(taken, noted)], NOW)
    await Recorder(store, Patience(), 0)._write([(taken, Sent())])
    after = (await store.load(["a"]))["a"].state
    assert after.state == "delivered"
    assert after.acknowledged_at is not None


async def test_an_lao_that_was_skipped_for_want_of_centers_is_held_again(store):
    (delivery,) = queued("a").values()
    skipped = delivery.model_copy(
        update={"kind": "round_opened", "state": "skipped", "reason": "no_centers", "due": None, "ended_at": NOW}
    )
    await store.create({"a": skipped, "b": skipped.model_copy(update={"reason": "round_closed"})}, NOW)
    await store.renew(["a", "b"], NOW)
    found = await store.load(["a", "b"])
    assert {number: one.state.state for number, one in found.items()} == {"a": "held", "b": "skipped"}
    assert await store.release(ROUND, Patience(), NOW) == 1
    assert (await store.load(["a"]))["a"].state.state == "queued"


async def test_a_check_that_was_under_way_when_the_facts_changed_is_made_again(store):
    (delivery,) = queued("a").values()
    await store.create({"a": delivery.model_copy(update={"kind": "round_opened"})}, NOW)
    (taken,) = (await store.lease(10, NOW, LEASE)).deliveries
    await store.renew(["a"], NOW)
    await Recorder(store, Patience(), 0)._write([(taken, Skip("no_centers"))])
    assert (await store.load(["a"]))["a"].state.state == "queued"
