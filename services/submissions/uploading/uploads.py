"""Opening uploads and sending parts: between the domain, the database and the object store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.submissions.domain import Declared, Duty, Submission, Upload
from services.submissions.files import PDF, key_in_store
from services.submissions.forms.rules import Posted
from services.submissions.refusals import CannotOpen, PartDigestChanged, PartUnknown, UploadOver
from services.submissions.store import Store, Written, key_of
from services.submissions.uploading.receiving import ask_again
from services.submissions.uploading.sending import Change, abort, declare_parts, find_standing, may_open, open_upload
from shared.blobs import Blobs, Multipart, NotFound, PartPlan, Place, SignedRequest, StoredPart
from shared.mongo.aggregates import new_id
from shared.telemetry import get_logger

log = get_logger()


@dataclass(frozen=True, slots=True)
class Opened:
    """An upload to send to; `again` if these very bytes had one already."""

    submission: Submission
    upload: Upload
    again: bool


class Uploads:
    def __init__(
        self, store: Store, blobs: Blobs, quarantine: str, *, lifetime: timedelta, url_lifetime: timedelta
    ) -> None:
        self._store, self._blobs, self._quarantine = store, blobs, quarantine
        self.lifetime, self._url_lifetime = lifetime, url_lifetime

    async def open(self, duty: Duty, declared: Declared, now: datetime) -> Opened | CannotOpen:
        """Begin an upload, or find the one that these very bytes have."""
        stored = await self._store.of_center(duty.round.round, duty.center)
        before = stored.state if stored else None
        if before and (standing := find_standing(before, declared, now)):
            return Opened(before, standing, again=True)
        if refusal := may_open(before, duty, now):
            return refusal
        new = new_id()
        # Before the write, so that what stands in the database can be sent to. A crash in between leaves an upload
        # without parts in the store, which holds nothing and which nobody can reach.
        multipart = await self.begin(new)

        def rule(submission: Submission | None) -> Change | CannotOpen | Opened:
            if submission and (standing := find_standing(submission, declared, now)):
                return Opened(submission, standing, again=True)
            return open_upload(
                submission,
                duty,
                declared,
                upload=new,
                multipart=multipart.upload_id,
                lifetime=self.lifetime,
                now=now,
            )

        key = key_of(duty.round.round, duty.center)
        written: Submission | CannotOpen | Opened = await self._store.write(key, rule)
        if not isinstance(written, Submission):
            await self.drop(multipart)
            return written
        upload = written.upload(new)
        assert upload is not None, "it was written"
        return Opened(written, upload, again=False)

    async def begin(self, upload: str) -> Multipart:
        """Make the store ready for the parts of an upload. What it took of them in an earlier one stays there."""
        return await self._blobs.create_multipart(self._quarantine, key_in_store(upload), content_type=PDF)

    async def declare(
        self, submission: Submission, upload: Upload, digests: Mapping[int, str]
    ) -> Written | UploadOver | PartUnknown | PartDigestChanged:
        """Say what parts will hold, so that their addresses can be signed."""
        return await self._store.write_upload(submission, upload, lambda s, u: declare_parts(s, u, digests))

    def sign(self, upload: Upload, number: int, now: datetime) -> SignedRequest | None:
        """The request that sends one part; None until the part was declared."""
        digest = upload.parts[number - 1]
        if digest is None:
            return None
        plan = PartPlan(number, upload.part_size(number), digest)
        return self._blobs.sign_part(
            self.multipart(upload), plan, content_type=PDF, now=now, lifetime=self._url_lifetime
        )

    async def look(self, at: Written, now: datetime) -> tuple[Written, tuple[StoredPart, ...]]:
        """An upload, and the parts that the store has of it if it is open.

        A store may forget what nobody finished (MinIO does after a day, if it is not told otherwise): then the upload
        is begun anew in it, and what comes back is as that left it.
        """
        if at.upload.state != "open" or at.upload.form:
            return at, ()
        try:
            return at, await self._blobs.list_parts(self.multipart(at.upload))
        except NotFound:
            return await self.begin_again(at, now), ()

    async def begin_again(self, at: Written, now: datetime) -> Written:
        """What the store has of an upload is of no use any more: take its parts anew, in another multipart upload."""
        begun = await self.begin(at.upload.id)
        asked = await self._store.write_upload(
            at.submission, at.upload, lambda s, u: ask_again(s, u, at.upload, begun.upload_id, now)
        )
        if isinstance(asked, UploadOver):
            await self.drop(begun)
            return Written(at.submission, asked.upload)
        log.warning("submissions.upload.begun_again", upload=at.upload.id, was=at.upload.state)
        return asked

    async def abort(self, submission: Submission, upload: Upload) -> Upload | UploadOver:
        """The sender gives up. Asked again, it is still given up."""
        if upload.state != "aborted":
            ended = await self._store.write_upload(submission, upload, abort)
            if isinstance(ended, UploadOver):
                return ended
            upload = ended.upload
        await self.forget(upload)
        return upload

    async def forget(self, upload: Upload) -> None:
        """Take the parts of an upload that has ended out of the store. What a form posted, the sweeper takes."""
        if upload.form is None:
            await self.drop(self.multipart(upload))

    async def drop(self, multipart: Multipart) -> None:
        """Take the parts of a multipart upload, which nobody joins any more, out of the store."""
        await self._blobs.abort_multipart(multipart)

    async def posted(self, upload: Upload) -> Posted | None:
        """What a form has brought to the store last; None while that is nothing."""
        try:
            found = await self._blobs.find(self.place(upload))
        except NotFound:
            return None
        return Posted(found.version, found.size, found.etag)

    def place(self, upload: Upload) -> Place:
        """Where the file of an upload lies, and of one that came by a form, which version of it counts."""
        return Place(self._quarantine, key_in_store(upload.id), upload.form.version if upload.form else None)

    def multipart(self, upload: Upload) -> Multipart:
        """The upload as the store knows it."""
        return Multipart(self._quarantine, key_in_store(upload.id), upload.multipart)


def plans_of(upload: Upload) -> list[PartPlan]:
    """The parts of an upload that were declared."""
    return [
        PartPlan(number, upload.part_size(number), digest)
        for number, digest in enumerate(upload.parts, 1)
        if digest is not None
    ]
