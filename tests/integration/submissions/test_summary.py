"""Frameworks, drafts and summaries on real servers: who sees what, and which device wins."""

from __future__ import annotations

import csv
import io
from typing import Any

from deploy.local.crowd.papers import paper
from services.submissions.summary.early_childhood import EARLY_CHILDHOOD
from shared.contracts.events import ObligationChanged, SummarySent
from shared.contracts.topics import SUBMISSIONS
from tests.integration.submissions.conftest import PATH, Office, center, round_
from tests.integration.submissions.test_deciding import told
from tests.integration.submissions.test_reviewing import judge
from tests.world import eventually

GIVEN = EARLY_CHILDHOOD.model_dump(mode="json")
CODES = [one.code for one in EARLY_CHILDHOOD.indicators]
ONESQA = {"role": "assessor", "org": "onesqa"}
WORDS = "ครูรู้จักเด็กทุกคน"
MOVED, FURTHER = ("00", "58", "5802", "6580202"), ("00", "58", "5803", "6580303")


def address(office: Office, rest: str = "", center: str = "") -> str:
    return f"/v1/rounds/{office.round}/centers/{center or office.center}/summary{rest}"


def body(levels: dict[str, str] | None = None, words: str | None = WORDS, version: int = 1) -> dict[str, Any]:
    levels = dict.fromkeys(CODES, "4") if levels is None else levels
    return {
        "framework_version": version,
        "ratings": [{"indicator": code, "level": level} for code, level in levels.items()],
        "remarks": [{"standard": code, "strengths": words, "needs": words} for code in "123"],
    }


async def publish(office: Office, given: Any = GIVEN, **who: str) -> Any:
    return await office.ask("POST", f"/v1/rounds/{office.round}/frameworks", json=given, **(who or ONESQA))


async def save(office: Office, given: Any, etag: str = "", *, center: str = "", **more: Any) -> Any:
    headers = {"If-Match": etag} if etag else {}
    return await office.ask(
        "PUT", address(office, "/draft", center), json=given, headers=headers, **{"org": center, **more}
    )


async def send(office: Office, etag: str, *, center: str = "", **more: Any) -> Any:
    headers = {"If-Match": etag} if etag else {}
    return await office.ask("POST", address(office, center=center), headers=headers, **{"org": center, **more})


async def bring(office: Office, levels: dict[str, str] | None = None, *, center: str = "") -> Any:
    """Publish, save, send."""
    await publish(office)
    draft = await save(office, body(levels), center=center)
    assert draft.status_code == 200, draft.text
    done = await send(office, draft.headers["ETag"], center=center)
    assert done.status_code == 200, done.text
    return done.json()


async def test_a_framework_is_published_in_versions_that_never_change(office: Office) -> None:
    path = f"/v1/rounds/{office.round}/framework"
    none = await office.ask("GET", path)
    assert (none.status_code, none.json()["type"]) == (404, "urn:saraban:problem:framework-missing")
    sample = await office.ask("GET", "/v1/frameworks/early-childhood")
    assert sample.json() == GIVEN
    first, same = await publish(office, sample.json()), await publish(office)
    assert (first.status_code, same.status_code) == (201, 200)
    assert first.json() == same.json()
    other = {**GIVEN, "name_en": "Another"}
    assert (await publish(office, other, role="department", org="00")).json()["version"] == 2
    assert (await office.ask("GET", path)).json()["version"] == 2
    assert (await office.ask("GET", path, params={"version": 1})).json() == first.json()
    assert (await office.ask("GET", path, params={"version": 3})).status_code == 404
    for role, org in (("center", office.center), ("lao", "6580101"), ("province", "58"), ("operator", "00")):
        assert (await publish(office, role=role, org=org)).status_code == 403
    twice = {**GIVEN, "standards": [*GIVEN["standards"], GIVEN["standards"][0]]}
    assert (await publish(office, twice)).status_code == 422


async def test_a_draft_is_the_centers_own_until_it_is_sent(office: Office) -> None:
    await publish(office)
    half = await save(office, body({"1.1": "3"}, None))
    assert half.status_code == 200, half.text
    assert {"code": "1.2", "what": "level"} in half.json()["missing"]
    strangers = [("lao", "6580101"), ("district", "5801"), ("department", "00"), ("operator", "00")]
    strangers += [("auditor", "a"), ("assessor", "onesqa")]
    for role, org in (*strangers, ("center", office.other)):
        assert (await office.ask("GET", address(office, "/draft"), role=role, org=org)).status_code == 403, role
        for path in (address(office), f"/v1/rounds/{office.round}/summaries"):
            answer = await office.ask("GET", path, role=role, org=org)
            assert answer.status_code in {403, 404} or answer.json()["items"] == [], (role, path)
    refused = await send(office, half.headers["ETag"])
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:saraban:problem:summary-incomplete")
    assert refused.json()["errors"][0] == {"where": "draft.1.2", "fault": "level missing"}
    assert [data for _, _, data in await told(office, SUBMISSIONS)] == []


async def test_two_devices_do_not_overwrite_each_other(office: Office) -> None:
    await publish(office)
    first = await save(office, body({"1.1": "3"}, None))
    phone = await save(office, body({"1.1": "4"}, None), first.headers["ETag"])
    assert (phone.status_code, phone.headers["ETag"]) == (200, '"2"')
    desk = await save(office, body({"1.1": "5"}, None), first.headers["ETag"])
    assert (desk.status_code, desk.json()["type"]) == (412, "urn:saraban:problem:draft-changed")
    blind = await save(office, body({"1.1": "5"}, None))
    assert (blind.status_code, blind.json()["type"]) == (428, "urn:saraban:problem:condition-missing")
    for tag in ('"9"', 'W/"2"', "2", '"x"'):
        assert (await save(office, body({"1.1": "5"}, None), tag)).status_code == 412, tag
    again = await save(office, body({"1.1": "4"}, None), first.headers["ETag"])
    assert (again.status_code, again.headers["ETag"]) == (200, '"2"'), "the same save after a lost answer"
    read = await office.ask("GET", address(office, "/draft"))
    assert (read.headers["ETag"], read.json()["ratings"]) == ('"2"', [{"indicator": "1.1", "level": "4"}])
    new = await office.ask("PUT", address(office, "/draft"), json=body(), headers={"If-None-Match": "*"})
    assert new.status_code == 412
    late = await send(office, first.headers["ETag"])
    assert late.status_code == 412, "what is sent is what the device shows"


async def test_what_was_sent_is_seen_by_those_over_the_center_and_told_without_words(office: Office) -> None:
    receipt = await office.bring(paper("a", 200_000))
    sent = await bring(office)
    assert (sent["version"], sent["receipt"], sent["late"], sent["origin"]) == (1, receipt["code"], False, None)
    again = await send(office, '"1"')
    assert again.json() == sent
    for who in ({}, {"role": "lao", "org": "6580101"}, {"role": "district", "org": "5801"}, ONESQA):
        assert (await office.ask("GET", address(office), **who)).json() == sent
    for who in ({"org": office.other}, {"role": "district", "org": "5802"}):
        assert (await office.ask("GET", address(office), **who)).status_code == 403

    async def announced() -> list[Any] | None:
        return [data for _, _, data in await told(office, SUBMISSIONS) if isinstance(data, SummarySent)] or None

    (event,) = await eventually(announced) or []
    assert [(one.indicator, one.level) for one in event.levels] == [(code, "4") for code in CODES]
    assert WORDS not in event.model_dump_json()

    changed = await save(office, body(dict.fromkeys(CODES, "5")), '"1"')
    assert changed.json()["sent_as"] is None
    assert (await office.ask("GET", address(office))).json() == sent, "a new draft changes nothing yet"
    second = (await send(office, changed.headers["ETag"])).json()
    assert (second["version"], second["versions"]) == (2, [1, 2])
    assert (await office.ask("GET", address(office), params={"version": 1})).json()["ratings"] == sent["ratings"]


async def test_once_onesqa_took_the_report_its_summary_stands(office: Office) -> None:
    receipt = await office.bring(paper("a", 200_000))
    await office.decided()
    sent = await bring(office)
    assert (await judge(office, receipt["code"], "accepted")).json()["standing"] == "approved"
    changed = await save(office, body(dict.fromkeys(CODES, "5")), '"1"')
    refused = await send(office, changed.headers["ETag"])
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:saraban:problem:report-approved")
    assert (await office.ask("GET", address(office))).json() == sent


async def test_each_bad_draft_is_refused_in_its_own_way(office: Office) -> None:
    none = await save(office, body())
    assert (none.status_code, none.json()["type"]) == (404, "urn:saraban:problem:framework-missing")
    await publish(office)
    cases: list[tuple[int, str, str, Any]] = [
        (422, "answers-unknown", "body.ratings.0.indicator", body({"9.9": "1"})),
        (422, "answers-unknown", "body.ratings.0.level", body({"1.1": "9"})),
        (422, "invalid-request", "body.ratings.0.indicator", body({"1 1": "1"})),
        (422, "invalid-request", "body.remarks.0.strengths", body(words="ก" * 4001)),
        (422, "invalid-request", "body.remarks.0.strengths", body(words="\u200b")),
        (404, "framework-missing", "version", body(version=7)),
        (422, "invalid-request", "body.framework_version", body(version=0)),
        (413, "body-too-large", "body", body({"1.1": "1" * 600_000})),
    ]
    for status, slug, where, given in cases:
        problem = (await save(office, given)).json()
        assert (problem["status"], problem["type"]) == (status, f"urn:saraban:problem:{slug}"), problem
        assert problem.get("where", where).startswith(where), problem
    assert (await office.ask("GET", address(office, "/draft"))).status_code == 404
    unowed = await save(office, body(), center=office.idle)
    assert (unowed.status_code, unowed.json()["type"]) == (409, "urn:saraban:problem:nothing-owed")
    assert (await save(office, body(), org=office.other)).status_code == 403
    assert (await send(office, "")).json()["type"] == "urn:saraban:problem:draft-missing"
    await office.tell((office.round, 2, round_(office.round, state="closed")))
    assert (await save(office, body())).json()["type"] == "urn:saraban:problem:round-not-open"


async def test_those_over_many_centers_get_lists_counts_and_a_table(office: Office) -> None:
    await bring(office, dict.fromkeys(CODES, "4"))
    await bring(office, {**dict.fromkeys(CODES, "4"), "1.1": "2"}, center=office.other)
    base = f"/v1/rounds/{office.round}/summaries"
    who = {"role": "province", "org": "58"}
    first = (await office.ask("GET", base, params={"limit": 1}, **who)).json()
    rest = (await office.ask("GET", base, params={"limit": 1, "cursor": first["next"]}, **who)).json()
    assert [one["center"] for one in (*first["items"], *rest["items"])] == [office.center, office.other]
    assert rest["next"] is None
    assert (await office.ask("GET", base, role="district", org="5802")).json()["items"] == []
    assert (await office.ask("GET", base, params={"within": "5801"}, role="province", org="57")).status_code == 403

    counts = (await office.ask("GET", f"{base}/levels", params={"within": "5801"}, **who)).json()
    assert (counts["centers"], counts["within"]) == (2, "5801")
    assert counts["indicators"][0] == {
        "framework_version": 1,
        "indicator": "1.1",
        "levels": [{"level": "2", "centers": 1}, {"level": "4", "centers": 1}],
    }
    table = await office.ask("GET", f"{base}/table", **who)
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.headers["content-disposition"].startswith("attachment")
    names, *rows = csv.reader(io.StringIO(table.text.removeprefix("\ufeff"), newline=""))
    assert [line[0] for line in rows] == [office.center, office.other]
    assert {len(line) for line in rows} == {len(names)}
    for path in (base, f"{base}/levels", f"{base}/table"):
        assert (await office.ask("GET", path)).status_code == 403, "a center sees its own alone"


async def test_a_summary_follows_a_merge(office: Office) -> None:
    sent = await bring(office)
    merged = ObligationChanged(
        round=office.round, center=office.center, lao=PATH[-1], path=PATH, owed=False, successor=office.other
    )
    await office.tell((f"{office.round}/{office.center}", 2, merged))

    async def carried() -> dict[str, Any] | None:
        answer = await office.ask("GET", address(office, center=office.other), org=office.other)
        return answer.json() if answer.status_code == 200 else None

    found = await eventually(carried)
    assert found
    assert (found["center"], found["origin"], found["ratings"]) == (office.other, office.center, sent["ratings"])
    page = await office.ask("GET", f"/v1/rounds/{office.round}/summaries", role="province", org="58")
    assert [(one["center"], one["origin"]) for one in page.json()["items"]] == [(office.other, office.center)]


async def test_a_summary_that_was_carried_follows_its_survivor_further(office: Office) -> None:
    await bring(office)
    kept = office.world.mongo("submissions").documents("summaries")

    async def tell(code: str, sequence: int, **changes: Any) -> None:
        facts = {"round": office.round, "center": code, "lao": PATH[-1], "path": PATH, "owed": True, **changes}
        moved = (code, sequence, center(code, facts["path"]))
        await office.tell(moved, (f"{office.round}/{code}", sequence, ObligationChanged(**facts)))

    async def follows(path: tuple[str, ...], successor: str) -> None:
        found = {"_id": f"{office.round}/{office.center}", "path": list(path), "successor": successor}
        await eventually(lambda: kept.one(found))
        for lao, status in ((path[-1], 200), (PATH[-1], 403)):
            answer = await office.ask("GET", address(office), role="lao", org=lao)
            assert answer.status_code == status, lao

    await tell(office.center, 2, owed=False, successor=office.other)
    await eventually(lambda: kept.one({"_id": f"{office.round}/{office.other}"}))
    await tell(office.other, 2, path=MOVED, lao=MOVED[-1])
    await follows(MOVED, office.other)
    await tell(office.idle, 2, path=FURTHER, lao=FURTHER[-1])
    await tell(office.other, 3, path=MOVED, lao=MOVED[-1], owed=False, successor=office.idle)
    await follows(FURTHER, office.other)
    assert (await office.ask("GET", address(office), role="lao", org=MOVED[-1])).status_code == 403
