"""The rules of a submission: what may be opened, what is received once, what a decision changes."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.submissions.domain import (
    KEPT_ENDED,
    MOST_OPEN,
    PART_SIZE,
    Declared,
    Duty,
    Report,
    Seen,
    Sound,
    Submission,
    Upload,
)
from services.submissions.inspecting.findings import FINDINGS
from services.submissions.receipts.codes import receipt_code
from services.submissions.refusals import (
    NothingOwed,
    PartDigestChanged,
    PartsMissing,
    PartUnknown,
    RoundNotOpen,
    Stands,
    TooManyUploads,
    UploadOver,
)
from services.submissions.uploading.receiving import (
    AGAIN_WITHIN,
    LOST_AFTER,
    ask_again,
    begin_completion,
    decide,
    fail,
    is_lost,
    late_for,
    receive,
)
from services.submissions.uploading.sending import (
    Change,
    abort,
    declare_parts,
    expire,
    find_standing,
    open_upload,
)
from shared.contracts.events import ReportAccepted, ReportReceived, ReportRejected, RoundChanged, UploadOpened
from shared.contracts.status import StageChanged

DEADLINE = datetime(2025, 10, 31, 23, 59, 59, tzinfo=ZoneInfo("Asia/Bangkok"))
NOW = DEADLINE - timedelta(days=1)
PATH = ("00", "58", "5801", "6580101")
DAY = timedelta(days=1)


def duty(*, state: Literal["draft", "open", "closed"] = "open", owed: bool = True) -> Duty:
    round_ = RoundChanged(
        round="2569", fiscal_year=2569, academic_year=2567, deadline=DEADLINE, grace_minutes=60, state=state
    )
    return Duty(round=round_, center="c1", path=PATH, owed=owed)


def sha(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


def opened(before: Submission | None = None, *, upload: str = "u1", size: int = 1000, now: datetime = NOW) -> Change:
    declared = Declared(size=size, sha256=sha(upload))
    change = open_upload(before, duty(), declared, upload=upload, multipart="m", lifetime=DAY, now=now)
    assert isinstance(change, Change)
    return change


def the(change: object, upload: str = "u1") -> tuple[Submission, Upload]:
    assert isinstance(change, Change)
    found = change.state.upload(upload)
    assert found is not None
    return change.state, found


def completing(change: Change, upload: str = "u1", now: datetime = NOW) -> Change:
    submission, one = the(change, upload)
    begun = begin_completion(submission, one, {n: one.part_size(n) for n in range(1, len(one.parts) + 1)}, duty(), now)
    assert isinstance(begun, Change)
    return begun


def report_of(submission: Submission, upload: Upload) -> Report:
    assert upload.sha256 is not None
    return Report(
        version=len(submission.reports) + 1,
        upload=upload.id,
        sha256=upload.sha256,
        size=upload.size,
        quarantined="v",
        receipt=receipt_code("2569", "c1", upload.sha256),
        signed="jws",
        received_at=upload.received_at,
        late=False,
    )


def received(change: Change, upload: str = "u1") -> Change:
    submission, one = the(completing(change, upload), upload)
    done = receive(submission, one, report_of(submission, one))
    assert isinstance(done, Change)
    return done


def kinds(change: Change | None) -> list[type]:
    assert change is not None
    return [type(event) for event in change.events]


def stage(change: Change | None) -> str:
    assert change is not None
    (found,) = [event for event in change.events if isinstance(event, StageChanged)]
    return found.state


# Opening


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        (duty(state="draft"), RoundNotOpen("draft")),
        (duty(state="closed"), RoundNotOpen("closed")),
        (duty(owed=False), NothingOwed()),
    ],
)
def test_only_who_owes_a_report_in_an_open_round_may_send_one(given: Duty, refusal: object) -> None:
    declared = Declared(size=1, sha256=sha("x"))
    assert open_upload(None, given, declared, upload="u", multipart="m", lifetime=DAY, now=NOW) == refusal


def test_the_first_upload_is_told_and_starts_the_stage() -> None:
    change = opened()
    assert kinds(change) == [UploadOpened, StageChanged]
    assert stage(change) == "uploading"
    assert kinds(opened(change.state, upload="u2")) == [UploadOpened]


def test_after_the_deadline_a_report_is_still_taken_and_the_stage_is_late() -> None:
    change = opened(now=DEADLINE + DAY)
    (told,) = [event for event in change.events if isinstance(event, StageChanged)]
    assert told.late


def test_a_file_of_one_part_needs_no_other_digest() -> None:
    _, upload = the(opened(size=PART_SIZE))
    assert upload.parts == (upload.sha256,)
    _, upload = the(opened(size=PART_SIZE + 1))
    assert upload.parts == (None, None)
    assert (upload.part_size(1), upload.part_size(2)) == (PART_SIZE, 1)


def test_the_same_file_again_finds_its_upload_until_that_is_over() -> None:
    change = opened()
    ends = the(change)[1].expires_at
    declared = Declared(size=1000, sha256=sha("u1"))
    assert find_standing(change.state, declared, NOW) == change.state.upload("u1")
    assert find_standing(change.state, Declared(size=999, sha256=sha("u1")), NOW) is None
    assert find_standing(change.state, declared, ends) is None, "its time is over"
    done = received(change)
    assert find_standing(done.state, declared, NOW + 2 * DAY) == done.state.upload("u1")


def test_so_many_uploads_at_once_help_nobody() -> None:
    change = opened(upload="u0")
    for number in range(1, MOST_OPEN):
        change = opened(change.state, upload=f"u{number}")
    declared = Declared(size=1, sha256=sha("more"))
    refusal = open_upload(change.state, duty(), declared, upload="x", multipart="m", lifetime=DAY, now=NOW)
    assert refusal == TooManyUploads(tuple(f"u{n}" for n in range(MOST_OPEN)))


# Parts


def test_a_parts_digest_is_told_once_and_never_changed() -> None:
    submission, upload = the(opened(size=PART_SIZE * 2))
    declared = declare_parts(submission, upload, {2: sha("b")})
    submission, upload = the(declared)
    assert upload.parts == (None, sha("b"))
    assert declare_parts(submission, upload, {2: sha("b")}) == Change(submission)
    assert declare_parts(submission, upload, {1: sha("a"), 2: sha("c")}) == PartDigestChanged(2)
    assert declare_parts(submission, upload, {3: sha("c")}) == PartUnknown(3)
    assert declare_parts(submission, upload, {0: sha("c")}) == PartUnknown(0)


@pytest.mark.parametrize("there", [{}, {1: PART_SIZE}, {1: PART_SIZE, 2: 6}, {2: 7}])
def test_completion_waits_for_every_part_in_its_size(there: dict[int, int]) -> None:
    submission, upload = the(opened(size=PART_SIZE + 7))
    submission, upload = the(declare_parts(submission, upload, {1: sha("a"), 2: sha("b")}))
    refusal = begin_completion(submission, upload, there, duty(), NOW)
    assert isinstance(refusal, PartsMissing)
    assert upload.state == "open"


def test_a_part_that_nobody_declared_is_missing_whatever_the_store_says() -> None:
    submission, upload = the(opened(size=PART_SIZE + 7))
    assert begin_completion(submission, upload, {1: PART_SIZE, 2: 7}, duty(), NOW) == PartsMissing((1, 2))


# Receiving


def test_the_moment_of_receipt_is_when_the_parts_were_whole_not_when_they_were_read() -> None:
    submission, upload = the(completing(opened(), now=NOW))
    assert upload.received_at == NOW
    again = begin_completion(submission, upload, {}, duty(), NOW + DAY)
    assert the(again)[1].received_at == NOW


def test_a_received_report_is_told_once() -> None:
    done = received(opened())
    assert kinds(done) == [ReportReceived, StageChanged]
    submission, upload = the(done)
    assert receive(submission, upload, report_of(submission, upload)) == UploadOver(upload)


def test_the_same_bytes_again_keep_their_first_receipt_and_tell_nothing() -> None:
    first = received(opened())
    submission = first.state
    twin = submission.uploads[0].model_copy(update={"id": "u2", "state": "completing", "receipt": None})
    submission = submission.model_copy(update={"uploads": (*submission.uploads, twin)})
    done = receive(submission, twin, report_of(submission, twin))
    assert isinstance(done, Change)
    assert done.events == ()
    assert len(done.state.reports) == 1
    assert done.state.report_of("u2") == done.state.report_of("u1")


def test_bytes_that_are_not_those_declared_are_not_received() -> None:
    submission, upload = the(completing(opened()))
    change = fail(submission, upload, "digest_mismatch")
    assert isinstance(change, Change)
    assert change.events == ()
    assert the(change)[1].state == "failed"
    assert change.state.reports == ()


def test_a_file_that_the_store_does_not_show_is_given_up_only_after_minutes() -> None:
    _, upload = the(completing(opened(now=NOW - DAY), now=NOW))
    assert not is_lost(upload, NOW + LOST_AFTER - timedelta(seconds=1))
    assert is_lost(upload, NOW + LOST_AFTER)
    assert timedelta(minutes=5) <= LOST_AFTER < timedelta(minutes=60), "leftovers are swept by the hour"


def asked_again(change: Change, now: datetime) -> Change:
    submission, upload = the(change)
    again = ask_again(submission, upload, upload, "m2", now)
    assert isinstance(again, Change)
    return again


def test_parts_that_the_store_lost_are_asked_for_again_and_the_moment_of_receipt_stays() -> None:
    late = DEADLINE + timedelta(hours=3)
    again = asked_again(completing(opened(), now=DEADLINE), late)
    submission, upload = the(again)
    assert (upload.state, upload.multipart, upload.expires_at) == ("open", "m2", late + AGAIN_WITHIN)
    assert again.events == ()
    assert begin_completion(submission, upload, {}, duty(), late) == PartsMissing((1,), lost=True)
    whole = completing(again, now=late)
    assert (the(whole)[1].received_at, late_for(duty(), the(whole)[1])) == (DEADLINE, False)


def test_a_second_version_that_was_whole_in_time_is_taken_when_it_comes_again_after_the_deadline() -> None:
    first = received(opened())
    second = completing(opened(first.state, upload="u2"), "u2", now=DEADLINE)
    submission, upload = the(second, "u2")
    again = ask_again(submission, upload, upload, "m2", DEADLINE + timedelta(hours=3))
    assert isinstance(again, Change)
    assert the(completing(again, "u2", now=DEADLINE + timedelta(hours=4)), "u2")[1].state == "completing"


def test_parts_are_not_asked_for_again_by_whoever_missed_others() -> None:
    first = completing(opened())
    before = the(first)[1]
    submission, upload = the(completing(asked_again(first, NOW)))
    assert ask_again(submission, upload, before, "m3", NOW) == UploadOver(upload)
    submission, upload = the(first)
    assert ask_again(submission, upload, the(opened())[1], "m2", NOW) == UploadOver(upload), "it is being joined"
    submission, upload = the(received(opened()))
    assert ask_again(submission, upload, upload, "m2", NOW) == UploadOver(upload)


def test_what_never_was_whole_is_asked_for_again_without_more_time() -> None:
    change = opened()
    before = the(change)[1]
    submission, upload = the(asked_again(change, NOW + timedelta(hours=30)))
    assert (upload.state, upload.multipart, upload.expires_at) == ("open", "m2", before.expires_at)
    refused = begin_completion(submission, upload, {}, duty(), NOW)
    assert refused == PartsMissing((1,))


def test_an_older_file_that_comes_again_after_the_deadline_does_not_replace_a_newer_one() -> None:
    older = completing(opened(), now=NOW)
    again = ask_again(*the(older), the(older)[1], "m2", NOW + timedelta(minutes=1))
    assert isinstance(again, Change)
    newer = completing(opened(again.state, upload="u2"), "u2", now=NOW + timedelta(hours=1))
    done = receive(*the(newer, "u2"), report_of(*the(newer, "u2")))
    submission, upload = the(done)
    over = begin_completion(submission, upload, {1: 1000}, duty(), DEADLINE + timedelta(hours=3))
    assert isinstance(over, Stands)
    in_time = begin_completion(submission, upload, {1: 1000}, duty(), DEADLINE)
    assert isinstance(in_time, Change)


def test_a_second_joining_has_its_own_ten_minutes() -> None:
    late = NOW + timedelta(hours=5)
    _, upload = the(completing(asked_again(completing(opened()), NOW), now=late))
    assert upload.received_at == NOW
    assert not is_lost(upload, late + LOST_AFTER - timedelta(seconds=1))
    assert is_lost(upload, late + LOST_AFTER)


def test_what_comes_to_light_after_all_is_received() -> None:
    submission, upload = the(asked_again(completing(opened()), NOW + DAY))
    done = receive(submission, upload, report_of(submission, upload))
    assert kinds(done if isinstance(done, Change) else None) == [ReportReceived, StageChanged]
    submission, upload = the(opened())
    assert receive(submission, upload, report_of(submission, upload)) == UploadOver(upload), "it never was whole"


def test_an_upload_can_be_given_up_until_its_completion_begins() -> None:
    submission, upload = the(opened())
    assert the(abort(submission, upload))[1].state == "aborted"
    submission, upload = the(completing(opened()))
    assert abort(submission, upload) == UploadOver(upload)


def test_an_upload_expires_when_its_time_is_over_and_not_before() -> None:
    submission, upload = the(opened())
    assert expire(submission, upload, upload.expires_at - timedelta(seconds=1)) is None
    assert the(expire(submission, upload, upload.expires_at))[1].state == "expired"
    submission, upload = the(completing(opened()))
    assert expire(submission, upload, NOW + 2 * DAY) is None


def test_ended_uploads_are_forgotten_in_the_end() -> None:
    change = opened(upload="u0")
    for number in range(1, KEPT_ENDED + 5):
        submission, upload = the(change, f"u{number - 1}")
        ended = abort(submission, upload)
        assert isinstance(ended, Change)
        change = opened(ended.state, upload=f"u{number}")
    assert len(change.state.uploads) == KEPT_ENDED + 1
    assert change.state.upload("u0") is None


# Deciding


def test_a_clean_report_is_accepted_once() -> None:
    done = received(opened())
    accepted = decide(done.state, "u1", Sound(Seen(pages=7), "v2", None), NOW + DAY)
    assert accepted is not None
    assert kinds(accepted) == [ReportAccepted, StageChanged]
    assert stage(accepted) == "accepted"
    assert decide(accepted.state, "u1", Sound(Seen(pages=7), "v3", None), NOW + DAY) is None
    assert decide(accepted.state, "u1", FINDINGS["javascript"], NOW + DAY) is None


def test_a_rejected_report_says_why_in_both_languages() -> None:
    rejected = decide(received(opened()).state, "u1", FINDINGS["encrypted"], NOW)
    assert rejected is not None
    assert kinds(rejected) == [ReportRejected, StageChanged]
    told = rejected.events[0]
    assert isinstance(told, ReportRejected)
    assert (told.reason, told.sentence) == ("encrypted", FINDINGS["encrypted"].sentence)
    assert told.sentence_en == FINDINGS["encrypted"].sentence_en


def test_what_was_accepted_stays_accepted_when_a_later_version_is_rejected() -> None:
    first = decide(received(opened()).state, "u1", Sound(Seen(pages=1), None, None), NOW)
    assert first is not None
    second = received(opened(first.state, upload="u2"), "u2")
    assert second.state.standing == "accepted"
    assert kinds(second) == [ReportReceived]
    rejected = decide(second.state, "u2", FINDINGS["unreadable"], NOW)
    assert rejected is not None
    assert rejected.state.standing == "accepted"
    assert kinds(rejected) == [ReportRejected]


def test_a_report_that_nobody_knows_is_not_decided() -> None:
    assert decide(opened().state, "u1", Sound(Seen(pages=1), None, None), NOW) is None


class Lives(RuleBasedStateMachine):
    """Whatever senders, sweepers and inspections do in whatever order, what was received stays received, once."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Submission | None = None
        self.now = NOW
        self.told: list[Any] = []
        self.receipts: dict[str, str] = {}
        self.count = 0

    def apply(self, change: object) -> None:
        if isinstance(change, Change):
            self.state = change.state
            self.told += change.events

    def pick(self, data: st.DataObject) -> Upload:
        assert self.state is not None
        return data.draw(st.sampled_from(self.state.uploads))

    @rule(name=st.integers(0, 5), parts=st.integers(1, 3))
    def open(self, name: int, parts: int) -> None:
        self.count += 1
        declared = Declared(size=PART_SIZE * parts, sha256=sha(name))
        if find_standing(self.state, declared, self.now):
            return
        number = f"u{self.count}"
        self.apply(open_upload(self.state, duty(), declared, upload=number, multipart="m", lifetime=DAY, now=self.now))

    @precondition(lambda self: self.state and self.state.uploads)
    @rule(data=st.data(), number=st.integers(0, 4), digest=st.integers(0, 2))
    def declare(self, data: st.DataObject, number: int, digest: int) -> None:
        assert self.state is not None
        self.apply(declare_parts(self.state, self.pick(data), {number: sha(digest)}))

    @precondition(lambda self: self.state and self.state.uploads)
    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        assert self.state is not None
        upload = self.pick(data)
        stored = {n: upload.part_size(n) for n in range(1, len(upload.parts) + 1)}
        self.apply(begin_completion(self.state, upload, stored, duty(), self.now))

    @precondition(lambda self: self.state and self.state.uploads)
    @rule(data=st.data(), outcome=st.sampled_from(["receive", "fail", "abort", "expire", "again"]))
    def end(self, data: st.DataObject, outcome: str) -> None:
        assert self.state is not None
        upload = self.pick(data)
        if outcome == "receive":
            self.apply(receive(self.state, upload, report_of(self.state, upload)))
        elif outcome == "fail":
            self.apply(fail(self.state, upload, "lost"))
        elif outcome == "abort":
            self.apply(abort(self.state, upload))
        elif outcome == "again":
            self.apply(ask_again(self.state, upload, upload, f"m{len(self.told)}", self.now))
        else:
            self.apply(expire(self.state, upload, self.now))

    @precondition(lambda self: self.state and self.state.reports)
    @rule(data=st.data(), good=st.booleans())
    def inspect(self, data: st.DataObject, good: bool) -> None:
        assert self.state is not None
        report = data.draw(st.sampled_from(self.state.reports))
        self.apply(
            decide(
                self.state, report.upload, Sound(Seen(pages=1), None, None) if good else FINDINGS["not_pdf"], self.now
            )
        )

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def every_receipt_stands_for_good_and_for_one_report(self) -> None:
        for upload in self.state.uploads if self.state else ():
            if upload.receipt:
                assert self.receipts.setdefault(upload.id, upload.receipt) == upload.receipt
        codes = [report.receipt for report in self.state.reports] if self.state else []
        assert len(codes) == len(set(codes))
        assert set(self.receipts.values()) <= set(codes)

    @invariant()
    def every_report_was_told_once_and_decided_at_most_once(self) -> None:
        told = [event.receipt for event in self.told if isinstance(event, ReportReceived)]
        assert told == [report.receipt for report in self.state.reports] if self.state else not told
        decided = [e.receipt for e in self.told if isinstance(e, ReportAccepted | ReportRejected)]
        assert len(decided) == len(set(decided))

    @invariant()
    def the_last_stage_told_is_where_it_stands(self) -> None:
        stages = [event for event in self.told if isinstance(event, StageChanged)]
        if self.state:
            assert (stages[-1].state, stages[-1].since) == (self.state.standing, self.state.since)

    @invariant()
    def whatever_is_under_way_is_looked_after(self) -> None:
        under_way = [one for one in self.state.uploads if one.state in {"open", "completing"}] if self.state else []
        assert bool(under_way) == bool(self.state and self.state.due)


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
