"""The question before the data is spent, over HTTP."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.crowd.papers import paper
from tests.integration.submissions.conftest import Office, round_
from tests.integration.submissions.test_reviewing import judge


async def asked(office: Office, data: bytes, **changes: Any) -> Any:
    body = {
        "size": len(data),
        "first": base64.b64encode(data[:1024]).decode(),
        "last": base64.b64encode(data[-4096:]).decode(),
        "sha256": hashlib.sha256(data).hexdigest(),
        **changes.pop("body", {}),
    }
    center = changes.pop("center", office.center)
    path = f"/v1/rounds/{office.round}/centers/{center}/uploads/preflight"
    return await office.ask("POST", path, json=body, **{"org": center, **changes})


async def test_a_sound_file_may_be_sent_and_asking_changes_nothing(office: Office) -> None:
    answer = await asked(office, paper("a", 200_000))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["verdict"], found["reasons"], found["receipt"], found["late"]) == ("send", [], None, False)
    assert found["deadline"] < found["on_time_until"]
    assert (found["type"], found["largest"], found["parts"]) == ("application/pdf", 50 * 1024 * 1024, 1)
    lifetime = datetime.fromisoformat(found["resumable_until"]) - datetime.now(UTC)
    assert timedelta(hours=71) < lifetime <= timedelta(hours=72)
    (reason,) = (await asked(office, b"%PDF-1.7", body={"size": 60_000_000, "last": ""})).json()["reasons"]
    assert (reason["code"], "๕๐ MB" in reason["sentence"]) == ("file_too_large", True)
    nothing = await office.ask("GET", f"/v1/rounds/{office.round}/centers/{office.center}/submission")
    assert nothing.status_code == 404, "no upload was opened"


async def test_what_would_come_back_is_told_with_a_code_and_what_to_do(office: Office) -> None:
    (reason,) = (await asked(office, paper("a", 200_000, kind="encrypted"))).json()["reasons"]
    assert reason["code"] == "encrypted"
    assert "ไม่ใส่รหัสผ่าน" in reason["sentence"]
    (reason,) = (await asked(office, paper("a", 200_000), center=office.idle)).json()["reasons"]
    assert reason["code"] == "nothing_owed"


async def test_bytes_that_were_received_are_answered_with_their_receipt(office: Office) -> None:
    data = paper("a", 200_000)
    receipt = await office.bring(data)
    found = (await asked(office, data)).json()
    assert found["verdict"] == "received"
    assert (found["receipt"]["code"], found["receipt"]["signed"]) == (receipt["code"], receipt["signed"])


async def test_bytes_that_came_back_are_told_why(office: Office) -> None:
    data = paper("a", 200_000, kind="encrypted")
    await office.bring(data)
    await office.decided()
    found = (await asked(office, data)).json()
    assert (found["verdict"], [one["code"] for one in found["reasons"]]) == ("refused", ["encrypted"])
    upload = (await office.open(data)).json()
    assert (upload["state"], upload["standing"], upload["came_back"]) == ("received", "rejected", found["reasons"])

    sound = paper("b", 200_000)
    receipt = await office.bring(sound)
    await office.decided()
    assert (await judge(office, receipt["code"])).status_code == 200
    found = (await asked(office, sound)).json()
    assert (found["verdict"], [one["code"] for one in found["reasons"]]) == ("refused", ["incomplete"])
    assert found["reasons"][0]["sentence"].startswith("รายงานขาดบางส่วน")
    upload = (await office.open(sound)).json()
    assert (upload["standing"], upload["came_back"]) == ("returned", found["reasons"])


async def test_only_who_may_send_may_ask(office: Office) -> None:
    assert (await asked(office, b"x", role="province", org="58")).status_code == 403
    assert (await asked(office, b"x", org="another")).status_code == 403


async def test_more_than_the_ends_of_a_file_is_not_taken(office: Office) -> None:
    too_much = {"last": base64.b64encode(bytes(70_000)).decode()}
    assert (await asked(office, b"x", body=too_much)).status_code == 422
    assert (await asked(office, b"x", body={"last": base64.b64encode(bytes(65_536)).decode()})).status_code == 200
    for nonsense in ("###", "AAA", "AA==AAAA", 7):
        assert (await asked(office, b"x", body={"first": nonsense})).status_code == 422, nonsense


async def test_who_begins_in_time_is_told_to_go_on_to_the_end_of_the_grace_and_may(office: Office) -> None:
    data = paper("a", 200_000)
    for sequence, ahead in ((2, timedelta(minutes=30)), (3, timedelta(hours=71, minutes=30))):
        deadline = (datetime.now(UTC) + ahead).replace(microsecond=0)
        await office.tell((office.round, sequence, round_(office.round, deadline=deadline)))
        if sequence == 2:
            form = await office.ask("POST", f"/v1/rounds/{office.round}/centers/{office.center}/forms")
            assert datetime.fromisoformat(form.json()["expires_at"]) == deadline + timedelta(hours=1)
    told = (await asked(office, data)).json()["resumable_until"]
    assert told == (await office.open(data)).json()["expires_at"]
    assert datetime.fromisoformat(told) == deadline + timedelta(hours=1)
