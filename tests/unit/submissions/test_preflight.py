"""What a center is told of a file before it spends its data on it."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.crowd.papers import paper
from services.submissions.domain import Duty, Submission
from services.submissions.inspecting.findings import FINDINGS
from services.submissions.inspecting.inspector.examine import examine
from services.submissions.refusals import FileTooLarge, NothingOwed, RoundNotOpen, TooManyUploads, WrongFileType
from services.submissions.returning import why_back
from services.submissions.uploading.preflight import MOST_FIRST, MOST_LAST, Forecast, Told, foretell
from services.submissions.uploading.views import Terms, preflight_view
from services.submissions.views import upload_view
from tests.unit.submissions.sent import after_review, judged, report, sent
from tests.unit.submissions.test_submission import (
    DEADLINE,
    NOW,
    asked_again,
    completing,
    duty,
    opened,
    received,
    sha,
    the,
)

LARGEST = 50 * 1024 * 1024


def ends(data: bytes, **changes: object) -> Told:
    facts = {"size": len(data), "type": "application/pdf", "first": data[:MOST_FIRST], "last": data[-MOST_LAST:]}
    return Told(**{**facts, **changes})  # type: ignore[arg-type]


def foretold(
    told: Told, submission: Submission | None = None, given_: Duty | None = None, now: datetime = NOW
) -> Forecast:
    return foretell(told, submission, given_ or duty(), LARGEST, now)


def compressed_tables(**options: object) -> bytes:
    """Its trailer is a stream, and its objects are packed."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper("a", 50_000))) as pdf:
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, **options)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [paper("a", 300_000), paper("a", 2_000), compressed_tables(), compressed_tables(linearize=True)],
    ids=["plain", "small", "packed", "linearized"],
)
def test_a_sound_file_may_be_sent(data: bytes) -> None:
    assert foretold(ends(data)).verdict == "send"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x89PNG" + bytes(3000), "not_pdf"),
        (b"\n" + paper("a", 20_000), "not_pdf"),
        (paper("a", 20_000, kind="encrypted"), "encrypted"),
        (compressed_tables(encryption=pikepdf.Encryption(owner="o", user="u")), "encrypted"),
        (compressed_tables(encryption=pikepdf.Encryption(owner="o", user="")), "encrypted"),
        (compressed_tables(linearize=True, encryption=pikepdf.Encryption(owner="o", user="u")), "encrypted"),
        (paper("a", 300_000, kind="torn"), "unreadable"),
    ],
    ids=["picture", "shifted", "password", "packed password", "restricted", "linearized password", "torn"],
)
def test_what_the_inspection_would_refuse_by_its_ends_is_told_before(data: bytes, code: str) -> None:
    assert foretold(ends(data)).refusals == (FINDINGS[code],)
    assert examine(io.BytesIO(data)) == {"finding": code}, "the same as later"


def test_without_its_bytes_only_its_size_and_type_are_judged() -> None:
    assert foretold(Told(1000, "application/pdf")).verdict == "send"
    assert foretold(Told(LARGEST + 1, "application/pdf")).refusals == (FileTooLarge(LARGEST),)
    assert foretold(Told(1000, "image/png")).refusals == (WrongFileType(),)


@given(st.binary(max_size=3000), st.binary(max_size=3000), st.integers(1, 1 << 40))
def test_no_bytes_whatever_bring_it_down(first: bytes, last: bytes, size: int) -> None:
    assert foretold(Told(size, "application/pdf", first, last)).verdict in {"send", "refused"}


def test_encrypted_metadata_alone_is_no_encryption() -> None:
    data = paper("a", 20_000).replace(b"/Root 1 0 R", b"/Root 1 0 R/EncryptMetadata false")
    assert foretold(ends(data)).verdict == "send"


@pytest.mark.parametrize(
    ("given_", "refusal"),
    [
        (duty(state="draft"), RoundNotOpen("draft")),
        (duty(state="closed"), RoundNotOpen("closed")),
        (duty(owed=False), NothingOwed()),
    ],
)
def test_a_round_that_takes_nothing_from_this_center_is_told(given_: Duty, refusal: object) -> None:
    assert foretold(ends(paper("a", 20_000)), given_=given_).refusals == (refusal,)


def test_too_many_uploads_under_way_are_told() -> None:
    state: Submission | None = None
    for number in range(5):
        state = opened(state, upload=f"u{number}").state
    (refusal,) = foretold(ends(paper("a", 20_000)), state).refusals
    assert isinstance(refusal, TooManyUploads)


def test_bytes_that_were_received_need_not_be_sent_even_when_nothing_is_taken_any_more() -> None:
    state = received(opened()).state
    told = Told(1000, "application/pdf", sha256=sha("u1"))
    found = foretold(told, state, duty(state="closed"))
    assert (found.verdict, found.refusals, found.received) == ("received", (), state.reports[0])


@pytest.mark.parametrize("state", ["rejected", "returned"])
def test_bytes_that_came_back_are_told_why_and_not_that_nothing_need_be_sent(state: str) -> None:
    brought = report(state="rejected" if state == "rejected" else "accepted", upload="u1")
    upload = opened().state.uploads[0].model_copy(update={"state": "received", "receipt": brought.receipt})
    stands = sent(brought, uploads=(upload,))
    if state == "returned":
        stands = after_review(stands, judged(brought, codes=("unsigned", "wrong_year"))).state
    reasons = ["encrypted"] if state == "rejected" else ["unsigned", "wrong_year"]
    found = foretold(Told(10, "application/pdf", sha256=brought.sha256), stands)
    view = preflight_view(found, duty(), stands, Terms(10, LARGEST, NOW))
    assert (view.verdict, [one.code for one in view.reasons]) == ("refused", reasons)
    assert all("ส่ง" in one.sentence and one.sentence_en for one in view.reasons)
    seen = upload_view(stands, upload, (), NOW)
    assert (seen.standing, seen.came_back) == (state, view.reasons)


def test_bytes_that_wait_or_were_taken_came_not_back() -> None:
    for state in ("received", "accepted"):
        brought = report(state=state)
        assert why_back(sent(brought), brought) == ()
        assert foretold(Told(10, "application/pdf", sha256=brought.sha256), sent(brought)).verdict == "received"


@pytest.mark.parametrize(
    ("now", "late", "until"),
    [
        (DEADLINE - timedelta(days=1), False, DEADLINE + timedelta(minutes=60)),
        (DEADLINE, False, DEADLINE + timedelta(minutes=60)),
        (DEADLINE + timedelta(seconds=1), True, DEADLINE),
    ],
)
def test_it_says_until_when_one_who_begins_now_is_on_time(now: datetime, late: bool, until: datetime) -> None:
    found = foretold(ends(paper("a", 20_000)), now=now)
    assert (found.verdict, found.late, found.on_time_until) == ("send", late, until)
    view = preflight_view(found, duty(), None, Terms(1000, LARGEST, NOW))
    assert ("เลยกำหนดแล้ว" in view.sentence) is late
    assert ("ทันกำหนดหากส่งเสร็จภายใน" in view.sentence) is not late


def test_every_reason_says_in_thai_and_english_what_to_do() -> None:
    found = foretold(ends(paper("a", 20_000, kind="encrypted"), size=LARGEST + 1), given_=duty(owed=False))
    reasons = preflight_view(found, duty(), None, Terms(1000, LARGEST, NOW)).reasons
    assert [one.code for one in reasons] == ["nothing_owed", "file_too_large", "encrypted"]
    assert "ติดต่อ อปท." in reasons[0].sentence
    assert "๕๐ MB" in reasons[1].sentence
    assert "50 MB" in reasons[1].sentence_en
    assert all(one.sentence_en.endswith(".") for one in reasons)


GRACE_END = DEADLINE + timedelta(hours=1)
OF_U1 = Told(size=1000, type="application/pdf", sha256=sha("u1"))


def test_bytes_that_have_an_upload_are_measured_by_when_that_was_begun() -> None:
    before = opened(now=DEADLINE - timedelta(minutes=1)).state
    forecast = foretold(OF_U1, before, now=GRACE_END)
    assert (forecast.verdict, forecast.late, forecast.on_time_until) == ("send", False, GRACE_END)
    assert forecast.standing == before.uploads[0]
    others = foretold(Told(size=1000, type="application/pdf", sha256=sha("u2")), before, now=GRACE_END)
    assert (others.late, others.standing) == (True, None)


def test_an_upload_that_was_begun_goes_on_where_none_may_be_begun_any_more() -> None:
    before = opened(now=NOW).state
    closed = duty(state="closed")
    assert foretold(OF_U1, before, closed).verdict == "send"
    others = foretold(Told(size=1000, type="application/pdf", sha256=sha("u2")), before, closed)
    assert others.refusals == (RoundNotOpen("closed"),)


def test_what_was_whole_in_time_and_was_lost_by_the_store_is_on_time_to_its_end() -> None:
    late = DEADLINE + timedelta(hours=5)
    before, upload = the(asked_again(completing(opened(), now=DEADLINE), late))
    forecast = foretold(OF_U1, before, now=late)
    assert (forecast.verdict, forecast.late, forecast.on_time_until) == ("send", False, upload.expires_at)
    reading = completing(opened(), now=GRACE_END + timedelta(hours=1)).state
    assert foretold(OF_U1, reading, now=GRACE_END + timedelta(hours=2)).late, "it was whole too late"
