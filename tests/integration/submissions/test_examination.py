"""From a file in quarantine to a verdict and two kept objects; what is said of a file or copy that lies."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pytest
import pytest_asyncio

from deploy.local.crowd.papers import paper
from services.submissions.domain import Report, Sound
from services.submissions.files import key_in_store, key_of_copy
from services.submissions.inspecting.examination import Buckets, Examination, Postponed
from services.submissions.inspecting.findings import FINDINGS
from services.submissions.inspecting.room import InspectionRoom
from services.submissions.inspecting.stalling import MOST_KILLS, MOST_STALLS
from shared.blobs import Blobs, Lock, Place, Refused
from tests.integration.submissions.test_inspection import LIMITS, ROGUE, SHORT, children_in

LOCK = Lock("GOVERNANCE", 1)
Received = Callable[..., Awaitable[Report]]


@pytest_asyncio.fixture(scope="module")
async def buckets(blobs_of_module: Blobs) -> Buckets:
    name = f"t{secrets.token_hex(5)}"
    found = Buckets(f"{name}-quarantine", f"{name}-accepted", LOCK)
    await blobs_of_module.ensure_bucket(found.quarantine)
    await blobs_of_module.ensure_bucket(found.accepted, lock=LOCK)
    return found


@pytest_asyncio.fixture(scope="module")
async def room() -> AsyncIterator[InspectionRoom]:
    async with InspectionRoom(LIMITS, size=2) as found:
        yield found


@pytest_asyncio.fixture(scope="module")
async def rogue() -> AsyncIterator[InspectionRoom]:
    async with InspectionRoom(SHORT, size=2, program=ROGUE) as found:
        yield found


@pytest.fixture
def received(blobs: Blobs, buckets: Buckets) -> Received:
    """A report as it was received, its file in quarantine."""

    async def receive(data: bytes, **changes: Any) -> Report:
        upload = secrets.token_hex(16)
        place = await blobs.put(buckets.quarantine, key_in_store(upload), data, content_type="application/pdf")
        facts: dict[str, Any] = {
            "version": 1,
            "upload": upload,
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
            "quarantined": place.version,
            "receipt": "R",
            "signed": "S",
            "received_at": datetime.now(UTC),
            "late": False,
        }
        return Report(**{**facts, **changes})

    return receive


async def test_original_and_copy_are_kept_under_lock_and_their_digests_told(
    blobs: Blobs, buckets: Buckets, room: InspectionRoom, received: Received
) -> None:
    report = await received(paper("a", 300_000))
    verdict = await Examination(blobs, room, None, buckets).examine(report)
    assert isinstance(verdict, Sound)
    assert verdict.clean is not None
    original = Place(buckets.accepted, key_in_store(report.upload), verdict.kept)
    copy = Place(buckets.accepted, key_of_copy(report.upload), verdict.clean.kept)
    assert (await blobs.fetch(original)).sha256 == report.sha256
    into = io.BytesIO()
    read = await blobs.fetch(copy, into)
    assert (read.sha256, read.size) == (verdict.clean.sha256, verdict.clean.size)
    with pikepdf.open(into) as pdf:
        assert (len(pdf.pages), pdf.is_linearized) == (verdict.seen.pages, True)
    for place in (original, copy):
        assert place.version
        with pytest.raises(Refused):
            await blobs.delete(place)


async def test_a_file_that_is_not_there_waits(
    blobs: Blobs, buckets: Buckets, room: InspectionRoom, received: Received
) -> None:
    report = await received(b"x")
    examination = Examination(blobs, room, None, buckets)
    await examination.leave_quarantine(report)
    assert await examination.examine(report) == Postponed("missing")


async def test_a_file_that_changed_in_the_store_waits_for_an_operator_and_is_not_its_centers_fault(
    blobs: Blobs, buckets: Buckets, room: InspectionRoom, received: Received
) -> None:
    report = await received(paper("a", 20_000), sha256="0" * 64)
    assert await Examination(blobs, room, None, buckets).examine(report) == Postponed("damaged")


@pytest.mark.parametrize(
    ("copy", "why"),
    [
        ({"say": '{"finding": "javascript"}'}, "it holds a script"),
        ({"say": '{"pages": 3}'}, "it has other pages"),
        ({"say": '{"pages": 2, "notes": ["links"]}'}, "it has what should be gone"),
        ({"crash": 11}, "it kills its inspector"),
    ],
)
async def test_a_copy_by_an_inspector_that_was_taken_over_is_judged_by_what_it_is(
    blobs: Blobs, buckets: Buckets, rogue: InspectionRoom, received: Received, copy: dict[str, Any], why: str
) -> None:
    report = await received(json.dumps({"copy": json.dumps(copy), "pages": 2}).encode())
    assert await Examination(blobs, rogue, None, buckets).examine(report) == FINDINGS["too_complex"], why


@pytest_asyncio.fixture
async def killing(rogue: InspectionRoom) -> AsyncIterator[None]:
    """A machine without memory: every inspection dies as soon as it is seen."""

    async def kill() -> None:
        while True:
            for child in children_in(rogue):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            await asyncio.sleep(0.01)

    task = asyncio.create_task(kill())
    yield
    task.cancel()


HANGING = json.dumps({"hang": True}).encode()


@pytest.mark.usefixtures("killing")
async def test_a_file_whose_inspection_the_machine_kills_is_looked_into_again(
    blobs: Blobs, buckets: Buckets, rogue: InspectionRoom, received: Received
) -> None:
    examination = Examination(blobs, rogue, None, buckets)
    dying, other = await received(HANGING, kills=MOST_KILLS - 2), await received(HANGING, kills=MOST_KILLS - 1)
    assert await examination.examine(dying) == Postponed("killed", "kills")
    assert await examination.examine(other) == Postponed("killed"), "it was not the only one"


@pytest.mark.usefixtures("killing")
async def test_a_file_that_alone_dies_again_and_again_is_sent_back_in_the_end(
    blobs: Blobs, buckets: Buckets, rogue: InspectionRoom, received: Received
) -> None:
    report = await received(HANGING, kills=MOST_KILLS - 1)
    assert await Examination(blobs, rogue, None, buckets).examine(report) == FINDINGS["too_complex"]


async def test_a_file_whose_inspection_only_waited_is_looked_into_again_however_often(
    blobs: Blobs, buckets: Buckets, rogue: InspectionRoom, received: Received
) -> None:
    report = await received(HANGING, stalls=MOST_STALLS - 1, kills=MOST_KILLS - 1)
    assert await Examination(blobs, rogue, None, buckets).examine(report) == Postponed("waited")
