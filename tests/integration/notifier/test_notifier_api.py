"""Reminders, acknowledgements and the chase list, over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from deploy.local.stack import Stack
from services.notifier.app import build
from shared.contracts.events import NoticeAcknowledged
from shared.contracts.topics import NOTICES
from tests.integration.notifier.country import LAO, ROUND, Country, address, settings
from tests.integration.notifier.post_office import PostOffice, text_of
from tests.integration.notifier.watching import Desk, Handled, events
from tests.world import World, a_world, eventually, run_app

CENTERS = ("c1", "c2", "c3", "c4")
OTHER_LAO = "6580102"
REMINDER = {"kind": "reminder", "round": ROUND}


@dataclass
class Here:
    """A running notifier that has heard of a small country."""

    world: World
    post: PostOffice
    country: Country
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, role: str, org: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.world.token(role, org)}", **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    async def get(self, path: str, role: str = "province", org: str = "58") -> httpx.Response:
        return await self.ask("GET", path, role, org)

    async def remind(self, role: str, org: str, rehearse: bool = False, key: str | None = None, **body: Any):
        headers = {"Idempotency-Key": key} if key else {}
        query = "?rehearse=true" if rehearse else ""
        return await self.ask("POST", f"/v1/notices{query}", role, org, headers=headers, json={**REMINDER, **body})


@pytest.fixture
async def here(world: World) -> AsyncIterator[Here]:
    """A small country of a test's own."""
    async with _listening(world) as found:
        yield found


@pytest.fixture(scope="module")
async def standing(stack: Stack) -> AsyncIterator[Here]:
    """One for all tests that leave it as they find it."""
    async with a_world(stack) as world, _listening(world) as found:
        yield found


@asynccontextmanager
async def _listening(world: World) -> AsyncIterator[Here]:
    """c1 sent its report, c2's was rejected, c3 and c4 sent nothing; c4 lies in another LAO and has no address."""
    country = Country(world)
    handled = Handled(world)
    await country.organizations(LAO, OTHER_LAO)
    await country.round("open")
    await country.centers("c1", "c2", "c3")
    await country.centers("c4", lao=OTHER_LAO, email=None)
    await country.obligations("c1", "c2", "c3")
    await country.obligations("c4", lao=OTHER_LAO)
    await country.received("c1")
    await country.received("c2")
    await country.rejected("c2")
    post = await PostOffice().open()
    app = build(settings(world, post))
    transport = httpx.ASGITransport(app)
    try:
        async with run_app(app), httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            await handled.until(projections=18, effects=7)
            await Desk(world).until(delivered=5)
            post.taken.clear()
            yield Here(world, post, country, http)
    finally:
        await post.close()


def problem(answer: httpx.Response) -> tuple[int, str, str | None]:
    body = answer.json()
    return answer.status_code, body["type"].removeprefix("urn:saraban:problem:"), body.get("where")


async def test_a_rehearsal_names_exactly_those_who_would_be_told_and_sends_nothing(standing):
    answer = await standing.remind("province", "58", rehearse=True)
    assert answer.status_code == 200
    body = answer.json()
    assert [one["center"] for one in body["recipients"]] == ["c2", "c3", "c4"]
    assert (body["count"], body["unreachable"]) == (3, 1)
    assert "@" not in answer.text
    assert len(await Desk(standing.world).all()) == 5


async def test_a_reminder_goes_to_those_rehearsed_and_tells_what_became_of_each(here):
    answer = await here.remind("lao", LAO)
    assert answer.status_code == 201
    notice = answer.json()["id"]
    assert answer.headers["location"] == f"/v1/notices/{notice}"
    await Desk(here.world).until(delivered=7)
    assert here.post.addresses() == [address("c2"), address("c3")]
    assert "ยังไม่ได้รับรายงาน" in text_of(here.post.mails()[0])
    seen = (await here.get(f"/v1/notices/{notice}")).json()
    assert (seen["recipients"], seen["issued"], seen["deliveries"]) == (2, True, {"delivered": 2})
    listed = (await here.get(f"/v1/deliveries?notice={notice}")).json()["items"]
    assert {(one["recipient"], one["state"], one["doubts"]) for one in listed} == {
        ("c2", "delivered", 0),
        ("c3", "delivered", 0),
    }


async def test_a_center_that_submits_before_the_mail_leaves_is_not_reminded(here):
    await here.post.close()
    answer = await here.remind("lao", LAO)
    desk, notice = Desk(here.world), answer.json()["id"]

    async def waiting():
        return len(await desk.all(notice=notice)) == 2

    await eventually(waiting)
    handled = Handled(here.world)
    await here.country.received("c3")
    await handled.until(projections=1, effects=1)
    await here.post.open()

    async def told() -> dict[str, str]:
        return {row["recipient"]: row["state"] for row in await desk.all(notice=notice)}

    async def settled():
        return await told() == {"c2": "delivered", "c3": "skipped"}

    await eventually(settled)
    assert not [mail for mail in here.post.mails(address("c3")) if "เตือน" in mail["Subject"]]
    (skipped,) = await desk.all(notice=notice, recipient="c3")
    assert skipped["reason"] == "submitted"


async def test_the_same_order_with_the_same_key_reminds_once(here):
    first = await here.remind("province", "58", key="key-0001")
    again = await here.remind("province", "58", key="key-0001")
    assert first.json()["id"] == again.json()["id"]
    other = await here.remind("province", "58", key="key-0001", within="5801")
    assert problem(other) == (409, "idempotency-key-reused", "header.Idempotency-Key")
    await Desk(here.world).until(delivered=7, bounced=1)


async def test_a_token_whose_time_is_over_orders_nothing(standing):
    stale = standing.world.token("province", "58", ttl=-3600)
    answer = await standing.http.post("/v1/notices", headers={"Authorization": f"Bearer {stale}"}, json=REMINDER)
    assert problem(answer) == (401, "token-expired", "header.Authorization")
    assert len(await Desk(standing.world).all()) == 5


async def test_an_order_whose_answer_was_never_stored_is_not_given_twice(here):
    first = await here.remind("province", "58", key="key-0002")
    await here.world.mongo("notifier").documents("idempotency").delete({})
    again = await here.remind("province", "58", key="key-0002")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]


@pytest.mark.parametrize(
    ("role", "org", "body", "refused"),
    [
        ("province", "10", {"within": "58"}, (403, "out-of-scope", "body.within")),
        ("lao", OTHER_LAO, {"within": LAO}, (403, "out-of-scope", "body.within")),
        ("province", "58", {"within": "00"}, (403, "out-of-scope", "body.within")),
        ("province", "58", {"within": "9999"}, (404, "organization-unknown", "body.within")),
        ("province", "58", {"round": "2599"}, (404, "round-unknown", "body.round")),
        ("province", "58", {"kind": "gossip"}, (422, "invalid-request", "body.kind")),
        ("province", "58", {"surprise": 1}, (422, "invalid-request", "body.surprise")),
        ("center", "c1", {}, (403, "forbidden", None)),
        ("auditor", "00", {}, (403, "forbidden", None)),
    ],
)
async def test_who_may_not_remind_is_told_why_and_changes_nothing(standing, role, org, body, refused):
    assert problem(await standing.remind(role, org, **body)) == refused
    assert len(await Desk(standing.world).all()) == 5
    assert await standing.world.mongo("notifier").documents("notices").find({}) == []


async def test_nobody_is_reminded_of_a_closed_round(here):
    handled = Handled(here.world)
    await here.country.round("closed", sequence=2)
    await handled.until(projections=1, effects=0)
    assert problem(await here.remind("province", "58")) == (409, "round-not-open", "body.round")


async def test_without_a_token_nothing_is_shown(standing):
    assert (await standing.http.get("/v1/deliveries?recipient=c1")).status_code == 401


async def test_the_recipient_acknowledges_and_the_first_time_counts(here):
    (opening,) = await Desk(here.world).all(recipient=LAO)
    path = f"/v1/notices/{opening['notice']}/acknowledgements"
    first = await here.ask("POST", path, "lao", LAO)
    assert first.status_code == 200
    assert first.json()["acknowledged_at"].endswith("+07:00")
    assert (await here.ask("POST", path, "lao", LAO)).json() == first.json()

    async def told():
        return [e for e in await events(here.world, NOTICES) if isinstance(e, NoticeAcknowledged)]

    (event,) = await eventually(told)
    assert event.recipient == LAO
    assert (await here.get(f"/v1/notices/{opening['notice']}")).json()["acknowledged"] == 1


async def test_nobody_acknowledges_for_another(standing):
    (opening,) = await Desk(standing.world).all(recipient=LAO)
    path = f"/v1/notices/{opening['notice']}/acknowledgements"
    assert problem(await standing.ask("POST", path, "lao", OTHER_LAO))[:2] == (404, "notice-unknown")
    assert problem(await standing.ask("POST", path, "center", LAO))[:2] == (404, "notice-unknown")
    assert problem(await standing.ask("POST", path, "province", "58"))[:2] == (403, "forbidden")


async def test_a_recipient_of_an_ordered_notice_acknowledges_its_own_delivery(here):
    notice = (await here.remind("lao", LAO)).json()["id"]
    await Desk(here.world).until(delivered=7)
    assert (await here.ask("POST", f"/v1/notices/{notice}/acknowledgements", "center", "c2")).status_code == 200
    assert (await here.get(f"/v1/notices/{notice}", "center", "c2")).json()["deliveries"] == {"delivered": 1}
    seen = (await here.get(f"/v1/notices/{notice}")).json()
    assert (seen["deliveries"], seen["acknowledged"]) == ({"delivered": 2}, 1)


@pytest.mark.parametrize(
    ("role", "org", "visible"),
    [
        ("department", "00", True),
        ("auditor", "00", True),
        ("province", "58", True),
        ("lao", LAO, True),
        ("center", "c2", True),
        ("center", "c3", False),
        ("lao", OTHER_LAO, False),
        ("province", "10", False),
        ("lao", "00", False),
    ],
)
async def test_each_sees_its_own_branch_alone(standing, role, org, visible):
    (rejection,) = await Desk(standing.world).all(recipient="c2", kind="report_rejected")
    shown = await standing.get(f"/v1/notices/{rejection['notice']}", role, org)
    listed = (await standing.get("/v1/deliveries?recipient=c2", role, org)).json()["items"]
    assert shown.status_code == (200 if visible else 404)
    assert len(listed) == (2 if visible else 0)


async def test_a_list_of_deliveries_comes_in_pages(standing):
    found, cursor = [], ""
    for _ in range(3):
        page = (await standing.get(f"/v1/deliveries?recipient=c2&limit=1{cursor}")).json()
        found += [one["kind"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(found) == ["report_received", "report_rejected"]
    assert problem(await standing.get("/v1/deliveries"))[:2] == (422, "invalid-request")


async def test_the_chase_list_names_who_is_behind_and_why(here):
    await here.remind("province", "58")
    await Desk(here.world).until(delivered=7, bounced=1)
    page = (await here.get(f"/v1/rounds/{ROUND}/chase")).json()
    assert [(one["center"], one["cause"], one["told"]) for one in page["items"]] == [
        ("c2", "rejected", "delivered"),
        ("c3", "silent", "delivered"),
        ("c4", "never_reached", "bounced"),
    ]
    handled = Handled(here.world)
    await here.country.credentials("c3")
    await handled.until(projections=1, effects=1)
    unclaimed = (await here.get(f"/v1/rounds/{ROUND}/chase?cause=unclaimed")).json()["items"]
    assert [one["center"] for one in unclaimed] == ["c3"]


async def test_the_chase_list_comes_in_pages_and_keeps_to_the_subtree(standing):
    first = (await standing.get(f"/v1/rounds/{ROUND}/chase?limit=2")).json()
    assert [one["center"] for one in first["items"]] == ["c2", "c3"]
    second = (await standing.get(f"/v1/rounds/{ROUND}/chase?limit=2&cursor={first['next']}")).json()
    assert ([one["center"] for one in second["items"]], second["next"]) == (["c4"], None)
    own = (await standing.get(f"/v1/rounds/{ROUND}/chase", "lao", OTHER_LAO)).json()
    assert [one["center"] for one in own["items"]] == ["c4"]
    assert problem(await standing.get(f"/v1/rounds/{ROUND}/chase?within={LAO}", "lao", OTHER_LAO))[1] == "out-of-scope"
    assert problem(await standing.get("/v1/rounds/2599/chase"))[1] == "round-unknown"
