"""A round from draft to closed: corrected, opened with its snapshot, extended by two persons, changed late, closed."""

import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.events import ObligationChanged, RoundChanged
from shared.contracts.topics import OBLIGATIONS, ROUNDS
from shared.thai.calendar import BANGKOK, format_moment, in_bangkok
from tests.integration.registry.conftest import Registry, in_days
from tests.integration.registry.test_orders import PAI, code, get, give, listed, newest, row, slug

PDF = b"%PDF-1.7\n" + b"manual\n" * 100


@pytest.fixture(scope="module")
async def tree(shared_registry):
    """The module's registry; each test brings rounds and centers of its own."""
    return shared_registry


def person(registry: Registry, role: str, org: str, subject: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {registry.world.token(role, org, sub=subject)}"}


async def extension(registry: Registry, name: str, days: int, organization: str = PAI, by: Any = None) -> Any:
    deadline = (in_bangkok(datetime.now(UTC)) + timedelta(days=days)).replace(microsecond=0)
    body = {"organization": organization, "deadline": deadline.isoformat(), "reason": "น้ำท่วม"}
    return await registry.http.post(f"/v1/rounds/{name}/extensions", json=body, headers=by or {})


async def test_a_deadline_may_be_given_as_the_letter_says_it(tree):
    at = (datetime.now(BANGKOK) + timedelta(days=30)).replace(hour=16, minute=30, second=0, microsecond=0)
    name = await tree.new_round(deadline=None, deadline_text=format_moment(at))
    said = await get(tree, f"/v1/rounds/{name}")
    assert datetime.fromisoformat(said["deadline"]) == at
    assert said["deadline_th"] == format_moment(at)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"deadline_text": "วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๙"}, "date-unreadable"),
        ({"deadline_text": "สิ้นเดือน"}, "date-unreadable"),
        ({"deadline": "2090-10-31T16:30:00+07:00", "weekday": "วันพุธ"}, "date-unreadable"),
        ({"deadline": "2090-10-31T16:30:00+07:00", "deadline_text": "30 ตุลาคม 2633"}, "date-unreadable"),
        ({}, "deadline-missing"),
        ({"deadline": "2020-10-31T16:30:00+07:00"}, "deadline-passed"),
    ],
)
async def test_a_deadline_that_contradicts_itself_is_refused(tree, body, problem):
    said = {"round": "r-new", "fiscal_year": 2569, "academic_year": 2567, **body}
    answer = await tree.http.post("/v1/rounds", json=said)
    assert answer.status_code in {409, 422}
    assert slug(answer) == problem
    assert (await tree.http.get("/v1/rounds/r-new")).status_code == 404


@pytest.mark.parametrize("day", ["0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59Z", "2156-12-31T20:00:00-05:00"])
async def test_a_deadline_that_no_calendar_holds_is_refused(tree, day):
    body = {"round": "far", "fiscal_year": 2569, "academic_year": 2567, "deadline": day}
    answer = await tree.http.post("/v1/rounds", json=body)
    assert (answer.status_code, answer.json()["where"]) == (422, "body.deadline"), answer.text


async def test_the_candidates_of_a_wrong_weekday_are_named(tree):
    said = {"round": "r-x", "fiscal_year": 2569, "academic_year": 2567, "deadline_text": "วันศุกร์ที่ 31 ตุลาคม 2569"}
    answer = await tree.http.post("/v1/rounds", json=said)
    assert "2025-10-31" in answer.json()["detail_en"]
    assert answer.json()["where"] == "body.deadline_text"


async def test_a_draft_is_corrected_and_told_anew(tree):
    name = await tree.new_round()
    right = in_days(40)
    corrected = await tree.http.patch(f"/v1/rounds/{name}", json={"deadline": right, "grace_minutes": 30})
    assert corrected.status_code == 200, corrected.text
    assert corrected.json()["grace_minutes"] == 30
    told = await newest(tree, ROUNDS, name, RoundChanged)
    assert (told.grace_minutes, told.deadline) == (30, datetime.fromisoformat(right).replace(microsecond=0))
    past = await tree.http.patch(f"/v1/rounds/{name}", json={"deadline": "2020-01-01T00:00:00+07:00"})
    assert slug(past) == "deadline-passed"
    assert (await tree.http.patch(f"/v1/rounds/{name}", json={"grace": 1})).status_code == 422
    opened = await listed(tree, row(code()))
    refused = await tree.http.patch(f"/v1/rounds/{opened}", json={"grace_minutes": 30})
    assert (refused.status_code, slug(refused)) == (409, "round-not-draft")


async def test_the_snapshot_stays_as_the_tree_was_at_the_opening(tree):
    first, second = code(), code()
    name = await listed(tree, row(first), row(second))
    facts = (await get(tree, f"/v1/rounds/{name}"))["snapshot"]
    answer = await tree.http.get(f"/v1/rounds/{name}/snapshot")
    assert hashlib.sha256(answer.content).hexdigest() == facts["sha256"] == answer.headers["etag"].strip('"')
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert (lines[0]["round"], lines[0]["centers"], facts["size"]) == (name, 2, len(answer.content))
    assert {line["code"] for line in lines if line["is"] == "center"} == {first, second}
    assert {"00", "58", "5803", PAI} == {line["code"] for line in lines if line["is"] == "organization"}
    assert "example" not in answer.text
    await give(tree, f"/v1/centers/{first}/close")
    await give(tree, f"/v1/centers/{second}/rename", name="ศูนย์ชื่อใหม่")
    again = await tree.http.get(f"/v1/rounds/{name}/snapshot")
    assert again.content == answer.content


async def test_an_officer_reads_the_part_of_the_snapshot_in_sight(tree):
    here, there = code(), code()
    chiang_mai = {"จังหวัด": "เชียงใหม่", "อำเภอ": "เมืองเชียงใหม่", "ตำบล": "ช้างเผือก", "รหัส อปท.": "6500101"}
    name = await listed(tree, row(here), {"รหัสศูนย์": there, "ชื่อศูนย์": "ศูนย์", **chiang_mai})
    for headers, path, seen in [
        (tree.as_("province", "50"), "", {there}),
        (tree.as_("province", "58"), "", {here}),
        (tree.as_("auditor", "00"), "?within=58", {here}),
        (tree.as_("department", "00"), "", {here, there}),
    ]:
        answer = await tree.http.get(f"/v1/rounds/{name}/snapshot{path}", headers=headers)
        lines = [json.loads(line) for line in answer.content.splitlines()]
        assert {line["code"] for line in lines if line["is"] == "center"} == seen
        assert lines[0]["is"] == "round"
    refused = await tree.http.get(f"/v1/rounds/{name}/snapshot?within=50", headers=tree.as_("province", "58"))
    assert refused.status_code == 403
    draft = await tree.new_round()
    assert slug(await tree.http.get(f"/v1/rounds/{draft}/snapshot")) == "snapshot-missing"


async def test_time_is_given_by_two_persons_and_taken_back(tree):
    center = code()
    name = await listed(tree, row(center))
    asker, second = person(tree, "province", "58", "p1"), person(tree, "province", "58", "p2")
    asked = await extension(tree, name, 60, by=asker)
    assert (asked.status_code, asked.json()["state"], asked.json()["asked_by"]) == (201, "asked", "province/58")
    number = asked.json()["id"]
    path = f"/v1/rounds/{name}/extensions/{number}"
    assert (await newest(tree, ROUNDS, name, RoundChanged)).extensions == ()
    refused = await tree.http.post(f"{path}/approve", headers=asker)
    assert (refused.status_code, slug(refused)) == (403, "second-person-needed")
    district = await tree.http.post(f"{path}/approve", headers=person(tree, "district", "5803", "d1"))
    assert district.status_code == 403
    foreign = await tree.http.post(f"{path}/approve", headers=person(tree, "province", "50", "q1"))
    assert (foreign.status_code, slug(foreign)) == (404, "request-unknown")
    approved = await tree.http.post(f"{path}/approve", headers=second)
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    assert (await tree.http.post(f"{path}/approve", headers=second)).json() == approved.json()
    told = (await newest(tree, ROUNDS, name, RoundChanged)).extensions
    assert [one.organization for one in told] == [PAI]
    held = (await get(tree, f"/v1/rounds/{name}"))["extensions"]
    assert held[0]["deadline"] == approved.json()["deadline"]
    undone = await tree.http.post(f"{path}/undo", json={"reason": "ผิดอำเภอ"}, headers=asker)
    assert (undone.status_code, undone.json()["state"]) == (200, "undone")
    assert (await newest(tree, ROUNDS, name, RoundChanged)).extensions == ()


async def test_a_request_is_refused_or_withdrawn(tree):
    name = await listed(tree, row(code()))
    asker, second = person(tree, "district", "5803", "d1"), person(tree, "department", "00", "h1")
    first = (await extension(tree, name, 60, by=asker)).json()["id"]
    refused = await tree.http.post(f"/v1/rounds/{name}/extensions/{first}/refuse", headers=second)
    assert refused.json()["state"] == "refused"
    late = await tree.http.post(f"/v1/rounds/{name}/extensions/{first}/withdraw", headers=asker)
    assert (late.status_code, slug(late)) == (409, "request-settled")
    other = (await extension(tree, name, 61, by=asker)).json()["id"]
    withdrawn = await tree.http.post(f"/v1/rounds/{name}/extensions/{other}/withdraw", headers=asker)
    assert withdrawn.json()["state"] == "withdrawn"
    items = (await get(tree, f"/v1/rounds/{name}/extensions"))["items"]
    assert [item["state"] for item in items] == ["refused", "withdrawn"]
    assert (await get(tree, f"/v1/rounds/{name}/extensions", state="refused"))["items"] == items[:1]
    page = await get(tree, f"/v1/rounds/{name}/extensions", limit=1)
    assert (await get(tree, f"/v1/rounds/{name}/extensions", cursor=page["next"]))["items"] == items[1:]
    elsewhere = await get(tree, f"/v1/rounds/{name}/extensions", headers=tree.as_("province", "50"))
    assert elsewhere["items"] == []


@pytest.mark.parametrize(
    ("days", "organization", "status", "problem"),
    [
        (10, "6580103", 409, "extension-not-later"),
        (500, "6580103", 422, "extension-too-far"),
        (60, "9999999", 404, "organization-unknown"),
    ],
)
async def test_an_extension_that_gives_no_time_or_too_much(tree, days, organization, status, problem):
    answer = await extension(tree, "stands", days, organization)
    assert (answer.status_code, slug(answer)) == (status, problem), answer.text


async def test_an_extension_is_for_ones_own_part_of_the_tree(tree):
    refused = await extension(tree, "stands", 60, "50", person(tree, "province", "58", "p1"))
    assert (refused.status_code, slug(refused)) == (403, "out-of-scope")
    assert (await extension(tree, "stands", 60, "58", tree.as_("lao", "6580103"))).status_code == 403


async def test_a_center_that_moves_keeps_the_time_it_was_given(tree):
    center, lao = code(), "6580101"
    name = await listed(tree, row(center), row(code(), lao))
    number = (await extension(tree, name, 60, by=person(tree, "province", "58", "p1"))).json()["id"]
    second = person(tree, "province", "58", "p2")
    approved = await tree.http.post(f"/v1/rounds/{name}/extensions/{number}/approve", headers=second)
    await give(tree, f"/v1/centers/{center}/move", lao=lao)
    told = await newest(tree, ROUNDS, name, RoundChanged)
    path = ("00", "58", "5801", lao)
    assert told.deadline_for(path, center) == datetime.fromisoformat(approved.json()["deadline"])
    assert told.deadline_for(path) == told.deadline


async def test_centers_join_and_leave_after_the_opening(tree):
    first, late = code(), code()
    name = await listed(tree, row(first))
    await listed(tree, row(late), opened=False)
    added = await give(tree, f"/v1/rounds/{name}/additions", centers=[late], reason="ตกสำรวจ")
    assert (added["centers"], added["obligations"], added["about"]) == (1, 1, "round")
    owed = await newest(tree, OBLIGATIONS, f"{name}/{late}", ObligationChanged)
    assert (owed.owed, owed.cause) == (True, "added")
    assert (await get(tree, f"/v1/rounds/{name}"))["obligations"] == 2
    again = await give(tree, f"/v1/rounds/{name}/additions", centers=[late], reason="ตกสำรวจ")
    assert again["id"] == added["id"]
    await give(tree, f"/v1/rounds/{name}/removals", centers=[first], reason="โอนย้ายไปสังกัดอื่น")
    gone = await newest(tree, OBLIGATIONS, f"{name}/{first}", ObligationChanged)
    assert (gone.owed, gone.cause) == (False, "removed")
    told = await newest(tree, ROUNDS, name, RoundChanged)
    assert told.obligations == 1
    back = await give(tree, f"/v1/rounds/{name}/additions", centers=[first], reason="กลับคืน")
    assert back["obligations"] == 1
    assert (await newest(tree, OBLIGATIONS, f"{name}/{first}", ObligationChanged)).owed


async def test_what_cannot_join_late(tree):
    center, closed = code(), code()
    draft = await listed(tree, row(center), row(closed), opened=False)
    await give(tree, f"/v1/centers/{closed}/close")
    name = await listed(tree, row(code()))
    for path, centers, status, problem in [
        (f"/v1/rounds/{draft}/additions", [center], 409, "round-not-open"),
        ("/v1/rounds/none/removals", [center], 404, "round-unknown"),
        (f"/v1/rounds/{name}/additions", ["none"], 422, "node-unknown"),
        (f"/v1/rounds/{name}/additions", [closed], 409, "node-closed"),
        (f"/v1/rounds/{name}/removals", [center], 409, "nothing-to-change"),
        (f"/v1/rounds/{name}/removals", [], 422, "invalid-request"),
    ]:
        refused = await give(tree, path, expect=status, centers=centers)
        assert slug(refused) == problem, path
    await give(tree, f"/v1/rounds/{name}/additions", expect=403, headers=tree.as_("province", "58"), centers=[center])


async def test_a_round_is_not_closed_while_somebody_has_time(tree):
    name = await listed(tree, row(code()))
    refused = await tree.http.post(f"/v1/rounds/{name}/close", json={"reason": "สิ้นสุด"})
    assert (refused.status_code, slug(refused)) == (409, "round-running")
    draft = await tree.new_round()
    early = await tree.http.post(f"/v1/rounds/{draft}/close", json={"reason": "สิ้นสุด"})
    assert slug(early) == "round-not-open"


async def test_a_round_closes_after_its_time_and_takes_nothing_more(tree):
    center = code()
    name = await listed(tree, row(center))
    await tree.mongo.documents("rounds").update(
        {"_id": name}, {"$set": {"deadline": datetime.now(UTC) - timedelta(minutes=1)}}
    )
    closed = await tree.http.post(f"/v1/rounds/{name}/close", json={"reason": "สิ้นสุดรอบ"})
    assert (closed.status_code, closed.json()["state"]) == (200, "closed"), closed.text
    assert closed.json()["closed_reason"] == "สิ้นสุดรอบ"
    assert (await newest(tree, ROUNDS, name, RoundChanged)).state == "closed"
    assert (await tree.http.post(f"/v1/rounds/{name}/close", json={"reason": "สิ้นสุดรอบ"})).status_code == 200
    assert slug(await extension(tree, name, 60)) == "round-not-open"
    await give(tree, f"/v1/centers/{center}/close")
    owed = await newest(tree, OBLIGATIONS, f"{name}/{center}", ObligationChanged)
    assert owed.owed, "a closed round is a record"


async def put_document(registry: Registry, name: str, data: bytes, **params: str) -> Any:
    return await registry.http.post(
        f"/v1/rounds/{name}/documents", content=data, params={"name": "คู่มือ e-SAR.pdf", "kind": "manual", **params}
    )


async def test_a_manual_is_kept_and_read_by_everybody(tree):
    name = await tree.new_round()
    added = await put_document(tree, name, PDF)
    assert added.status_code == 201, added.text
    said = added.json()
    assert (said["sha256"], said["size"], said["media_type"]) == (
        hashlib.sha256(PDF).hexdigest(),
        len(PDF),
        "application/pdf",
    )
    again = await put_document(tree, name, PDF)
    assert again.json() == said
    assert await get(tree, f"/v1/rounds/{name}/documents") == [said]
    read = await tree.http.get(f"/v1/rounds/{name}/documents/{said['id']}", headers=tree.as_("center", "0000000001"))
    assert (read.status_code, read.content, read.headers["content-type"]) == (200, PDF, "application/pdf")
    assert read.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E0%B8%84")
    assert read.headers["x-content-type-options"] == "nosniff"
    removed = await tree.http.delete(f"/v1/rounds/{name}/documents/{said['id']}")
    assert removed.status_code == 204
    gone = await tree.http.get(f"/v1/rounds/{name}/documents/{said['id']}")
    assert (gone.status_code, slug(gone)) == (404, "document-unknown")


@pytest.mark.parametrize(
    ("data", "status", "problem"),
    [
        (b"", 422, "document-empty"),
        (b"MZ\x90\x00", 415, "document-wrong-type"),
        (b"<html>", 415, "document-wrong-type"),
        (b"PK\x03\x04broken", 415, "document-wrong-type"),
        (b"%PDF-" + bytes(20 * 1024 * 1024), 413, "body-too-large"),
    ],
    ids=["empty", "program", "page", "torn", "large"],
)
async def test_what_is_no_document_is_refused(tree, data, status, problem):
    name = await tree.new_round()
    answer = await put_document(tree, name, data)
    assert (answer.status_code, slug(answer)) == (status, problem)
    assert await get(tree, f"/v1/rounds/{name}/documents") == []


async def test_only_the_department_keeps_the_papers(tree):
    name = await tree.new_round()
    for role, org in [("province", "58"), ("center", "0000000001"), ("auditor", "00")]:
        answer = await tree.http.post(
            f"/v1/rounds/{name}/documents?name={secrets.token_hex(3)}", content=PDF, headers=tree.as_(role, org)
        )
        assert answer.status_code == 403
