"""What goes in and out of a preflight."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator

from services.submissions import problems
from services.submissions.domain import PART_SIZE, Duty, Submission
from services.submissions.files import PDF
from services.submissions.inspecting.findings import Finding
from services.submissions.receipts.views import ReceiptView, receipt_view
from services.submissions.refusals import FileTooLarge, WrongFileType
from services.submissions.reviewing.reasons import Reason
from services.submissions.uploading.preflight import MOST_FIRST, MOST_LAST, Forecast, Refusal, Told
from services.submissions.views import Body, Digest, Moment, ReasonView
from shared.http import View
from shared.thai.calendar import format_moment, in_bangkok

_BASE64: Final = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_SENTENCES: Final = {
    "send": ("ส่งไฟล์นี้ได้", "This file can be sent."),
    "received": ("ระบบได้รับไฟล์นี้แล้ว ไม่ต้องส่งซ้ำ", "This very file was received already; there is no need to send it."),
    "refused": ("ไฟล์นี้ยังส่งไม่ได้ โปรดดูเหตุผลด้านล่าง", "This file cannot be sent as it is; see why below."),
}


def _decoded(text: object) -> object:
    """Strictly: a letter that is no base64 is refused and not skipped."""
    return base64.b64decode(text, validate=True) if isinstance(text, str) else text


def _in_base64(most: int) -> Any:
    """At most so many bytes, sent as base64."""
    letters: dict[str, Any] = {"format": "base64", "maxLength": -(-most // 3) * 4, "pattern": _BASE64, "default": ""}
    return Field(max_length=most, json_schema_extra=letters)


class FileTold(Body):
    """A file that might be sent. `first` and `last` are its first and last bytes in base64; the more, the better the
    answer, and each may be left out. With `sha256` the answer knows whether these very bytes were received before.
    """

    size: int = Field(gt=0, description="bytes")
    type: str = Field("application/pdf", max_length=200)
    first: Annotated[bytes, _in_base64(MOST_FIRST)] = b""
    last: Annotated[bytes, _in_base64(MOST_LAST)] = b""
    sha256: Digest | None = None

    _decode = field_validator("first", "last", mode="before")(_decoded)

    def told(self) -> Told:
        """The same, for the rules."""
        return Told(self.size, self.type, self.first, self.last, self.sha256)


class PreflightView(View):
    """What would become of the file if it were sent now.

    `verdict`: `send` it, it was `received` already, or it would be `refused` for `reasons`, each with what to do. Bytes
    that were received and came back are `refused`, for why they came back. `receipt` is that of these very bytes. Who
    begins now is on time until `on_time_until`; after that a report is still taken, as late.

    What holds for any file: its `type`, its `largest` size in bytes. This one would go in `parts` parts of `part_size`
    bytes, and could be resumed until `resumable_until` if it were begun now.
    """

    verdict: Literal["send", "received", "refused"]
    sentence: str
    sentence_en: str
    reasons: list[ReasonView]
    receipt: ReceiptView | None
    deadline: Moment
    on_time_until: Moment
    late: bool
    type: str
    largest: int
    part_size: int
    parts: int
    resumable_until: Moment


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a file of this size that is begun now."""

    size: int
    largest: int
    resumable_until: datetime


def preflight_view(forecast: Forecast, duty: Duty, submission: Submission | None, terms: Terms) -> PreflightView:
    """A forecast, in words."""
    thai, english = _SENTENCES[forecast.verdict]
    if forecast.verdict == "send":
        until, day = format_moment(forecast.on_time_until), in_bangkok(forecast.on_time_until)
        late = (" แต่เลยกำหนดแล้ว จะนับว่าส่งช้า", " But the deadline has passed: it will count as late.")
        on_time = (f" ทันกำหนดหากส่งเสร็จภายใน{until}", f" On time if complete by {day:%d %B %Y at %H:%M} (UTC+7).")
        more = late if forecast.late else on_time
        thai, english = thai + more[0], english + more[1]
    received = receipt_view(submission, forecast.received) if submission and forecast.received else None
    return PreflightView(
        verdict=forecast.verdict,
        sentence=thai,
        sentence_en=english,
        reasons=[_reason(refusal) for refusal in forecast.refusals],
        receipt=received,
        deadline=duty.deadline,
        on_time_until=forecast.on_time_until,
        late=forecast.late,
        type=PDF,
        largest=terms.largest,
        part_size=PART_SIZE,
        parts=-(-terms.size // PART_SIZE),
        resumable_until=terms.resumable_until,
    )


def _reason(refusal: Refusal) -> ReasonView:
    if isinstance(refusal, Finding | Reason):
        return ReasonView(code=refusal.code, sentence=refusal.sentence, sentence_en=refusal.sentence_en)
    if isinstance(refusal, FileTooLarge | WrongFileType):
        problem = problems.of_file(refusal)
    else:
        problem = problems.cannot_open(refusal)
    thai, english = problems.in_words(problem)
    return ReasonView(code=problem.kind.slug.replace("-", "_"), sentence=thai, sentence_en=english)
