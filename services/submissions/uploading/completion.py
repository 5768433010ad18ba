"""From the last part to the receipt, in steps of which each survives a crash after it.

Completion writes twice. First `completing`, once every part is in the store: from then on the report counts as received
at that moment, whoever finishes it. Then the store joins the parts, the bytes are read and digested, and the second
write makes the report, its receipt and its events one. A process that dies in between leaves an upload that the next
`complete`, or the sweeper, takes up where it stands: the joined object is found under its key, which is for one file.

A store may lose parts that it had (MinIO does, when whoever has it join them hangs up in the middle of it). Then they
are asked for again, and the moment of receipt stays.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.submissions.domain import LOOK_WITHIN, Duty, FailReason, Report, Submission, Upload
from services.submissions.forms.rules import begin_form
from services.submissions.receipts.signing import Receipt, ReceiptSigner
from services.submissions.refusals import FormRefused, PartsMissing, Stands, UploadOver
from services.submissions.store import Store, Written
from services.submissions.uploading.receiving import begin_completion, fail, is_lost, late_for, receive
from services.submissions.uploading.sending import Change, expire
from services.submissions.uploading.uploads import Uploads, plans_of
from shared.blobs import BlobError, Blobs, Fetched, NotFound, Place, Refused, StoredPart
from shared.failpoints import failpoint
from shared.failures import Unavailable
from shared.telemetry import get_logger
from shared.thai.calendar import BANGKOK

log = get_logger()

_BROKEN_OFF: Final = "XMinioObjectExistsAsDirectory"
"""MinIO's word for a joining that began before and was broken off: in that multipart upload no later one succeeds."""
_CANNOT_BE_JOINED: Final = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "BadDigest", _BROKEN_OFF})
"""Words for parts that are not what they were when they were listed."""
_JOINING: Final = (0.0, 0.1, 0.3, 0.6, 1.0)
"""Seconds between looks for an object whose parts are gone: joining takes milliseconds, on a busy store more."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The upload was received, and this is the report that its bytes are."""

    submission: Submission
    upload: Upload
    report: Report


class _PartsGoneError(Exception):
    """The store knows the upload and cannot make an object of it any more."""


class Completion:
    def __init__(self, store: Store, blobs: Blobs, uploads: Uploads, signer: ReceiptSigner) -> None:
        self._store, self._blobs, self._uploads, self._signer = store, blobs, uploads, signer

    async def complete(
        self, submission: Submission, upload: Upload, now: datetime, *, seen: str | None = None
    ) -> Completed | UploadOver | Stands | PartsMissing | FormRefused:
        """Receive the file. Asked again, after an answer that was lost, it gives the same report and receipt.

        `seen` is the etag of what its sender posted with a form, if the sender knows it. Raises `Unavailable` while the
        store does not show the file that it took: ask again, or leave it to the sweeper.
        """
        at = Written(submission, upload)
        there: Sequence[StoredPart] = ()
        if at.upload.state == "open":
            at, there = await self._uploads.look(at, now)
            begun = await self._begin(at, there, seen, now)
            if not isinstance(begun, Written | UploadOver):
                return begun
            at = begun if isinstance(begun, Written) else Written(submission, begun.upload)
            failpoint("submissions.after_begin")
        if at.upload.state == "completing":
            at = await self._finish(at, now, there)
        if at.upload.state == "completing":
            raise Unavailable("the store does not show an upload that was whole in it")
        if at.upload.state == "open":
            return PartsMissing(tuple(range(1, len(at.upload.parts) + 1)), lost=True)
        if at.upload.state == "received" and at.submission.report_of(upload.id) is None:
            # Another process was faster, and what we hold is older than what it wrote.
            stored = await self._store.of_upload(upload.id)
            at = Written(stored.state, at.upload) if stored else at
        report = at.submission.report_of(upload.id)
        return Completed(at.submission, at.upload, report) if report else UploadOver(at.upload)

    async def _begin(
        self, at: Written, there: Sequence[StoredPart], seen: str | None, now: datetime
    ) -> Written | UploadOver | Stands | PartsMissing | FormRefused:
        duty = await self._duty(at.submission)
        if at.upload.form:
            posted = await self._uploads.posted(at.upload)
            return await self._store.write_upload(
                at.submission, at.upload, lambda s, u: begin_form(s, u, posted, seen, duty, now)
            )
        sizes, seen_in = {part.number: part.size for part in there}, at.upload.multipart

        def rule(submission: Submission, upload: Upload) -> Change | UploadOver | Stands | PartsMissing:
            # Begun again meanwhile, it has none of them.
            return begin_completion(submission, upload, sizes if upload.multipart == seen_in else {}, duty, now)

        return await self._store.write_upload(at.submission, at.upload, rule)

    async def reconcile(self, submission: Submission, now: datetime) -> list[Upload]:
        """Finish what a lost process began, and end what nobody finished in its time. Returns the uploads that
        came to another state.
        """
        changed = []
        for upload in submission.uploads:
            at = Written(submission, upload)
            if upload.state == "completing":
                after = await self._finish(at, now, waits=True)
            elif upload.state == "open" and upload.expires_at <= now:
                after = await self._expire(at, now)
            else:
                continue
            if after.upload.state != upload.state:
                changed.append(after.upload)
        return changed

    async def _expire(self, at: Written, now: datetime) -> Written:
        # First the write: whoever completes at this moment either comes before it and wins, or is told.
        ended = await self._store.write_upload(
            at.submission, at.upload, lambda s, u: expire(s, u, now) or UploadOver(u)
        )
        if isinstance(ended, UploadOver):
            return Written(at.submission, ended.upload)
        await self._uploads.forget(ended.upload)
        return ended

    async def _finish(
        self, at: Written, now: datetime, there: Sequence[StoredPart] = (), *, waits: bool = False
    ) -> Written:
        """From `completing` to `received` or `failed`; still `completing` while its file may come to light, `open` once
        that is out of the question. Any number of processes may do this at once.

        `there` are the parts in the store, if they have just been listed. Who `waits` has no sender to answer, and
        gives the store its minutes also where the parts are gone.
        """
        place, gone = None, False
        try:
            place = await self._joined(at.upload, there)
        except _PartsGoneError:
            gone = True
        failpoint("submissions.after_assemble")
        read = await self._read(place)
        if place is None or read is None:
            if elsewhere := await self._elsewhere(at):
                return elsewhere
            return await self._give_up(at, now, gone) if (gone and not waits) or is_lost(at.upload, now) else at
        if read.size != at.upload.size:
            return await self._fail(at, "size_mismatch", place)
        if at.upload.sha256 not in {None, read.sha256}:
            return await self._fail(at, "digest_mismatch", place)
        report = await self._report(at, read, place)

        def rule(current: Submission, upload: Upload) -> Change | UploadOver:
            return receive(current, upload, report.model_copy(update={"version": len(current.reports) + 1}))

        done = await self._store.write_upload(at.submission, at.upload, rule, known=at.stored)
        if isinstance(done, UploadOver):
            return Written(at.submission, done.upload)
        counts = done.submission.report_of(done.upload.id)
        if counts and counts.upload != done.upload.id:
            await self._blobs.delete(place)  # the same bytes lie there already
        return done

    async def _read(self, place: Place | None) -> Fetched | None:
        try:
            return await self._blobs.fetch(place) if place else None
        except NotFound:
            return None

    async def _elsewhere(self, at: Written) -> Written | None:
        """What another process has made of this upload by now; None if nothing.

        One that joined the parts first leaves none to list; one that was received and inspected is in another bucket.
        """
        stored = await self._store.of_upload(at.upload.id)
        upload = stored.state.upload(at.upload.id) if stored else None
        return Written(stored.state, upload) if stored and upload and upload.state != "completing" else None

    async def _joined(self, upload: Upload, there: Sequence[StoredPart]) -> Place | None:
        """Where the whole object lies, joined now or before; None if the store does not show it.

        Raises _PartsGoneError when it never will.
        """
        if upload.form:
            return self._uploads.place(upload)  # one post, pinned when it was confirmed
        multipart, refused = self._uploads.multipart(upload), ""
        try:
            there = there or await self._blobs.list_parts(multipart)
            return await self._blobs.complete_multipart(multipart, plans_of(upload), there)
        except NotFound:
            pass
        except Refused as refusal:
            if refusal.code not in _CANNOT_BE_JOINED:
                raise
            refused = refusal.code
        # Its process or answer was lost after joining, or another process is joining the very same parts: then there
        # is a moment in which the parts are no more and the object is not yet.
        for wait in _JOINING:
            await asyncio.sleep(wait)
            with suppress(NotFound):
                return (await self._blobs.stat(Place(multipart.bucket, multipart.key))).place
        if refused and await self._are_gone(upload, refused):
            raise _PartsGoneError
        return None

    async def _are_gone(self, upload: Upload, refused: str) -> bool:
        try:
            there = await self._blobs.list_parts(self._uploads.multipart(upload))
        except NotFound:
            return False
        sizes = {part.number: part.size for part in there}
        lacks = any(sizes.get(number) != upload.part_size(number) for number in range(1, len(upload.parts) + 1))
        return lacks or refused == _BROKEN_OFF

    async def _give_up(self, at: Written, now: datetime, gone: bool) -> Written:
        """The file is not in the store any more. Its sender has it: its parts are asked for again. What came by a form
        was told by no digest, so that another post might be another file: it has failed.
        """
        if at.upload.form:
            return await self._fail(at, "lost", None)
        asked = await self._uploads.begin_again(at, now)
        if gone:
            # Addresses that the sender still has would go on filling it, for nothing.
            with suppress(BlobError):
                await self._uploads.drop(self._uploads.multipart(at.upload))
        return asked

    async def _fail(self, at: Written, reason: FailReason, place: Place | None) -> Written:
        log.warning("submissions.upload.failed", reason=reason)
        failed = await self._store.write_upload(at.submission, at.upload, lambda s, u: fail(s, u, reason))
        if isinstance(failed, UploadOver):
            return Written(at.submission, failed.upload)
        if place is not None:
            await self._blobs.delete(place)
        return failed

    async def _duty(self, of: Submission) -> Duty:
        round_ = await self._store.round(of.round)
        assert round_ is not None, "an upload was opened in it"
        return Duty(round=round_, center=of.center, path=of.path, owed=True, due_again=of.due_again)

    async def _report(self, at: Written, read: Fetched, place: Place) -> Report:
        duty = await self._duty(at.submission)
        receipt = Receipt(
            round=at.submission.round,
            center=at.submission.center,
            sha256=read.sha256,
            size=read.size,
            received_at=at.upload.received_at.astimezone(BANGKOK),
            late=late_for(duty, at.upload),
        )
        return Report(
            version=1,
            upload=at.upload.id,
            sha256=read.sha256,
            size=read.size,
            quarantined=place.version,
            receipt=receipt.code,
            signed=self._signer.sign(receipt),
            received_at=at.upload.received_at,
            late=receipt.late,
            look_at=at.upload.received_at + LOOK_WITHIN,
        )
