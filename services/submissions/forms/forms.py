"""Forms between the domain, the database and the object store."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.submissions.domain import Duty, Submission, Upload
from services.submissions.files import PDF
from services.submissions.forms.rules import open_form
from services.submissions.forms.tickets import new_code, ticket_of
from services.submissions.refusals import CannotOpen
from services.submissions.store import Store, key_of
from services.submissions.uploading.uploads import Uploads
from shared.blobs import Blobs, SignedPost
from shared.mongo.aggregates import new_id

_SHORTEST: Final = timedelta(seconds=1)
_LONGEST: Final = timedelta(days=7)
"""No signature lives longer. The page signs anew whenever it is opened, so a longer form goes on."""


@dataclass(frozen=True, slots=True)
class OpenedForm:
    """A form to post with. The code is told now and never again."""

    submission: Submission
    upload: Upload
    code: str

    def __repr__(self) -> str:
        return f"OpenedForm(upload={self.upload.id!r})"


class Forms:
    def __init__(
        self, store: Store, blobs: Blobs, uploads: Uploads, *, public_url: str, largest: int, lifetime: timedelta
    ) -> None:
        self._store, self._blobs, self._uploads = store, blobs, uploads
        self.public_url, self.largest, self._lifetime = public_url, largest, lifetime

    async def open(self, duty: Duty, now: datetime) -> OpenedForm | CannotOpen:
        """Begin an upload by a form. Asked twice, it begins two: a form whose answer was lost ends by itself."""
        code, new = new_code(), new_id()
        written: Submission | CannotOpen = await self._store.write(
            key_of(duty.round.round, duty.center),
            lambda submission: open_form(
                submission,
                duty,
                upload=new,
                ticket=ticket_of(code),
                largest=self.largest,
                lifetime=self._lifetime,
                now=now,
            ),
        )
        if not isinstance(written, Submission):
            return written
        upload = written.upload(new)
        assert upload is not None, "it was written"
        return OpenedForm(written, upload, code)

    async def of_code(self, code: str) -> tuple[Submission, Upload] | None:
        """The upload that a code opens, whatever has become of it; None for a code that opens none."""
        ticket = ticket_of(code)
        stored = await self._store.forms.of_ticket(ticket)
        uploads = stored.state.uploads if stored else ()
        found = next((one for one in uploads if one.form and one.form.ticket == ticket), None)
        return (stored.state, found) if stored and found else None

    def sign(self, upload: Upload, now: datetime) -> SignedPost | None:
        """The form to post with; None once its time is over or the upload has gone on."""
        if upload.form is None or upload.state != "open" or upload.form.until - now < _SHORTEST:
            return None
        return self._blobs.sign_post(
            self._uploads.place(upload),
            content_type=PDF,
            sizes=(1, upload.form.largest),
            redirect=self.page_of(upload),
            now=now,
            lifetime=min(upload.form.until - now, _LONGEST),
        )

    @property
    def page(self) -> str:
        """Where the code is typed in."""
        return f"{self.public_url}/forms"

    def page_of(self, upload: Upload) -> str:
        """Where the store sends the browser when it has the file."""
        return f"{self.page}/{upload.id}"
