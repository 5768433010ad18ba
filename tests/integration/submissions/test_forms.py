"""A small file from a page without scripts: the whole way, and everything that somebody could try on it."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.crowd.papers import paper
from deploy.local.stack import Stack
from services.submissions.app import build
from services.submissions.files import key_in_store
from services.submissions.sizes import in_thai
from shared.blobs import Blobs, Place
from tests.integration.submissions.browser import OUR_ORIGIN, Browser
from tests.integration.submissions.conftest import Office, round_, settings_of
from tests.integration.submissions.test_leftovers import leftovers, quarantine, there
from tests.integration.submissions.test_recovery import documents
from tests.world import World, eventually, run_app

__all__ = ["leftovers", "quarantine"]

DATA = paper("small", 200_000)
OTHER = paper("other", 150_000)
LARGEST = 400_000


@pytest_asyncio.fixture(scope="module")
async def service(stack: Stack) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    world = World(stack, f"t{secrets.token_hex(4)}")
    await world.open()
    app = build(settings_of(world, public_url=OUR_ORIGIN, form_max_bytes=LARGEST))
    async with run_app(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OUR_ORIGIN) as http:
        yield world, http
    await world.close()


@pytest.fixture
def browser(office: Office) -> Browser:
    return Browser(office.http)


async def opened(office: Office, **who: Any) -> dict[str, Any]:
    """A form, as whoever may send for the center gets it."""
    code = who.pop("center", office.center)
    answer = await office.ask("POST", f"/v1/rounds/{office.round}/centers/{code}/forms", **{"org": code, **who})
    assert answer.status_code == 201, answer.text
    form: dict[str, Any] = answer.json()
    return form


async def post(form: dict[str, Any], data: bytes = DATA, **changes: str | None) -> httpx.Response:
    """As a program posts it. A field that is changed to None is left out."""
    fields = {name: value for name, value in (form["fields"] | changes).items() if value is not None}
    async with httpx.AsyncClient() as http:
        return await http.post(form["url"], data=fields, files={"file": ("report.pdf", data, "application/pdf")})


async def typed(browser: Browser, form: dict[str, Any]) -> None:
    """At the page where the file is chosen."""
    await browser.visit(form["page"])
    await browser.submit(code=form["code"].lower())


def slug(answer: httpx.Response) -> str:
    return str(answer.json().get("type", "")).rpartition(":")[2]


async def test_a_person_without_scripts_sends_a_report_and_gets_an_ordinary_receipt(
    office: Office, browser: Browser
) -> None:
    form = await opened(office, role="lao", org="6580101")

    first = await browser.visit(form["page"])
    assert "๓๙๐ KB" in first.text, "how much may be sent, before anything is"
    choose = await browser.submit(code=form["code"].lower().replace("-", " "))
    assert choose.answer.status_code == 200
    for told in ("ศพด. บ้านสวน", office.center, "๓๙๐ KB", "พ.ศ. ๒๕"):
        assert told in choose.text

    landed = await browser.submit(file=("รายงาน 2567.pdf", DATA))
    assert landed.url.startswith(f"{OUR_ORIGIN}/forms/{form['upload']}?"), "the store led back"
    assert "ยังไม่ได้ส่ง" in landed.text
    assert in_thai(len(DATA)) in landed.text
    assert (await office.submission())["reports"] == [], "looking changes nothing"

    receipt = await browser.submit()
    assert receipt.answer.status_code == 200, receipt.text
    (report,) = (await office.decided())["reports"]
    assert receipt.url == f"{OUR_ORIGIN}/r/{report['receipt']}"
    assert report["sha256"] == hashlib.sha256(DATA).hexdigest() in receipt.text
    assert (report["state"], report["size"], report["late"]) == ("accepted", len(DATA), False)
    upload = (await office.ask("GET", f"/v1/uploads/{form['upload']}")).json()
    assert (upload["state"], upload["size"], upload["sha256"]) == ("received", len(DATA), report["sha256"])
    # The same bytes in parts, later, need not be sent again.
    assert (await office.open(DATA)).json()["receipt"] == report["receipt"]


async def test_a_program_posts_a_form_and_completes_it_like_any_upload(office: Office) -> None:
    form = await opened(office)
    assert form["type"] == "application/pdf"
    assert form["largest"] == LARGEST
    assert (await office.complete({"id": form["upload"]})).status_code == 409
    assert (await post(form)).status_code == 303
    answers = await asyncio.gather(*(office.complete({"id": form["upload"]}) for _ in range(5)))
    answers.append(await office.complete({"id": form["upload"]}))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["receipt"]["signed"] for answer in answers}) == 1
    assert len((await office.decided())["reports"]) == 1
    gone = await office.ask("DELETE", f"/v1/uploads/{form['upload']}")
    assert (gone.status_code, slug(gone)) == (409, "upload-received")


ATTACKS: dict[str, dict[str, Any]] = {
    "a bigger file": {"data": DATA + bytes(LARGEST)},
    "an empty file": {"data": b""},
    "another type": {"Content-Type": "text/html"},
    "another key": {"key": "uploads/another.pdf"},
    "a key made of the file's name": {"key": "uploads/${filename}"},
    "an object for everybody": {"acl": "public-read"},
    "no word on whose it is": {"acl": None},
    "a redirect elsewhere": {"success_action_redirect": "http://127.0.0.1:9/"},
    "no redirect": {"success_action_redirect": None},
    "another status": {"success_action_status": "200"},
    "metadata": {"x-amz-meta-name": "x"},
    "a page to lead to": {"x-amz-website-redirect-location": "http://127.0.0.1:9/"},
    "a lock": {"x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": "2099-01-01T00:00:00Z"},
    "no signature": {"x-amz-signature": None},
    "no policy": {"policy": None},
    "a signature of another day": {"x-amz-date": "20200101T000000Z"},
}


async def test_the_store_takes_nothing_but_what_the_form_is_for(office: Office) -> None:
    form = await opened(office)
    for name, attack in ATTACKS.items():
        data = attack.get("data", DATA)
        try:
            answer = await post(form, data, **{field: value for field, value in attack.items() if field != "data"})
        except httpx.TransportError:  # it hung up on what was too much
            continue
        assert answer.status_code in {400, 403}, (name, answer.status_code, answer.text)
    nothing = await office.complete({"id": form["upload"]})
    assert (nothing.status_code, slug(nothing)) == (409, "file-not-arrived")
    assert (await post(form)).status_code == 303, "and takes the honest one after"


async def confirmed(office: Office, form: dict[str, Any], version: str, *, ago: timedelta = timedelta()) -> None:
    """As a process leaves it that died after it had confirmed: the file is read later, by whoever comes next."""
    began = datetime.now(UTC) - ago
    await documents(office).update(
        {"uploads.id": form["upload"]},
        {
            "$set": {
                "uploads.0.state": "completing",
                "uploads.0.completing_at": began,
                "uploads.0.size": len(DATA),
                "uploads.0.form.version": version,
                "due": began + timedelta(hours=2),
            }
        },
    )


async def test_what_was_posted_and_is_in_the_store_no_more_is_told_to_be_lost(
    office: Office, blobs: Blobs, quarantine: str
) -> None:
    form = await opened(office)
    assert (await post(form)).status_code == 303
    place = Place(quarantine, key_in_store(form["upload"]))
    version = (await blobs.find(place)).version
    await confirmed(office, form, version, ago=timedelta(hours=1))
    await blobs.delete(Place(place.bucket, place.key, version))
    answer = await office.complete({"id": form["upload"]})
    assert (answer.status_code, slug(answer)) == (410, "upload-lost")
    assert "no fault of yours" in answer.json()["title_en"]
    failed = (await office.ask("GET", f"/v1/uploads/{form['upload']}")).json()
    assert (failed["state"], failed["reason"], failed["failure"]["code"]) == ("failed", "lost", "lost")
    assert "ส่งไฟล์เดิมอีกครั้ง" in failed["failure"]["sentence"]
    assert (await office.bring(DATA))["version"] == 1, "and the center can send it again"


async def test_what_is_posted_after_the_confirmation_is_never_read_and_is_swept(
    office: Office, blobs: Blobs, quarantine: str, leftovers: Any
) -> None:
    """The store cannot rule out a second use. The version that was confirmed counts, and no other."""
    form = await opened(office)
    place = Place(quarantine, key_in_store(form["upload"]))
    assert (await post(form, OTHER)).status_code == 303  # thought better of
    assert (await post(form, DATA)).status_code == 303
    await confirmed(office, form, (await blobs.find(place)).version)
    assert (await post(form, OTHER)).status_code == 303
    done = await office.complete({"id": form["upload"]})
    assert done.json()["receipt"]["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert (await post(form, OTHER)).status_code == 303
    assert (await office.decided())["state"] == "accepted"

    last = await blobs.find(place)
    assert (await leftovers.sweep(datetime.now(UTC)))["objects"] >= 3
    assert not await there(blobs, Place(place.bucket, place.key, last.version))
    again = await office.complete({"id": form["upload"]})
    assert again.json()["receipt"]["signed"] == done.json()["receipt"]["signed"]


async def test_who_confirms_gets_a_receipt_for_what_it_posted_itself_or_none(office: Office, browser: Browser) -> None:
    form = await opened(office)
    await typed(browser, form)
    await browser.submit(file=("a.pdf", DATA))
    assert (await post(form, OTHER)).status_code == 303  # somebody else who has the form
    refused = await browser.submit()
    assert refused.answer.status_code == 409
    assert "ไม่ใช่ไฟล์ที่ท่านเพิ่งส่ง" in refused.text
    assert (await office.submission())["reports"] == []

    await typed(browser, form)
    await browser.submit(file=("a.pdf", DATA))
    assert hashlib.sha256(DATA).hexdigest() in (await browser.submit()).text


async def test_a_browser_that_kept_no_cookie_is_asked_for_the_code_and_loses_nothing(
    office: Office, browser: Browser
) -> None:
    form = await opened(office)
    await typed(browser, form)
    await browser.submit(file=("a.pdf", DATA))
    browser.forget_cookies()
    assert (await browser.visit(browser.page.url)).answer.status_code == 200
    asked = await browser.submit()
    assert asked.answer.status_code == 401
    receipt = await browser.submit(code=form["code"])
    assert hashlib.sha256(DATA).hexdigest() in receipt.text


async def test_who_lost_the_way_back_types_the_code_again_and_confirms_or_chooses_another(
    office: Office, browser: Browser
) -> None:
    form = await opened(office)
    assert (await post(form, OTHER)).status_code == 303  # and the redirect never came
    await typed(browser, form)
    assert browser.page.answer.status_code == 200
    for told in ("ไฟล์มาถึงแล้ว แต่ยังไม่ได้ส่ง", in_thai(len(OTHER)), "เลือกไฟล์อื่นแทน", "ศพด. บ้านสวน"):
        assert told in browser.page.text
    await browser.submit(file=("a.pdf", DATA))  # another, after all
    browser.forget_cookies()
    await typed(browser, form)
    assert in_thai(len(DATA)) in browser.page.text
    assert (await office.submission())["reports"] == [], "typing the code confirms nothing"
    receipt = await browser.submit()
    assert hashlib.sha256(DATA).hexdigest() in receipt.text


async def test_what_is_posted_between_the_page_and_the_button_is_not_confirmed_for_another(
    office: Office, browser: Browser
) -> None:
    form = await opened(office)
    assert (await post(form, DATA)).status_code == 303
    await typed(browser, form)
    assert (await post(form, OTHER)).status_code == 303
    assert (await browser.submit()).answer.status_code == 409


async def test_a_file_that_arrived_in_the_last_second_is_confirmed_by_its_code_after_it(
    office: Office, browser: Browser
) -> None:
    form, nothing = await opened(office), await opened(office, center=office.other)
    assert (await post(form)).status_code == 303
    now = datetime.now(UTC)
    times = {"uploads.0.form.until": now - timedelta(seconds=5), "uploads.0.expires_at": now + timedelta(minutes=14)}
    for one in (form, nothing):
        await documents(office).update({"uploads.id": one["upload"]}, {"$set": times})
    await typed(browser, nothing)
    assert browser.page.answer.status_code == 410, "nothing came, and nothing can come any more"
    await typed(browser, form)
    assert browser.page.answer.status_code == 200
    assert 'type="file"' not in browser.page.text, "the store takes no other any more"
    assert "may be confirmed until" in browser.page.text
    assert hashlib.sha256(DATA).hexdigest() in (await browser.submit()).text


async def test_while_the_store_is_away_a_page_says_to_come_again_and_the_same_button_works_later(
    office: Office, browser: Browser
) -> None:
    form = await opened(office)
    await typed(browser, form)
    landed = await browser.submit(file=("a.pdf", DATA))
    await asyncio.to_thread(office.world.stack.kill, "s3")
    try:
        away = await browser.submit()
    finally:
        await asyncio.to_thread(office.world.stack.restart, "s3")
    assert (away.answer.status_code, away.answer.headers["Retry-After"]) == (503, "2")
    assert away.answer.headers["Content-Type"] == "text/html; charset=utf-8"
    for told in ("ระบบยังไม่พร้อม", "ลองใหม่ในอีกสักครู่", "Try again in a moment", "กลับไปหน้าใส่รหัส"):
        assert told in away.text
    assert (await office.submission())["reports"] == []
    browser.page = landed
    receipt = await browser.submit()
    assert hashlib.sha256(DATA).hexdigest() in receipt.text


async def test_a_code_opens_its_own_form_and_no_other(office: Office, browser: Browser) -> None:
    form, others = await opened(office), await opened(office, center=office.other)
    assert (await post(form)).status_code == 303
    await typed(browser, others)
    await browser.visit(f"{OUR_ORIGIN}/forms/{form['upload']}")
    assert office.other not in browser.page.text
    assert (await browser.submit()).answer.status_code == 401, "its cookie is for another address"
    refused = await browser.submit(code=others["code"])
    assert refused.answer.status_code == 404
    assert (await office.submission())["reports"] == []


async def test_a_code_that_opens_nothing_is_told_so(browser: Browser) -> None:
    await browser.visit(f"{OUR_ORIGIN}/forms")
    unknown = await browser.submit(code="AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG")
    assert unknown.answer.status_code == 404
    await browser.visit(f"{OUR_ORIGIN}/forms")
    assert "ท่านพิมพ์ ๓ ตัว" in (await browser.submit(code="<b>")).text


async def test_another_site_cannot_press_the_button(office: Office) -> None:
    form = await opened(office)
    assert (await post(form)).status_code == 303
    page = f"/forms/{form['upload']}"
    # Not even with the code; and without the header that new browsers send, the cookie stays at home.
    forged = {"headers": {"Sec-Fetch-Site": "cross-site"}, "data": {"code": form["code"]}}
    assert (await office.http.post(page, **forged)).status_code == 403  # type: ignore[arg-type]
    chosen = await office.http.post("/forms", data={"code": form["code"]})
    (cookie,) = chosen.headers.get_list("set-cookie")
    office.http.cookies.clear()
    assert {"HttpOnly", "SameSite=strict", f"Path={page}"} <= {one.strip() for one in cookie.split(";")}
    for shown in (chosen, await office.http.get("/forms")):
        assert (shown.headers["cache-control"], shown.headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]
    assert (await office.http.post(page, json={"code": form["code"]})).status_code == 415
    assert (await office.submission())["reports"] == []


async def test_the_code_is_kept_nowhere_and_its_digest_is_told_to_nobody(office: Office, browser: Browser) -> None:
    form = await opened(office)
    await typed(browser, form)
    await browser.submit(file=("a.pdf", DATA))
    assert form["code"].replace("-", "") not in browser.page.url.upper()
    await browser.submit()
    kept = await documents(office).one({"uploads.id": form["upload"]})
    assert kept is not None
    spelt = {form["code"], form["code"].replace("-", "")}
    assert not any(one in str(kept) for one in spelt)
    ticket = kept["uploads"][0]["form"]["ticket"]
    for path in (f"/v1/uploads/{form['upload']}", f"/v1/rounds/{office.round}/centers/{office.center}/submission"):
        assert ticket not in (await office.ask("GET", path)).text


async def test_begun_by_the_deadline_and_confirmed_within_the_grace_is_on_time(office: Office) -> None:
    form, late = await opened(office), await opened(office, center=office.other)
    assert datetime.fromisoformat(form["on_time_until"]) - datetime.fromisoformat(form["deadline"]) == timedelta(
        hours=1
    )
    for one in (form, late):
        assert (await post(one)).status_code == 303
    # The deadline was a minute ago; one form was opened two minutes ago, the other half a minute ago.
    now = datetime.now(UTC)
    await office.tell((office.round, 2, round_(office.round, deadline=now - timedelta(minutes=1))))
    for one, seconds in ((form, 120), (late, 30)):
        began = now - timedelta(seconds=seconds)
        await documents(office).update({"uploads.id": one["upload"]}, {"$set": {"uploads.0.opened_at": began}})
    assert (await office.complete({"id": form["upload"]})).json()["receipt"]["late"] is False
    assert (await office.complete({"id": late["upload"]}, org=office.other)).json()["receipt"]["late"] is True


async def test_no_page_takes_a_second_version_after_the_grace(office: Office, browser: Browser) -> None:
    form = await opened(office)
    await typed(browser, form)
    landed = await browser.submit(file=("a.pdf", DATA))
    await office.bring(OTHER)
    over = datetime.now(UTC) - timedelta(seconds=1)
    await office.tell((office.round, 2, round_(office.round, deadline=over, grace_minutes=0)))
    for refused in (await browser.submit(), await browser.visit(landed.url)):
        assert refused.answer.status_code == 409
        assert "รายงานที่ส่งไว้ยังใช้อยู่" in refused.text
    await typed(browser, form)
    assert browser.page.answer.status_code == 409
    assert len((await office.submission())["reports"]) == 1


async def test_a_form_that_nobody_finishes_ends_and_what_it_brought_is_swept(
    office: Office, browser: Browser, blobs: Blobs, quarantine: str, leftovers: Any
) -> None:
    form = await opened(office)
    assert (await post(form)).status_code == 303
    past = datetime.now(UTC) - timedelta(minutes=1)
    await documents(office).update(
        {"uploads.id": form["upload"]},
        {"$set": {"uploads.0.form.until": past, "uploads.0.expires_at": past, "due": past}},
    )

    async def over() -> bool:
        upload = await office.ask("GET", f"/v1/uploads/{form['upload']}")
        return bool(upload.json()["state"] == "expired")

    await eventually(over)
    await typed(browser, form)
    assert browser.page.answer.status_code == 410
    assert "ขอรหัสใหม่" in browser.page.text
    late = await office.complete({"id": form["upload"]})
    assert (late.status_code, slug(late)) == (410, "form-over")
    place = Place(quarantine, key_in_store(form["upload"]))
    assert await there(blobs, place)
    await leftovers.sweep(datetime.now(UTC))
    assert not await there(blobs, place)


async def test_of_many_forms_that_were_given_up_every_file_is_swept(
    office: Office, blobs: Blobs, quarantine: str, leftovers: Any
) -> None:
    places = []
    for _ in range(12):
        form = await opened(office)
        assert (await post(form, OTHER)).status_code == 303
        assert (await office.ask("DELETE", f"/v1/uploads/{form['upload']}")).status_code == 204
        places.append(Place(quarantine, key_in_store(form["upload"])))
    await leftovers.sweep(datetime.now(UTC))
    assert not any([await there(blobs, place) for place in places])


async def test_a_form_is_opened_on_the_same_conditions_as_any_upload(office: Office) -> None:
    async def refused(round_id: str, code: str, **who: str) -> tuple[int, str]:
        answer = await office.ask("POST", f"/v1/rounds/{round_id}/centers/{code}/forms", **who)
        return answer.status_code, slug(answer)

    assert await refused(office.round, office.other) == (403, "out-of-scope")
    assert await refused(office.round, office.idle, org=office.idle) == (409, "nothing-owed")
    assert await refused(office.draft, office.center) == (409, "round-not-open")
    assert await refused("1999", office.center) == (404, "round-unknown")
    assert await refused(office.round, office.center, role="auditor") == (403, "forbidden")
    assert (await office.http.post(f"/v1/rounds/{office.round}/centers/{office.center}/forms")).status_code == 401
    for _ in range(5):
        await opened(office)
    assert await refused(office.round, office.center) == (409, "too-many-uploads")


async def test_a_file_that_is_no_pdf_is_received_and_refused_by_the_inspection(office: Office) -> None:
    """Type and size are all that a form can hold a sender to; what the file is, the inspection finds."""
    form = await opened(office)
    assert (await post(form, b"<html>" + bytes(1000))).status_code == 303
    assert (await office.complete({"id": form["upload"]})).status_code == 200
    (report,) = (await office.decided())["reports"]
    assert (report["state"], report["reason"]["code"]) == ("rejected", "not_pdf")


async def test_parts_and_forms_are_not_mixed(office: Office) -> None:
    form = await opened(office)
    parts = {"parts": [{"number": 1, "sha256": hashlib.sha256(DATA).hexdigest()}]}
    answer = await office.ask("POST", f"/v1/uploads/{form['upload']}/parts", json=parts)
    assert (answer.status_code, slug(answer)) == (422, "part-unknown")
    assert (await office.ask("DELETE", f"/v1/uploads/{form['upload']}")).status_code == 204
    assert (await office.complete({"id": form["upload"]})).status_code == 410
