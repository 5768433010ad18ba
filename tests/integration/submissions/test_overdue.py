"""The sweeper of deadlines on real servers: told once for each center, taken back when the deadline moves."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from deploy.local.crowd.papers import paper
from services.submissions.app import build
from services.submissions.store import Store
from shared.contracts.events import Extension, ObligationChanged, OverdueLifted, ReportOverdue
from shared.contracts.topics import STATUS, SUBMISSIONS
from tests.integration.submissions.conftest import PATH, Office, round_, settings_of
from tests.integration.submissions.test_deciding import told
from tests.plans import Silent
from tests.world import World, eventually, run_app

AGO = timedelta(hours=3)


async def overdue(office: Office, count: int) -> list[ReportOverdue]:
    """What was announced as overdue in this round, once there is so much of it."""

    async def announced() -> list[Any] | None:
        found = [data for _, _, data in await told(office, SUBMISSIONS) if isinstance(data, ReportOverdue)]
        return found if len(found) >= count else None

    return await eventually(announced) or []


async def swept(office: Office, sequence: int) -> None:
    """A sweep has looked at every center as the round stood then, and all that it had to tell was told."""
    mongo = office.world.mongo("submissions")

    async def done() -> bool:
        seen = await mongo.documents("deadlines").one({"_id": office.round})
        waiting = await mongo.documents("submissions").count({"round": office.round, "outbox.0": {"$exists": True}})
        return seen is not None and seen["sequence"] >= sequence and waiting == 0

    await eventually(done)


async def stage(office: Office, center: str) -> Any:
    key = f"{office.round}/{center}/submission"
    return [data for _, name, data in await told(office, STATUS) if name == key][-1]


async def test_when_the_deadline_passes_each_center_that_sent_nothing_is_told_once(office: Office) -> None:
    await office.bring(paper("a", 200_000))
    await office.decided()
    for sequence in (2, 3, 4):  # the round changes again and again, and each time all are looked at
        await office.tell((office.round, sequence, round_(office.round, deadline=datetime.now(UTC) - AGO)))
        await swept(office, sequence)
    (only,) = await overdue(office, 1)
    assert (only.center, only.path) == (office.other, PATH)
    there = await office.submission(office.other)
    assert (there["state"], there["late"], there["reports"]) == ("awaited", True, [])
    assert (await stage(office, office.other)).late is True
    assert (await office.submission())["late"] is False


async def test_an_extension_takes_it_back_and_a_late_report_is_on_time_again(office: Office) -> None:
    over = datetime.now(UTC) - AGO
    await office.tell((office.round, 2, round_(office.round, deadline=over)))
    assert {one.center for one in await overdue(office, 2)} == {office.center, office.other}
    assert (await office.bring(paper("a", 200_000)))["late"] is True
    assert (await office.decided())["overdue"] is None, "a late report is not overdue"

    extension = Extension(organization="5801", deadline=datetime.now(UTC) + timedelta(days=7))
    await office.tell((office.round, 3, round_(office.round, deadline=over, extensions=(extension,))))

    async def lifted() -> list[Any] | None:
        return [data for _, _, data in await told(office, SUBMISSIONS) if isinstance(data, OverdueLifted)] or None

    (one,) = await eventually(lifted) or []
    assert (one.center, one.reason) == (office.other, "extended")

    async def corrected() -> bool:
        own, other = await office.submission(), await office.submission(office.other)
        return (own["late"], own["reports"][0]["late"], other["late"]) == (False, False, False)

    await eventually(corrected)
    assert (await stage(office, office.center)).late is False


async def test_who_is_released_after_the_deadline_is_not_overdue_any_more(office: Office) -> None:
    over = round_(office.round, deadline=datetime.now(UTC) - AGO)
    await office.tell((office.round, 2, over))
    await overdue(office, 2)
    gone = ObligationChanged(round=office.round, center=office.other, lao=PATH[-1], path=PATH, owed=False)
    await office.tell((f"{office.round}/{office.other}", 2, gone))
    await office.tell((office.round, 3, over.model_copy(update={"obligations": 1})))

    async def released() -> bool:
        found = await office.submission(office.other)
        return (found["late"], found["overdue"]) == (False, None)

    await eventually(released)


async def test_a_returned_report_that_does_not_come_back_is_overdue(office: Office) -> None:
    receipt = await office.bring(paper("a", 200_000))
    await office.decided()
    await office.tell((office.round, 2, round_(office.round, deadline=datetime.now(UTC) - AGO, grace_minutes=0)))
    body = {
        "receipt": receipt["code"],
        "verdict": "returned",
        "reasons": [{"code": "unsigned"}],
        "due": (datetime.now(UTC) + timedelta(seconds=2)).isoformat(),
    }
    path = f"/v1/rounds/{office.round}/centers/{office.center}/review"
    returned = await office.ask("POST", path, role="assessor", org="onesqa", json=body)
    assert returned.status_code == 200, returned.text
    assert {one.center for one in await overdue(office, 2)} == {office.center, office.other}
    found = await office.submission()
    assert (found["state"], found["late"]) == ("returned", True)


async def test_a_start_behind_the_topics_tells_nothing_that_the_rest_of_them_takes_back(world: World) -> None:
    """A rebuild stopped half-way: the round stands here as it was before one center's extension, told long ago."""
    app = build(settings_of(world))
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://submissions")
    office = Office(world, http, secrets.token_hex(4))
    over = round_(office.round, deadline=datetime.now(UTC) - AGO)
    later = Extension(organization=office.center, deadline=datetime.now(UTC) + timedelta(days=7))
    owing = [
        (
            f"{office.round}/{code}",
            1,
            ObligationChanged(round=office.round, center=code, lao=PATH[-1], path=PATH, owed=True),
        )
        for code in (office.center, office.other)
    ]
    store = Store(world.mongo("submissions"), Silent())
    await store.know_rounds([(office.round, 1, over)])
    await store.know_obligations(owing)
    extended = over.model_copy(update={"extensions": (later,)})
    await world.publish("registry", *owing, (office.round, 2, extended))
    async with http, run_app(app):
        await swept(office, 2)
        assert [one.center for one in await overdue(office, 1)] == [office.other]
        lifted = [data for _, _, data in await told(office, SUBMISSIONS) if isinstance(data, OverdueLifted)]
        assert lifted == [], "nothing was told that had to be taken back"
