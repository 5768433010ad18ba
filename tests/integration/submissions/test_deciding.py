"""From received to accepted or rejected: once, told once, whatever is delivered again."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from deploy.local.crowd.papers import paper
from services.submissions.inspecting.findings import FINDINGS
from shared.blobs import Blobs, NotFound, Place
from shared.bus.envelope import decode
from shared.contracts.events import EVENT_TYPES, Extension, ReportReceived
from shared.contracts.topics import STATUS, SUBMISSIONS, Topic, dead_letters
from tests.integration.submissions.conftest import Office, round_
from tests.integration.submissions.files import BROKEN
from tests.integration.submissions.test_keeping import DATA as KEPT
from tests.integration.submissions.test_keeping import accepted
from tests.world import eventually

EPOCH = datetime(1970, 1, 2, tzinfo=UTC)
DAMAGED = 'saraban_inspections_postponed_total{cause="damaged"}'


async def told(office: Office, *topics: Topic) -> list[tuple[str, str, Any]]:
    """What was told of this office's round: (last word but one of the type, key, data)."""
    found: list[tuple[str, str, Any]] = []
    for record in await office.world.records(*topics):
        envelope = decode(record)
        if not envelope.key.startswith(f"{office.round}/"):
            continue
        found.append((envelope.type.split(".")[-2], envelope.key, EVENT_TYPES[envelope.type].validate(envelope.data)))
    return found


@pytest.mark.parametrize("name", ["one that asks for a password", "a torn one", "a script on opening", "a picture"])
async def test_a_file_that_cannot_be_accepted_comes_back_with_its_reason(office: Office, name: str) -> None:
    code, build = BROKEN[name]
    receipt = await office.bring(build())
    done = await office.decided()
    (report,) = done["reports"]
    assert (done["state"], report["state"], report["reason"]["code"]) == ("rejected", "rejected", code)
    assert report["reason"]["sentence"] == FINDINGS[code].sentence
    found = await office.ask("GET", f"/v1/receipts/{receipt['code']}")
    assert found.json()["state"] == "rejected"

    again = await office.bring(paper("good", 200_000))
    assert again["version"] == 2
    assert (await office.decided())["state"] == "accepted"


async def test_each_step_is_told_in_order_and_the_stage_beside_it(office: Office) -> None:
    await office.bring(paper("a", 200_000))
    await office.decided()

    async def complete() -> list[tuple[str, str, Any]] | None:
        found = await told(office, SUBMISSIONS, STATUS)
        return found if len(found) == 6 else None

    events = await eventually(complete)
    assert events is not None
    assert {key for _, key, _ in events} == {
        f"{office.round}/{office.center}",
        f"{office.round}/{office.center}/submission",
    }
    assert [kind for kind, key, _ in events if key == f"{office.round}/{office.center}"] == [
        "opened",
        "received",
        "accepted",
    ]
    stages = [data for _, key, data in events if key == f"{office.round}/{office.center}/submission"]
    assert [stage.state for stage in stages] == ["uploading", "received", "accepted"]


async def test_the_same_event_delivered_again_decides_and_tells_nothing_more(office: Office) -> None:
    await office.bring(paper("a", 200_000))
    await office.decided()
    (received,) = [data for _, _, data in await told(office, SUBMISSIONS) if isinstance(data, ReportReceived)]
    before = await office.submission()

    await office.world.publish(
        "submissions",
        (f"{office.round}/{office.center}", 2, received),
        (f"{office.round}/{office.center}", 2, received),
    )
    # A later report passes the same consumer, so the repeats were handled before it was decided.
    for number in range(4):
        await office.bring(paper(number, 200_000), center=office.other)
    await office.decided(office.other)

    assert await office.submission() == before
    kinds = [kind for kind, key, _ in await told(office, SUBMISSIONS) if key == f"{office.round}/{office.center}"]
    assert kinds.count("accepted") == 1


async def test_an_accepted_report_leaves_the_quarantine(office: Office, blobs: Blobs) -> None:
    await office.bring(paper("a", 200_000))
    (report,) = (await office.decided())["reports"]
    key = f"uploads/{report['upload']}.pdf"
    kept = await blobs.fetch(Place(f"{office.world.namespace}-accepted", key))
    assert kept.sha256 == report["sha256"]

    async def gone() -> bool:
        try:
            await blobs.stat(Place(f"{office.world.namespace}-quarantine", key))
        except NotFound:
            return True
        return False

    await eventually(gone)


async def test_a_report_whose_object_was_lost_goes_to_the_dead_letters_and_holds_up_nobody(
    office: Office, blobs: Blobs
) -> None:
    received = ReportReceived(
        round=office.round,
        center=office.center,
        upload="gone",
        version=1,
        receipt="A" * 12,
        sha256="0" * 64,
        size=1,
        received_at=datetime.now(UTC),
        late=False,
        path=("00",),
    )
    documents = office.world.mongo("submissions").documents("submissions")
    await office.open(paper("a", 200_000))
    lost = {
        **received.model_dump(include={"upload", "version", "receipt", "sha256", "size", "received_at", "late"}),
        "state": "received",
        "quarantined": None,
        "kept": None,
        "signed": "",
        "pages": None,
        "reason": None,
        "decided_at": None,
    }
    assert await documents.update({"_id": f"{office.round}/{office.center}"}, {"$set": {"reports": [lost]}})
    await office.world.publish("submissions", (f"{office.round}/{office.center}", 99, received))
    await office.bring(paper("b", 200_000), center=office.other)
    assert (await office.decided(office.other))["state"] == "accepted"

    async def buried() -> bool:
        return len(await office.world.records(dead_letters("submissions"))) == 1

    await eventually(buried)
    assert (await documents.one({"_id": f"{office.round}/{office.center}"}))["reports"][0]["state"] == "received"  # type: ignore[index]


async def test_a_report_that_the_store_damaged_stays_received_and_an_operator_is_told(
    office: Office, blobs: Blobs
) -> None:
    data = paper("a", 200_000)
    upload = (await office.open(data)).json()
    await office.send_parts(upload, data)
    documents = office.world.mongo("submissions").documents("submissions")
    before = counted(await office.http.get("/metrics"))
    await office.complete(upload)
    await office.decided()
    # As if it had not been inspected yet when the store lost a bit: other bytes where the received ones lay.
    place = await blobs.put(
        f"{office.world.namespace}-quarantine",
        f"uploads/{upload['id']}.pdf",
        data[:-1] + b"?",
        content_type="application/pdf",
    )
    undecided = {"state": "received", "quarantined": place.version, "look_at": EPOCH, "decided_at": None}
    changes = {f"reports.0.{name}": value for name, value in undecided.items()}
    assert await documents.update(
        {"_id": f"{office.round}/{office.center}"}, {"$set": {**changes, "inspect_at": EPOCH}}
    )

    async def told_so() -> bool:
        return counted(await office.http.get("/metrics")) > before

    await eventually(told_so)
    (report,) = (await office.submission())["reports"]
    assert (report["state"], report["reason"]) == ("received", None)


def counted(metrics: httpx.Response) -> float:
    """How often a damaged report was met."""
    found = [line for line in metrics.text.splitlines() if line.startswith(DAMAGED)]
    return float(found[0].rpartition(" ")[2]) if found else 0.0


async def test_after_the_deadline_a_report_is_received_and_called_late(office: Office) -> None:
    over = datetime.now(UTC) - timedelta(hours=3)
    extended = Extension(organization=office.other, deadline=over)
    await office.tell((office.round, 2, round_(office.round, deadline=over, extensions=(extended,))))
    receipt = await office.bring(paper("a", 200_000))
    assert receipt["late"] is True
    assert "หลังกำหนด" in receipt["sentence"]
    done = await office.decided()
    assert (done["state"], done["late"]) == ("accepted", True)


async def test_an_upload_begun_in_time_may_finish_within_grace(office: Office) -> None:
    data = paper("a", 200_000)
    upload = (await office.open(data)).json()
    await office.tell((office.round, 2, round_(office.round, deadline=datetime.now(UTC), grace_minutes=60)))
    await office.send_parts(upload, data)
    assert (await office.complete(upload)).json()["receipt"]["late"] is False
    late = await office.bring(paper("b", 200_000), center=office.other)
    assert late["late"] is True, "this one was begun after the deadline"


async def test_an_accepted_report_that_is_deleted_or_written_over_is_still_there_as_a_version(
    office: Office, blobs: Blobs
) -> None:
    original, copy, digest = await accepted(office)
    for place, sha256 in ((original, hashlib.sha256(KEPT).hexdigest()), (copy, digest)):
        assert place.version, "the bucket keeps versions"
        newest = Place(place.bucket, place.key)
        await blobs.put(place.bucket, place.key, b"other bytes", content_type="application/pdf")
        await blobs.delete(newest)
        with pytest.raises(NotFound):
            await blobs.fetch(newest)
        assert (await blobs.fetch(place)).sha256 == sha256
