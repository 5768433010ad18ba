"""An alarm of wrong hands reaches the officers over the holder, once each."""

from datetime import timedelta

from services.notifier.app import build
from shared.bus import rewind
from shared.contracts.events import ClaimAlarmed, NoticeDelivered
from shared.contracts.topics import NOTICES, READS, group_name
from tests.integration.notifier.country import DEADLINE, LAO, PATH, ROUND, Country, address, settings
from tests.integration.notifier.post_office import text_of
from tests.integration.notifier.watching import Desk, Handled, events
from tests.world import eventually, run_app


def alarm(holder: str, kind: str = "center") -> ClaimAlarmed:
    return ClaimAlarmed(
        round=ROUND,
        holder=holder,
        holder_kind=kind,
        credential=f"cr-{holder}",
        version=1,
        path=PATH,
        cause="already_claimed",
        claim=f"claim-{holder}",
        attempted_at=DEADLINE,
        attempted_role="center",
        attempted_org=holder,
        attempted_with="token",
        claimed_at=DEADLINE - timedelta(hours=1),
        claimed_role="center",
        claimed_with="sheet",
    )


async def test_an_alarm_is_mailed_to_the_lao_and_the_district_once_however_often_it_comes(world, post):
    country, desk = Country(world), Desk(world)
    await country.organizations(LAO)
    await country.round("open")
    both = [("c1", 1, alarm("c1")), (LAO, 1, alarm(LAO, "lao"))]
    await world.publish("credentials", *both, *both, ids="alarm")
    handled = Handled(world)
    async with run_app(build(settings(world, post))):
        await desk.until(delivered=3)
        await handled.until(projections=0, effects=4)
    topics = [topic.named(world.namespace) for topic in READS["notifier"]["effects"]]
    group = group_name(world.namespace, "notifier", "effects")
    await rewind(world.environment["SARABAN_KAFKA_BOOTSTRAP"], group, topics)
    again = Handled(world)
    async with run_app(build(settings(world, post))):
        await again.until(projections=0, effects=4)
        await desk.until(delivered=3)
        assert post.addresses() == sorted([address(LAO), address("5801"), address("5801")])
        told = [text_of(mail) for mail in post.mails(address("5801"))]
        assert sum("c1" in text for text in told) == 1
        assert sum(LAO in text for text in told) == 1
        assert all("คำขอออกรหัสใหม่" in text and "claim-" not in text and "cr-" not in text for text in told)

        async def announced():
            found = [one for one in await events(world, NOTICES) if isinstance(one, NoticeDelivered)]
            return len(found) == 3 and {one.kind for one in found} == {"claim_alarmed"}

        await eventually(announced)


async def test_an_office_without_an_address_keeps_nobody_else_from_hearing(world, post):
    """That it could not be told is said, and stands in the list of deliveries."""
    country, desk = Country(world), Desk(world)
    await country.organizations(LAO)
    await country.organizations(sequence=2, email="nowhere")
    await country.round("open")
    await world.publish("credentials", ("c1", 1, alarm("c1")), ids="alarm")
    async with run_app(build(settings(world, post))):
        await desk.until(delivered=1, bounced=1)
    assert post.addresses() == [address(LAO)]
    (bounced,) = await desk.all(state="bounced")
    assert (bounced["recipient"], bounced["reason"]) == ("5801", "bad_address")
