"""Reports leave by a link or in an archive: the right ones, to the right people, and the trail knows before they do."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from deploy.local.crowd.papers import paper
from deploy.local.stack import Stack
from services.submissions.audit.journal import Journal
from services.submissions.downloads.archive import Archives, Wanted
from services.submissions.receipts.checking import check_receipt
from services.submissions.receipts.signing import Receipt
from services.submissions.roster_store import RosterStore
from services.submissions.store import Store
from shared.blobs import Blobs, Place
from shared.contracts.events import ClusterChanged
from shared.mongo import UNAVAILABLE, Mongo
from shared.security.principals import Principal, Role
from shared.thai.calendar import now_in_bangkok
from tests.integration.submissions.conftest import Office
from tests.trails import copied, verify, without_the_newest
from tests.world import eventually

ONESQA = {"role": "assessor", "org": "onesqa"}


async def accepted(office: Office, seed: str = "a", center: str = "") -> dict[str, Any]:
    await office.bring(paper(seed, 200_000), center=center)
    found: dict[str, Any] = (await office.decided(center))["reports"][-1]
    assert found["state"] == "accepted"
    return found


async def link(office: Office, version: int = 1, *, center: str = "", body: Any = None, **who: str) -> Any:
    path = f"/v1/rounds/{office.round}/centers/{center or office.center}/reports/{version}/downloads"
    return await office.ask("POST", path, json=body or {}, **(who or ONESQA))


async def trail(office: Office, center: str = "") -> list[tuple[str, str, str]]:
    subject = {"subject": f"center/{center or office.center}"}
    entries = (await office.ask("GET", "/v1/audit", role="auditor", org="a", params=subject)).json()["items"]
    return [(one["action"], one["outcome"], one["detail"]) for one in entries]


async def archive(office: Office, params: dict[str, str] | None = None, **who: str) -> Any:
    path = f"/v1/rounds/{office.round}/archive"
    return await office.ask("GET", path, params=params or {}, **(who or {"role": "district", "org": "5801"}))


def opened(answer: httpx.Response) -> tuple[zipfile.ZipFile, dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    whole = zipfile.ZipFile(io.BytesIO(answer.content))
    assert whole.testzip() is None
    return whole, json.loads(whole.read("manifest.json"))


async def test_a_link_gives_the_copy_as_an_attachment_for_minutes(office: Office) -> None:
    report = await accepted(office)
    answer = await link(office)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    given = answer.json()
    assert (given["file"], given["sha256"]) == ("copy", report["clean"]["sha256"])
    asked = parse_qs(urlsplit(given["url"]).query)
    assert asked["X-Amz-Expires"] == ["300"]
    async with httpx.AsyncClient() as stranger:
        got = await stranger.get(given["url"])
        assert got.status_code == 200
        assert hashlib.sha256(got.content).hexdigest() == given["sha256"]
        assert got.headers["content-disposition"] == f'attachment; filename="{given["name"]}"'
        assert got.headers["content-type"] == "application/pdf"
        for changed in (
            given["url"].replace("attachment", "inline"),
            given["url"].replace("application%2Fpdf", "text%2Fhtml"),
            given["url"].replace("clean", "uploads"),
        ):
            assert (await stranger.get(changed)).status_code == 403, "what the link says is signed"
    assert await trail(office) == [("report.download", "allowed", f"{office.round} {report['receipt']} copy")]


async def test_the_trail_of_it_is_anchored_so_that_a_cut_tail_is_missed(office: Office, tmp_path: Path) -> None:
    await accepted(office)
    await link(office)
    await link(office, role="district", org="5801")
    file = tmp_path / "audit.jsonl"
    await copied(office.world, "submissions", file)
    anchor = (await office.ask("GET", "/v1/audit/anchors/newest", role="auditor", org="a")).json()
    noted = ("--key", f"submissions={anchor['key']}", "--known", f"submissions={anchor['number']}:{anchor['hash']}")
    assert verify(file, *noted)[0] == 0
    gone = without_the_newest(file, f"center/{office.center}")
    code, said = verify(file, *noted)
    assert (code, f"{gone}: head-missing" in said) == (1, True)


async def test_the_file_as_it_was_sent_goes_to_its_center_and_to_those_who_say_why(office: Office) -> None:
    report = await accepted(office)
    original = {"file": "original"}
    mine = await link(office, body=original, role="center", org=office.center)
    theirs = await link(office, body={**original, "why": "complaint"}, role="auditor", org="a")
    for answer in (mine, theirs):
        async with httpx.AsyncClient() as stranger:
            got = await stranger.get(answer.json()["url"])
        assert hashlib.sha256(got.content).hexdigest() == report["sha256"]
    silent = await link(office, body=original)
    assert (silent.status_code, silent.json()["type"]) == (422, "urn:saraban:problem:why-missing")
    over = await link(office, body={**original, "why": "audit"}, role="province", org="58")
    assert (over.status_code, over.json()["type"]) == (403, "urn:saraban:problem:original-not-for-you")
    entries = await trail(office)
    assert [one[:2] for one in entries] == [
        ("report.download.original", outcome) for outcome in ("allowed", "allowed", "refused", "refused")
    ]
    assert entries[1][2].endswith("original complaint")


async def test_who_may_not_see_a_center_gets_no_link_and_the_trail_says_who_tried(office: Office) -> None:
    await accepted(office)
    for who in (
        {"role": "district", "org": "5802"},
        {"role": "center", "org": office.other},
        {"role": "lao", "org": "00"},
    ):
        refused = await link(office, 1, **who)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:saraban:problem:out-of-scope")
    for who in ({"role": "operator", "org": "00"}, {"role": "publisher", "org": "onesqa"}):
        assert (await link(office, 1, **who)).json()["type"] == "urn:saraban:problem:forbidden"
    assert await trail(office) == [("report.download", "refused", f"{office.round} copy")] * 3


async def test_there_is_no_link_to_what_was_not_accepted_or_is_not_there(office: Office) -> None:
    await office.bring(b"%PDF-1.7 torn")
    await office.decided()
    cases = [
        (await link(office), 409, "file-not-accepted"),
        (await link(office, 2), 404, "report-unknown"),
        (await link(office, center=office.other), 404, "nothing-sent"),
        (await link(office, center="nobody"), 404, "center-unknown"),
        (await link(office, body={"file": "secret"}), 422, "invalid-request"),
        (await link(office, body={"file": "original", "why": "because"}), 422, "invalid-request"),
    ]
    for answer, status, slug in cases:
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:saraban:problem:{slug}")


async def test_an_archive_holds_what_counts_under_an_office_and_says_what_it_lacks(office: Office) -> None:
    report = await accepted(office)
    await office.bring(b"%PDF-1.7 torn", center=office.other)
    await office.decided(office.other)
    answer = await archive(office)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="reports-{office.round}-5801.zip"'
    assert "content-length" not in answer.headers, "it is made as it goes"
    whole, manifest = opened(answer)
    (name,) = [one for one in whole.namelist() if one.endswith(".pdf")]
    assert name == f"58/5801/6580101/{office.center}-v1-{report['receipt']}.pdf"
    assert hashlib.sha256(whole.read(name)).hexdigest() == report["clean"]["sha256"]
    assert manifest["counts"] == {"included": 1, "not_accepted": 1}
    assert manifest["why"] is None, "nobody asks why somebody wants copies"
    line, other = manifest["reports"]
    assert (line["center"], line["file"], line["sha256"]) == (office.center, name, report["clean"]["sha256"])
    assert (other["center"], other["standing"], other["file"]) == (office.other, "rejected", None)
    said = check_receipt(line["signed"], manifest["receipt_keys"])
    assert isinstance(said, Receipt)
    assert said.sha256 == line["received_sha256"] == report["sha256"]
    table = list(csv.DictReader(io.StringIO(whole.read("manifest.csv").decode().removeprefix("\ufeff"), newline="")))
    assert [one["outcome"] for one in table] == ["included", "not_accepted"]
    assert await trail(office) == [("report.archive", "allowed", f"{office.round} {report['receipt']} copy")]
    assert await trail(office, office.other) == [], "what did not leave was not looked at"


async def test_an_archive_goes_on_after_a_center_and_is_empty_elsewhere(office: Office) -> None:
    await accepted(office)
    await accepted(office, "b", office.other)
    whole, manifest = opened(await archive(office))
    assert manifest["counts"] == {"included": 2}
    _, rest = opened(await archive(office, {"after": office.center}))
    assert [one["center"] for one in rest["reports"]] == [office.other]
    _, none = opened(await archive(office, role="district", org="5802"))
    assert none["reports"] == []
    originals = {"file": "original", "why": "assessment"}
    whole, manifest = opened(await archive(office, originals, **ONESQA))
    assert (manifest["file"], manifest["why"]) == ("original", "assessment")
    assert (await trail(office))[-1][2].endswith(" original assessment"), "as of a single file"
    digests = {hashlib.sha256(whole.read(one)).hexdigest() for one in whole.namelist() if one.endswith(".pdf")}
    sent = {(await office.submission(code))["reports"][0]["sha256"] for code in (office.center, office.other)}
    assert digests == sent


async def test_each_bad_archive_is_refused_before_it_begins(office: Office) -> None:
    cases: list[tuple[int, str, Any]] = [
        (403, "forbidden", await archive(office, role="center", org=office.center)),
        (403, "forbidden", await archive(office, role="operator", org="00")),
        (403, "out-of-scope", await archive(office, {"within": "5801"}, role="province", org="57")),
        (403, "out-of-scope", await archive(office, role="district", org="00")),
        (404, "organization-unknown", await archive(office, {"within": "99"}, **ONESQA)),
        (404, "cluster-unknown", await archive(office, {"cluster": "k9"}, **ONESQA)),
        (403, "original-not-for-you", await archive(office, {"file": "original", "why": "audit"})),
        (422, "why-missing", await archive(office, {"file": "original"}, **ONESQA)),
        (422, "invalid-request", await archive(office, {"file": "all"}, **ONESQA)),
    ]
    for status, slug, answer in cases:
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:saraban:problem:{slug}")


async def test_a_cluster_has_an_archive_of_its_own(office: Office) -> None:
    await accepted(office)
    await accepted(office, "b", office.other)
    made = ClusterChanged(round=office.round, cluster="k1", path=("00", "58"), members=(office.other, "z"), span_km=3.2)
    await office.world.publish("registry", (f"{office.round}/k1", 1, made))
    clusters = office.world.mongo("submissions").documents("clusters")
    await eventually(lambda: clusters.one({"_id": f"{office.round}/k1"}))
    _, manifest = opened(await archive(office, {"cluster": "k1"}, **ONESQA))
    assert [one["center"] for one in manifest["reports"]] == [office.other]
    province = await archive(office, {"cluster": "k1"}, role="province", org="58")
    assert opened(province)[1]["cluster"] == "k1"
    for role, org in (("district", "5801"), ("province", "57")):
        assert (await archive(office, {"cluster": "k1"}, role=role, org=org)).status_code == 403
    gone = made.model_copy(update={"members": (), "state": "dissolved"})
    await office.world.publish("registry", (f"{office.round}/k1", 2, gone))
    await eventually(lambda: clusters.one({"_id": f"{office.round}/k1", "state": "dissolved"}))
    assert (await archive(office, {"cluster": "k1"}, **ONESQA)).status_code == 404


HARM = {"lost": "missing", "changed": "damaged", "cut": "cut_short"}


@pytest.mark.parametrize("harm", HARM)
async def test_what_the_store_lost_or_changed_is_named_and_the_rest_arrives(
    office: Office, blobs: Blobs, harm: str
) -> None:
    report = await accepted(office)
    await accepted(office, "b", office.other)
    documents = office.world.mongo("submissions").documents("submissions")
    key = {"_id": f"{office.round}/{office.center}"}
    kept = (await documents.one(key))["reports"][0]["clean"]["kept"]  # type: ignore[index]
    bucket, name = f"{office.world.namespace}-accepted", f"clean/{report['upload']}.pdf"
    if harm == "lost":
        await blobs.delete(Place(bucket, name, kept))
    else:
        size = report["clean"]["size"] if harm == "changed" else 100
        other = await blobs.put(bucket, name, bytes(size), content_type="application/pdf")
        await documents.update(key, {"$set": {"reports.0.clean.kept": other.version}})
    whole, manifest = opened(await archive(office))
    assert manifest["counts"] == {"included": 1, HARM[harm]: 1}
    broken = manifest["reports"][0]
    assert broken["center"] == office.center
    assert (broken["file"] in whole.namelist()) == (harm != "lost")


async def test_a_store_whose_lines_break_is_asked_again_and_nothing_is_missing(office: Office, stack: Stack) -> None:
    """Every second answer is cut in its middle; the archive is whole all the same."""
    for number, code in enumerate((office.center, office.other)):
        await accepted(office, f"p{number}", code)
    place = urlsplit(stack.environment()["SARABAN_S3_ENDPOINT"])
    async with cutting(place.hostname or "", place.port or 80, after=60_000) as (address, cuts):
        environment = stack.environment()
        blobs = Blobs(address, environment["SARABAN_S3_ACCESS_KEY"], SecretStr(environment["SARABAN_S3_SECRET_KEY"]))
        store = Store(office.world.mongo("submissions"), Nobody())
        await store.prepare()
        journal = Journal(store.trail, now_in_bangkok)
        archives = Archives(RosterStore(store), blobs, f"{office.world.namespace}-accepted", journal, at_once=1)
        wanted = Wanted(office.round, ("00",), None, None, "copy", None, {})
        who = Principal(subject="s", role=Role.ASSESSOR, org="onesqa")
        made = b"".join([data async for data in archives.stream(wanted, who, {}, now_in_bangkok())])
        blobs.close()
    assert cuts, "the line did break"
    whole = zipfile.ZipFile(io.BytesIO(made))
    assert whole.testzip() is None
    assert json.loads(whole.read("manifest.json"))["counts"] == {"included": 2}


async def test_a_third_archive_waits_and_who_hangs_up_in_the_middle_makes_room(office: Office) -> None:
    await accepted(office)
    gone = [asyncio.Event() for _ in range(2)]
    begun = [asyncio.Event() for _ in range(2)]
    both = [asyncio.create_task(hung_up(office, *pair)) for pair in zip(begun, gone, strict=True)]
    await asyncio.wait_for(asyncio.gather(*(one.wait() for one in begun)), 20)
    third = await archive(office)
    assert (third.status_code, third.json()["type"]) == (429, "urn:saraban:problem:too-many-requests")
    assert third.headers["retry-after"] == "30"
    gone[0].set()
    await asyncio.gather(both[0], return_exceptions=True)
    opened(await archive(office))
    gone[1].set()
    await asyncio.gather(both[1], return_exceptions=True)


async def test_who_stops_reading_without_hanging_up_keeps_no_place(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.submissions.downloads.api.READ_WITHIN_S", 0.5)
    await accepted(office)
    never, begun = asyncio.Event(), [asyncio.Event() for _ in range(2)]
    both = [asyncio.create_task(hung_up(office, one, never)) for one in begun]
    ended = await asyncio.wait_for(asyncio.gather(*both, return_exceptions=True), 20)
    assert all(one.is_set() for one in begun), "both had begun to read"
    assert all(isinstance(one, Exception) for one in ended), "what broke off is not taken for whole"
    opened(await archive(office))


async def test_where_the_database_is_away_an_archive_fails_before_its_first_byte_and_keeps_no_place(
    office: Office, blobs: Blobs
) -> None:
    away = Mongo("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200", office.world.namespace, "submissions")
    store = Store(away, Nobody())
    archives = Archives(RosterStore(store), blobs, "x", Journal(store.trail, now_in_bangkok), at_once=1)
    wanted = Wanted(office.round, ("00",), None, None, "copy", None, {})
    who = Principal(subject="s", role=Role.ASSESSOR, org="onesqa")
    for _ in range(2):
        with pytest.raises(UNAVAILABLE):  # each of these is answered with a 503
            await anext(archives.stream(wanted, who, {}, now_in_bangkok()))
    away.close()


async def hung_up(office: Office, begun: asyncio.Event, gone: asyncio.Event) -> None:
    """An archive whose client reads its first bytes, and hangs up when told to."""
    headers = {**office.signed_in("district", "5801"), "host": "submissions"}
    path = f"/v1/rounds/{office.round}/archive"
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("submissions", 80),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message.get("body"):
            begun.set()
            await gone.wait()
            raise OSError("hung up")

    await office.http._transport.app(scope, receive, send)  # type: ignore[attr-defined]  # httpx reads all at once


class Nobody:
    """Publishes nothing."""

    grace = timedelta(hours=1)

    def announce(self, outbox: Any, aggregate: str, entries: Any) -> None: ...


@asynccontextmanager
async def cutting(host: str, port: int, *, after: int) -> AsyncIterator[tuple[str, list[int]]]:
    """A line to a server that breaks once so many bytes came back, on every second connection."""
    cuts: list[int] = []
    count = itertools.count()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None) -> None:
        passed = 0
        while data := await reader.read(16_384):
            passed += len(data)
            if most is not None and passed > most:
                cuts.append(passed)
                writer.transport.abort()
                return
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, port)
        most = after if next(count) % 2 == 0 else None
        await asyncio.gather(pipe(reader, back, None), pipe(there, writer, most), return_exceptions=True)
        back.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", cuts
