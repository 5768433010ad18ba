"""From events on a real bus to mails in a real mailbox: each notice once, whatever the order."""

from collections import Counter

from services.notifier.app import build
from shared.bus import rewind
from shared.contracts.events import NoticeBounced, NoticeDelivered, NoticeIssued
from shared.contracts.status import StageChanged
from shared.contracts.topics import NOTICES, READS, STATUS, group_name
from tests.integration.notifier.country import LAO, Country, address, settings
from tests.integration.notifier.post_office import text_of
from tests.integration.notifier.watching import Desk, Handled, events
from tests.world import eventually, run_app


async def everything(country: Country) -> None:
    await country.organizations(LAO)
    await country.centers("c1", "c2")
    await country.round("open")
    await country.obligations("c1", "c2")
    await country.credentials("c1")
    await country.credentials(LAO, lao=True)
    await country.received("c1")
    await country.rejected("c1")


async def test_a_round_a_credential_and_a_report_are_told_to_whom_they_concern(world, post):
    await everything(Country(world))
    async with run_app(build(settings(world, post))):
        await Desk(world).until(delivered=5)
        assert post.addresses() == sorted([address(LAO)] * 2 + [address("c1")] * 3)
        (opening,) = [mail for mail in post.mails(address(LAO)) if "เปิดรอบการประเมิน" in mail["Subject"]]
        assert "จำนวน ๒ แห่ง" in text_of(opening)
        assert any("ไฟล์เข้ารหัส" in text_of(mail) for mail in post.mails(address("c1")))

        async def all_told():
            kinds = Counter(type(e) for e in await events(world, NOTICES))
            return kinds == {NoticeIssued: 5, NoticeDelivered: 5}

        await eventually(all_told)
        status = await events(world, STATUS)
        assert {(e.center, e.stage, e.state) for e in status if isinstance(e, StageChanged)} == {
            ("c1", "notice", "delivered")
        }


async def test_effects_before_their_state_and_everything_twice_is_told_once(world, post):
    country, desk = Country(world), Desk(world)
    async with run_app(build(settings(world, post))):
        await country.rejected("c1")
        await country.received("c1")
        await country.credentials("c1")
        await country.credentials(LAO, lao=True)
        await country.obligations("c2", "c1")

        async def caused():
            return (await desk.states()).total() == 5

        await eventually(caused)
        assert post.taken == []
        await everything(country)
        await desk.until(delivered=5)
    assert post.addresses() == sorted([address(LAO)] * 2 + [address("c1")] * 3)
    assert len({mail["Message-ID"] for mail in post.mails()}) == 5


async def test_replaying_every_topic_tells_nobody_again(world, post):
    await everything(Country(world))
    handled = Handled(world)
    async with run_app(build(settings(world, post))):
        await Desk(world).until(delivered=5)
        await handled.until(projections=14, effects=6)
    for group, topics in READS["notifier"].items():
        names = [topic.named(world.namespace) for topic in topics]
        await rewind(
            world.environment["SARABAN_KAFKA_BOOTSTRAP"], group_name(world.namespace, "notifier", group), names
        )
    again = Handled(world)
    async with run_app(build(settings(world, post))):
        await again.until(projections=14, effects=6)
        await Desk(world).until(delivered=5)
    assert len(post.taken) == 5


async def test_nobody_is_told_of_a_round_before_it_opens(world, post):
    country, desk = Country(world), Desk(world)
    await country.organizations(LAO)
    await country.round("draft")
    await country.obligations("c1", "c2")
    await country.credentials(LAO, lao=True)
    async with run_app(build(settings(world, post))):
        await desk.until(held=1, delivered=1)
        await country.round("open", sequence=2, obligations=3)
        await country.obligations("c3")
        await desk.until(delivered=2)
    opening = post.mails(address(LAO))[-1]
    assert "จำนวน ๓ แห่ง" in text_of(opening)


async def test_a_round_that_closes_first_was_never_announced(world, post):
    country, desk = Country(world), Desk(world)
    await country.organizations(LAO)
    await country.obligations("c1")
    await country.round("closed", sequence=3)
    await country.round("open", sequence=2)
    await country.credentials(LAO, lao=True)
    async with run_app(build(settings(world, post))):
        await desk.until(held=1, delivered=1)
        await country.credentials("late", lao=True)
        await desk.until(held=1, delivered=1, queued=1)
    assert len(post.taken) == 1


async def test_each_round_has_its_own_opening_for_each_lao(world, post):
    country, desk = Country(world), Desk(world)
    await country.organizations(LAO, "6580102")
    await country.round("open")
    await country.obligations("c1", "c2")
    await country.obligations("c3", lao="6580102")
    async with run_app(build(settings(world, post))):
        await desk.until(delivered=2)
    assert post.addresses() == [address(LAO), address("6580102")]
    assert "จำนวน ๑ แห่ง" in text_of(post.mails(address("6580102"))[0])


async def test_a_recipient_nobody_ever_hears_of_bounces(world, post):
    country, desk = Country(world), Desk(world)
    await country.round("open")
    await country.credentials("ghost")
    async with run_app(build(settings(world, post, mail_unknown_seconds=5))):
        await desk.until(bounced=1)

        async def told():
            return [e.reason for e in await events(world, NOTICES) if isinstance(e, NoticeBounced)]

        assert await eventually(told) == ["no_address"]
    assert post.taken == []


async def test_the_address_of_the_moment_of_sending_is_used(world, post):
    country, desk = Country(world), Desk(world)
    await country.round("open")
    await country.credentials("c1")
    async with run_app(build(settings(world, post))):
        await desk.until(queued=1)
        await country.centers("c1", sequence=2, email="new@office.example.org")
        await country.centers("c1", sequence=1)
        await desk.until(delivered=1)
    assert post.addresses() == ["new@office.example.org"]
