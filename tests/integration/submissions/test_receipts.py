"""Receipts: found again after an answer that was lost, checked by anybody, good after the key has changed."""

from __future__ import annotations

import asyncio
import io
import json
import secrets
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pikepdf

from deploy.local.crowd.papers import paper
from services.submissions.app import build
from services.submissions.receipts.checking import check_receipt
from services.submissions.receipts.signing import Receipt
from shared.thai.calendar import format_moment, in_bangkok
from tests.contract.conformance import listening
from tests.integration.submissions.conftest import Office, introduce, settings_of
from tests.unit.paper.seeing import text_of
from tests.world import World, run_app


def written(code: str) -> str:
    return f"{code[:4]}-{code[4:8]} {code[8:].lower()}"


async def test_anybody_with_the_code_may_check_a_receipt_and_learns_no_more_than_it_says(office: Office) -> None:
    data = paper("a", 200_000)
    receipt = await office.bring(data)
    await office.decided()
    answer = await office.http.get(f"/v1/receipts/{written(receipt['code'])}")
    found = answer.json()
    assert answer.status_code == 200
    assert receipt["decided_at"] is None, "the receipt is given before the inspection"
    decided = datetime.fromisoformat(found["decided_at"])
    assert datetime.fromisoformat(receipt["received_at"]) <= decided <= datetime.now(UTC)
    assert found == {**receipt, "state": "accepted", "decided_at": found["decided_at"]}
    assert set(found) == {
        *("code", "round", "center", "version", "sha256", "size", "received_at", "late", "state", "decided_at"),
        *("reviewed_at", "signed", "sentence", "sentence_en"),
    }
    keys = (await office.http.get("/v1/receipt-keys")).json()
    said = check_receipt(answer.text, keys)
    assert isinstance(said, Receipt)
    assert (said.code, said.sha256, said.center) == (receipt["code"], receipt["sha256"], office.center)

    page = await office.http.get(f"/r/{receipt['code']}")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "ไฟล์ผ่านการตรวจ" in page.text
    for moment in (receipt["received_at"], found["decided_at"]):
        assert format_moment(datetime.fromisoformat(moment)) in page.text
    await a_review_is_told_apart_from_the_decision(office, found)
    for code in ("AAAA-AAAA-AAAA", "%00", "๑๒๓"):
        unknown = await office.http.get(f"/r/{code}")
        assert (unknown.status_code, "ไม่พบใบรับเลขนี้" in unknown.text) == (404, True)
        assert (await office.http.get(f"/v1/receipts/{code}")).status_code == 404


async def a_review_is_told_apart_from_the_decision(office: Office, before: dict[str, Any]) -> None:
    path = f"/v1/rounds/{office.round}/centers/{office.center}/review"
    verdict = {"receipt": before["code"], "verdict": "accepted"}
    given = await office.ask("POST", path, role="assessor", org="onesqa", json=verdict)
    assert given.status_code == 200, given.text
    found = (await office.http.get(f"/v1/receipts/{before['code']}")).json()
    assert found == {**before, "state": "approved", "reviewed_at": given.json()["review"]["at"]}
    assert datetime.fromisoformat(found["reviewed_at"]) >= datetime.fromisoformat(found["decided_at"])
    page = (await office.http.get(f"/r/{before['code']}")).text
    for shown in (found["decided_at"], found["reviewed_at"]):
        assert format_moment(datetime.fromisoformat(shown)) in page
    assert "สมศ. พิจารณาเมื่อ" in page


async def test_on_paper_it_carries_its_proof_for_those_who_may_see_the_report(office: Office) -> None:
    receipt = await office.bring(paper("a", 200_000))
    await office.decided()
    shown = (await office.http.get(f"/v1/receipts/{receipt['code']}")).json()
    path = f"/v1/receipts/{receipt['code']}/paper"
    pages = [
        await office.ask("GET", path, **who)
        for who in ({}, {"role": "lao", "org": "6580101"}, {"role": "auditor", "org": "a"})
    ]
    assert {page.status_code for page in pages} == {200}
    assert pages[0].headers["content-type"] == "application/pdf"
    assert pages[0].headers["content-disposition"] == f'attachment; filename="receipt-{receipt["code"]}.pdf"'
    assert pages[0].headers["x-content-type-options"] == "nosniff"
    for page in pages:
        with pikepdf.open(io.BytesIO(page.content)) as pdf:
            assert str(pdf.docinfo["/Keywords"]) == receipt["signed"]
        text = text_of(page.content)
        assert "passed the inspection" in text
        assert f"{in_bangkok(datetime.fromisoformat(shown['decided_at'])):%H:%M:%S} Thai time" in text
    for who, status in (
        ({"role": "center", "org": office.other}, 403),
        ({"role": "district", "org": "5802"}, 403),
        ({"role": "publisher", "org": "onesqa"}, 403),
    ):
        assert (await office.ask("GET", path, **who)).status_code == status
    assert (await office.http.get(path)).status_code == 401


async def test_a_receipt_stays_good_when_the_key_is_changed(world: World, tmp_path: Path) -> None:
    office, receipts = None, []
    for number in range(3):
        key = tmp_path / f"key-{number}"
        key.write_bytes(secrets.token_bytes(48))
        app = build(settings_of(world, receipt_key_file=key))
        async with (
            run_app(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://submissions") as http,
        ):
            if office is None:
                office = Office(world, http, secrets.token_hex(4))
                await introduce(office)
            office.http = http
            receipts.append(await office.bring(paper(number, 100_000)))
            keys = (await http.get("/v1/receipt-keys")).json()
            assert len(keys["keys"]) == number + 1
            for receipt in receipts:
                assert isinstance(check_receipt(receipt["signed"], keys), Receipt)
                again = (await http.get(f"/v1/receipts/{receipt['code']}")).json()
                assert again["signed"] == receipt["signed"]
    assert len({_kid(receipt) for receipt in receipts}) == 3


def _kid(receipt: dict[str, Any]) -> Any:
    head = receipt["signed"].split(".")[0]
    return json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]


async def test_after_a_dropped_answer_the_same_receipt_is_found_again(world: World) -> None:
    """The line is cut after the request went out; whatever the client had heard, it asks again and gets one receipt."""
    app = build(settings_of(world))
    async with listening(app) as address, httpx.AsyncClient(base_url=address) as http:
        office = Office(world, http, secrets.token_hex(4))
        await introduce(office)
        for number, heard in enumerate((0, 1, 40)):  # nothing, a byte, the status line
            data = paper(number, 300_000)
            upload = (await office.open(data)).json()
            await office.send_parts(upload, data)
            await _ask_and_hang_up(address, f"/v1/uploads/{upload['id']}/complete", office, heard)
            first, second = await office.complete(upload), await office.complete(upload)
            assert first.status_code == 200, first.text
            assert first.json() == second.json()
            receipt, opened = first.json()["receipt"], await office.open(data)
            assert (opened.status_code, opened.json()["receipt"]) == (200, receipt["code"]), "nothing to send again"
            assert (await http.get(f"/v1/receipts/{receipt['code']}")).json()["signed"] == receipt["signed"]
        assert [one["version"] for one in (await office.submission())["reports"]] == [1, 2, 3]


async def _ask_and_hang_up(address: str, path: str, office: Office, heard: int) -> None:
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    token = office.signed_in("center", office.center)["Authorization"]
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: {token}\r\nContent-Length: 0\r\n\r\n".encode()
    )
    await writer.drain()
    if heard:
        await reader.readexactly(heard)
    writer.transport.abort()  # a reset, not a goodbye
