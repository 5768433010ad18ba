"""A center sends its report: in one go, in parts, after a cut, after a lost answer."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

from deploy.local.crowd.papers import paper
from tests.integration.blobs.sending import send
from tests.integration.submissions.conftest import Office, round_

BIG = 12_000_000
"""Bytes: three parts."""


async def test_a_report_is_received_with_a_receipt_and_then_accepted(office: Office) -> None:
    data = paper("a", 300_000)
    receipt = await office.bring(data)
    assert receipt["late"] is False
    assert receipt["sha256"] == hashlib.sha256(data).hexdigest()
    assert "ทันกำหนด" in receipt["sentence"]
    assert "on time" in receipt["sentence_en"]
    assert receipt["received_at"].endswith("+07:00")

    done = await office.decided()
    assert done["state"] == "accepted"
    (report,) = done["reports"]
    assert (report["pages"], report["reason"], report["receipt"]) == (4, None, receipt["code"])


async def test_after_a_dead_battery_the_same_file_goes_on_where_it_stopped(office: Office) -> None:
    data = paper("big", BIG)
    first = await office.open(data)
    assert first.status_code == 201
    await office.send_parts(first.json(), data, 1)

    again = await office.open(data)
    assert again.status_code == 200
    upload = again.json()
    assert upload["id"] == first.json()["id"]
    assert [part["stored"] for part in upload["parts"]] == [True, False, False]
    opened, expires, until = (
        datetime.fromisoformat(upload[name]) for name in ("opened_at", "expires_at", "on_time_until")
    )
    assert expires - opened == timedelta(hours=72), "how long it may be resumed"
    assert until == office.deadline + timedelta(minutes=60), "who began in time has the grace"
    assert (upload["reason"], upload["failure"]) == (None, None)
    assert upload["parts"][0]["sha256"] == hashlib.sha256(office.part(upload, data, 1)).hexdigest()

    early = await office.complete(upload)
    assert early.status_code == 409
    assert early.json()["type"] == "urn:saraban:problem:parts-missing"
    assert "2, 3" in early.json()["detail"]

    await office.send_parts(upload, data, 3, 2)
    completed = await office.complete(upload)
    assert completed.status_code == 200, completed.text
    assert completed.json()["receipt"]["size"] == len(data)
    assert (await office.decided())["state"] == "accepted"


async def test_a_lost_answer_asked_for_again_is_the_same_receipt_to_the_letter(office: Office) -> None:
    data = paper("a", 200_000)
    upload = (await office.open(data)).json()
    await office.send_parts(upload, data)
    answers = await asyncio.gather(*(office.complete(upload) for _ in range(5)))
    answers.append(await office.complete(upload))
    assert {answer.status_code for answer in answers} == {200}
    signed = {answer.json()["receipt"]["signed"] for answer in answers}
    assert len(signed) == 1
    assert len((await office.submission())["reports"]) == 1


async def test_the_same_file_sent_anew_needs_no_bytes_and_has_the_same_receipt(office: Office) -> None:
    data = paper("a", 200_000)
    receipt = await office.bring(data)
    again = await office.open(data)
    assert again.status_code == 200
    assert again.json()["state"] == "received"
    assert again.json()["receipt"] == receipt["code"]
    assert all(part["stored"] for part in again.json()["parts"])
    assert (await office.complete(again.json())).json()["receipt"]["signed"] == receipt["signed"]


async def test_a_receipt_is_found_by_its_short_code_however_it_is_written(office: Office) -> None:
    receipt = await office.bring(paper("a", 200_000))
    code = receipt["code"]
    written = f"{code[:4]}-{code[4:8]}-{code[8:]}".lower()
    found = await office.ask("GET", f"/v1/receipts/{written}")
    assert found.status_code == 200
    assert found.json()["signed"] == receipt["signed"]
    assert (await office.ask("GET", f"/v1/receipts/{code}", role="lao", org="6580101")).status_code == 200


async def test_a_second_version_has_a_receipt_of_its_own_and_both_are_kept(office: Office) -> None:
    first = await office.bring(paper("a", 200_000))
    second = await office.bring(paper("b", 200_000))
    assert first["code"] != second["code"]
    assert (first["version"], second["version"]) == (1, 2)
    assert [one["state"] for one in (await office.decided())["reports"]] == ["accepted", "accepted"]


async def test_the_same_file_of_another_center_is_another_report(office: Office) -> None:
    data = paper("a", 200_000)
    mine, theirs = await office.bring(data), await office.bring(data, center=office.other)
    assert mine["code"] != theirs["code"]
    assert (await office.decided(office.other))["state"] == "accepted"


async def test_an_upload_that_was_given_up_takes_nothing_more(office: Office) -> None:
    data = paper("a", 200_000)
    upload = (await office.open(data)).json()
    (part,) = (await office.requests(upload, data)).json()["parts"]
    for _ in range(2):
        assert (await office.ask("DELETE", f"/v1/uploads/{upload['id']}")).status_code == 204
    assert (await send("PUT", part["url"], part["headers"], data))[0] == 404
    late = await office.complete(upload)
    assert (late.status_code, late.json()["type"]) == (410, "urn:saraban:problem:upload-over")
    assert (await office.open(data)).json()["id"] != upload["id"]


async def test_a_received_upload_cannot_be_deleted(office: Office) -> None:
    data = paper("a", 200_000)
    receipt = await office.bring(data)
    upload = (await office.open(data)).json()
    refused = await office.ask("DELETE", f"/v1/uploads/{upload['id']}")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:saraban:problem:upload-received")
    assert (await office.ask("GET", f"/v1/receipts/{receipt['code']}")).status_code == 200


async def test_fresh_addresses_can_be_had_without_telling_the_digest_again(office: Office) -> None:
    data = paper("a", 200_000)
    upload = (await office.open(data)).json()
    await office.requests(upload, data)
    fresh = await office.ask("POST", f"/v1/uploads/{upload['id']}/parts", json={"parts": [{"number": 1}]})
    assert fresh.headers["cache-control"] == "no-store"
    (part,) = fresh.json()["parts"]
    assert (await send("PUT", part["url"], part["headers"], data))[0] == 200


async def test_a_parent_organization_may_send_for_its_center(office: Office) -> None:
    data = paper("a", 200_000)
    opened = await office.open(data, role="lao", org="6580101")
    assert opened.status_code == 201, opened.text


async def test_officers_list_what_lies_under_them_page_by_page(office: Office) -> None:
    await office.bring(paper("a", 200_000))
    await office.open(paper("b", 200_000), center=office.other)
    await office.decided()

    def listed(**query: str | int) -> object:
        return office.ask("GET", f"/v1/rounds/{office.round}/submissions", role="province", org="58", params=query)

    first = (await listed(limit=1)).json()  # type: ignore[misc]
    assert [one["center"] for one in first["items"]] == [office.center]
    second = (await listed(limit=1, cursor=first["next"])).json()  # type: ignore[misc]
    assert [one["center"] for one in second["items"]] == [office.other]
    assert second["next"] is None
    accepted = (await listed(state="accepted", within="5801")).json()  # type: ignore[misc]
    assert [one["center"] for one in accepted["items"]] == [office.center]
    everywhere = await office.ask("GET", f"/v1/rounds/{office.round}/submissions", role="auditor", org="x")
    assert len(everywhere.json()["items"]) == 2


async def test_a_second_version_that_comes_after_the_grace_leaves_the_first_as_it_was(office: Office) -> None:
    await office.bring(paper("a", 200_000))
    data = paper("b", 200_000)
    upload = (await office.open(data)).json()
    await office.send_parts(upload, data)
    over = datetime.now(UTC) - timedelta(seconds=1)
    await office.tell((office.round, 2, round_(office.round, deadline=over, grace_minutes=0)))
    refused = await office.complete(upload)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:saraban:problem:resending-over")
    assert refused.json()["where"] == "path.upload"
    found = await office.decided()
    assert (found["state"], found["late"], len(found["reports"])) == ("accepted", False, 1)
    assert found["uploads"] == [upload["id"]], "should the first come back, this one need not be sent again"
