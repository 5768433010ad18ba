"""Nothing is sent on half of what was told: after a rebuild or a long stop the sender waits for the projections."""

import asyncio

import httpx

from services.notifier.app import build
from services.notifier.sender import TICK_SECONDS
from shared.bus import rewind
from shared.contracts.topics import READS, group_name
from tests.integration.notifier.country import LAO, ROUND, Country, address, settings
from tests.integration.notifier.post_office import text_of
from tests.integration.notifier.watching import Desk
from tests.world import eventually, run_app


async def queue_reminders(world, post) -> None:
    """Two centers owe a report; both are to be reminded, and the mail server is away. Then everything stops."""
    country, desk = Country(world), Desk(world)
    await country.organizations(LAO)
    await country.centers("c1", "c2")
    await country.round("open")
    await country.obligations("c1", "c2")
    app = build(settings(world, post))
    headers = {"Authorization": f"Bearer {world.token('province', '58')}"}
    async with (
        run_app(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers) as http,
    ):
        await desk.until(delivered=1)
        await post.close()
        answer = await http.post("/v1/notices", json={"kind": "reminder", "round": ROUND})
        assert answer.status_code == 201, answer.text

        async def issued() -> bool:
            return (await desk.states())["queued"] == 2

        await eventually(issued)
    await post.open()
    post.taken.clear()


async def test_a_reminder_waits_until_what_was_told_is_known_again(world, post):
    await queue_reminders(world, post)
    await Country(world).received("c1")
    mongo = world.mongo("notifier")
    for name in ("obligations", "reports", "claims"):  # as a rebuild leaves them half-way
        await mongo.documents(name).delete({})
    topics = [topic.named(world.namespace) for topic in READS["notifier"]["projections"]]
    bootstrap = world.settings().kafka_bootstrap
    await rewind(bootstrap, group_name(world.namespace, "notifier", "projections"), topics)
    desk = Desk(world)
    before = await desk.states()
    async with run_app(build(settings(world, post, roles="relay"))):
        await asyncio.sleep(4 * TICK_SECONDS)  # not to wait for something: nothing may happen in this time
        assert await desk.states() == before
        async with run_app(build(settings(world, post, roles="consumer"))):

            async def decided() -> bool:
                return not (await desk.states())["queued"] and not (await desk.states())["sending"]

            await eventually(decided)
    assert {row["recipient"]: (row["state"], row["reason"]) for row in await desk.all(kind="reminder")} == {
        "c1": ("skipped", "submitted"),
        "c2": ("delivered", None),
    }
    reminded = [mail["To"] for mail in post.mails() if "ยังไม่ได้รับรายงาน" in text_of(mail)]
    assert len(reminded) == 1
    assert address("c2") in reminded[0]
