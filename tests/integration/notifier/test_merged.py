"""Merged offices: their notices reach who carries on, and nobody is chased for what was released."""

from services.notifier.app import build
from shared.contracts.events import NoticeDelivered, ObligationChanged, ReportCarried
from shared.contracts.topics import NOTICES
from tests.integration.notifier.country import DEADLINE, LAO, PATH, ROUND, Country, address, settings
from tests.integration.notifier.watching import Desk, events
from tests.world import eventually, run_app


async def test_a_notice_for_a_merged_center_reaches_the_survivor(world, post):
    country, desk = Country(world), Desk(world)
    await country.organizations(LAO)
    await country.centers("c9")
    await country.centers("c2", state="closed", successor="c9")
    await country.centers("c1", state="closed", successor="c2")
    await country.round("open")
    await country.received("c1")
    await country.received("c9")
    async with run_app(build(settings(world, post))):
        await desk.until(delivered=2)
        assert post.addresses() == [address("c9")] * 2
        (forwarded,) = await desk.all(forwarded_from="c1")
        assert (forwarded["recipient"], forwarded["path"]) == ("c9", list(PATH))

        async def told():
            return [e for e in await events(world, NOTICES) if isinstance(e, NoticeDelivered)]

        assert {one.recipient for one in await eventually(told)} == {"c9"}


async def test_nobody_is_told_to_claim_what_was_taken_back_from_a_merged_holder(world, post):
    country, desk = Country(world), Desk(world)
    await country.organizations(LAO)
    await country.centers("c9")
    await country.centers("c1", state="closed", successor="c9")
    await country.round("open")
    await country.credentials("c1", "c9")
    async with run_app(build(settings(world, post))):
        await desk.until(delivered=1, skipped=1)
    assert post.addresses() == [address("c9")]


async def test_who_was_brought_a_report_that_counts_is_not_chased(world, post, client):
    """And is again once that report stands there no more; whichever of the two is heard first."""
    country, desk = Country(world), Desk(world)
    await country.organizations(LAO)
    await country.centers("c7", "c8", "c9")
    await country.round("open", obligations=3)
    await country.obligations("c7", "c8", "c9")
    brought = {
        center: [
            ReportCarried(
                round=ROUND, center=center, path=PATH, origin="c1", number=number, delivered=number % 2 == 1,
                receipt="R-1" if number % 2 else None, carried_at=DEADLINE,
            )
            for number in (1, 2)
        ]
        for center in ("c7", "c8")
    }  # fmt: skip
    told = [brought["c7"][0], brought["c8"][1], brought["c8"][0]]
    await world.publish("submissions", *((f"{ROUND}/{one.center}", one.number, one) for one in told), ids="carried")
    app = build(settings(world, post))
    async with client(app, world.token("province", "58")) as http:
        await desk.until(delivered=1)

        async def chased():
            page = (await http.get(f"/v1/rounds/{ROUND}/chase", params={"within": "58"})).json()
            return [item["center"] for item in page["items"]] == ["c8", "c9"]

        await eventually(chased)


async def test_nobody_is_chased_for_a_released_obligation(world, post, client):
    country, desk = Country(world), Desk(world)
    await country.organizations(LAO)
    await country.centers("c1", "c9")
    await country.round("open", obligations=2)
    await country.obligations("c1", "c9")
    app = build(settings(world, post))
    async with client(app, world.token("province", "58")) as http:
        await desk.until(delivered=1)

        async def chased():
            page = (await http.get(f"/v1/rounds/{ROUND}/chase", params={"within": "58"})).json()
            return [item["center"] for item in page["items"]] if "items" in page else None

        assert await eventually(chased) == ["c1", "c9"]
        released = ObligationChanged(
            round=ROUND, center="c1", lao=LAO, path=PATH, owed=False, successor="c9", cause="merged"
        )
        await world.publish("registry", (f"{ROUND}/c1", 2, released), ids="released")

        async def only_the_survivor():
            return (await chased()) == ["c9"]

        await eventually(only_the_survivor)
