"""A center and an LAO are merged by order, and what is owed, held, sent, seen and told follows."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from deploy.local.crowd.campaign import DEPARTMENT
from deploy.local.crowd.doors import RefusedError
from deploy.local.crowd.office import Story
from deploy.local.crowd.waiting import until_whole
from deploy.local.verify.reconcile import reconcile
from shared.bus import read_topic
from shared.contracts.topics import STATUS
from shared.mongo import Document
from tests.world import eventually


@dataclass
class Merged:
    """Who was merged into whom. `sent` is the merged center as the rehearsal left it: its report was sent."""

    sent: Story
    survivor: Document
    lao: str
    into: str
    came: list[str]
    """Centers of the merged LAO that owe."""


@pytest.fixture(scope="module")
async def merged(finished: Any) -> Merged:
    """The registry's orders, carried out after the round that the package shares is over for its other tests."""
    busy = {story.person.code for story in finished.outcome.stories}
    rows = [row async for row in finished.insight.mongos["registry"].documents("centers").each({})]
    idle = [row for row in rows if row["_id"] not in busy]
    by_code = {row["_id"]: row for row in rows}
    survivor = idle[-1]  # the search for secrets takes the first two
    sent = next(
        story
        for story in finished.outcome.stories
        if story.person.habit == "plain" and by_code[story.person.code]["lao"] != survivor["lao"]
    )
    taken = {by_code[sent.person.code]["lao"], survivor["lao"]}
    lao, into = sorted({row["lao"] for row in rows} - taken)[:2]
    came = sorted(row["_id"] for row in rows if row["lao"] == lao)
    await order(finished, "centers", survivor["_id"], sent.person.code)
    await order(finished, "organizations", into, lao)
    return Merged(sent, survivor, lao, into, came)


async def order(finished: Any, what: str, survivor: str, source: str) -> None:
    """A merge by HTTP, carried out."""
    body = {"sources": [source], "reason": "ประกาศควบรวม"}
    url = f"{finished.doors.registry}/v1/{what}/{survivor}/merge"
    given = await finished.doors.ask(DEPARTMENT, "POST", url, json=body)

    async def done() -> bool:
        return bool((await ask(finished, DEPARTMENT, "registry", f"/v1/orders/{given['id']}"))["state"] == "done")

    await eventually(done)


async def ask(finished: Any, who: tuple[str, str], service: str, path: str, **request: Any) -> Any:
    return await finished.doors.ask(who, "GET", f"{getattr(finished.doors, service)}{path}", **request)


async def credential(finished: Any, who: tuple[str, str], code: str) -> dict[str, Any]:
    return dict(await ask(finished, who, "credentials", f"/v1/holders/{code}/credential"))


async def test_the_survivor_owes_and_has_what_the_merged_center_sent(finished, merged):
    round_, source, survivor = finished.outcome.round, merged.sent.person.code, merged.survivor["_id"]
    obligations = finished.insight.mongos["registry"].documents("obligations")
    owed = {code: await obligations.one({"_id": f"{round_}/{code}"}) for code in (source, survivor)}
    assert (owed[survivor]["owed"], owed[source]["owed"], owed[source]["successor"]) == (True, False, survivor)
    path = f"/v1/rounds/{round_}/centers/{survivor}/submission"
    where = ("department", "00")

    async def carried() -> dict[str, Any] | None:
        found = await ask(finished, where, "submissions", path, passing=frozenset({404, 503}))
        return found if found["carried"] else None

    found = await eventually(carried)
    assert [one["origin"] for one in found["carried"]] == [source]
    assert (found["state"], found["reports"]) == ("accepted", [])
    old = await ask(finished, ("center", survivor), "submissions", f"/v1/rounds/{round_}/centers/{source}/submission")
    assert old["successor"] == survivor


async def test_the_receipt_that_was_given_is_still_good(finished, merged):
    shown = await ask(
        finished, ("center", merged.survivor["_id"]), "submissions", f"/v1/receipts/{merged.sent.receipt}"
    )
    assert (shown["code"], shown["center"], shown["sha256"]) == (
        merged.sent.receipt,
        merged.sent.person.code,
        merged.sent.sha256,
    )


async def test_the_merged_accounts_are_flagged_or_taken_back_and_name_who_carries_on(finished, merged):
    source, survivor = merged.sent.person.code, merged.survivor["_id"]

    async def flagged() -> dict[str, Any] | None:
        found = await credential(finished, DEPARTMENT, source)
        return found if found["successor"] else None

    found = await eventually(flagged)
    assert (found["state"], found["must_change"], found["successor"]) == ("confirmed", True, survivor)
    assert await credential(finished, ("center", survivor), source) == found
    assert (await credential(finished, ("center", survivor), survivor))["state"] in {"sealed", "notified"}

    async def followed() -> dict[str, Any] | None:
        seen = await credential(finished, DEPARTMENT, merged.lao)
        return seen if seen["successor"] == merged.into else None

    lao = await eventually(followed)
    assert lao["state"] == "revoked" or lao["must_change"]

    async def seen() -> bool:
        """The officers of the LAO that carries on see the centers that came."""
        try:
            found = [await credential(finished, ("lao", merged.into), code) for code in merged.came]
        except RefusedError:
            return False
        return [str(one["holder"]) for one in found] == list(merged.came)

    await eventually(seen)


async def test_nobody_is_chased_or_written_to_for_what_is_over(finished, merged):
    round_, source, survivor = finished.outcome.round, merged.sent.person.code, merged.survivor["_id"]

    async def over() -> bool:
        page = await ask(finished, DEPARTMENT, "notifier", f"/v1/rounds/{round_}/chase", params={"limit": 100})
        return not {source, survivor} & {item["center"] for item in page["items"]}

    await eventually(over)
    asked = {"round": round_, "kind": "reminder", "within": merged.into}
    url = f"{finished.doors.notifier}/v1/notices"
    rehearsed = await finished.doors.ask(DEPARTMENT, "POST", url, params={"rehearse": "true"}, json=asked)
    assert {one["lao"] for one in rehearsed["recipients"]} <= {merged.into}
    moved = {one["center"] for one in rehearsed["recipients"]}
    busy = {story.person.code for story in finished.outcome.stories}
    assert set(merged.came) - busy <= moved, "the centers that came are reached through who carries on"

    async def lettered() -> bool:
        letters = await finished.doors.mails(merged.survivor["email"])
        return sum("merged into you" in mail["subject"] for mail in letters) == 1

    await eventually(lettered)


async def test_the_status_topic_alone_tells_where_everything_went(finished, merged):
    source, survivor = merged.sent.person.code, merged.survivor["_id"]
    environment, round_ = finished.stack.environment(), finished.outcome.round

    async def newest() -> dict[tuple[str, str], dict[str, Any]]:
        found: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
        async for record in read_topic(environment["SARABAN_KAFKA_BOOTSTRAP"], [STATUS.named("saraban")]):
            row = json.loads(record.value or b"")
            sequence = int(dict(record.headers)["ce_sequence"] or b"")
            key = row["center"], row["stage"]
            if row["round"] == round_ and sequence >= found.get(key, (0, {}))[0]:
                found[key] = sequence, row
        return {key: row for key, (_, row) in found.items()}

    async def told() -> dict[tuple[str, str], dict[str, Any]] | None:
        rows = await newest()
        states = [rows.get(key, {}).get("state") for key in ((source, "obligation"), (survivor, "submission"))]
        came = all(rows[code, stage]["path"][-1] == merged.into for code in merged.came for stage in STAGES)
        return rows if states == ["released", "accepted"] and came else None

    rows = await eventually(told)
    assert rows[source, "credential"]["path"][-1] == merged.survivor["lao"]
    assert rows[survivor, "obligation"]["state"] == "owed"


STAGES = ("obligation", "credential")


async def test_nothing_was_lost_on_the_way(finished, merged):
    for look in (finished.insight.announced, finished.insight.undecided):
        await until_whole(look, lambda _done, _total: None, within=60)

    async def clean() -> bool:
        verdict = await reconcile(finished.stack.environment(), deep=True)
        return verdict.clean  # a notice may be under way for a moment

    await eventually(clean, within=60)
