"""What goes out of the routes of forms."""

from pydantic import BaseModel

from services.submissions.domain import Duty, on_time_until
from services.submissions.forms.forms import OpenedForm
from services.submissions.sizes import in_english, in_thai
from services.submissions.views import Moment
from shared.blobs import SignedPost
from shared.thai.calendar import format_moment, in_bangkok


class FormView(BaseModel):
    """A form that sends one PDF of at most `largest` bytes without any script.

    A person types `code` on `page`. A program posts `fields`, each as it is, and then the file as `file` (its last
    field), as multipart/form-data to `url` until `expires_at`, and completes `upload` as any other. Whoever completes
    it by `on_time_until` is on time, by the service's clock.
    """

    upload: str
    round: str
    center: str
    code: str
    page: str
    url: str
    fields: dict[str, str]
    type: str = "application/pdf"
    largest: int
    opened_at: Moment
    expires_at: Moment
    deadline: Moment
    on_time_until: Moment
    late: bool
    sentence: str
    sentence_en: str


def form_view(opened: OpenedForm, post: SignedPost, duty: Duty, page: str) -> FormView:
    """A form as its sender gets it, once."""
    submission, upload = opened.submission, opened.upload
    assert upload.form is not None, "it was opened as one"
    until, largest = upload.form.until, upload.form.largest
    on_time = on_time_until(duty, upload.opened_at)
    day = in_bangkok(until)
    return FormView(
        upload=upload.id,
        round=submission.round,
        center=submission.center,
        code=opened.code,
        page=page,
        url=post.url,
        fields=dict(post.fields),
        largest=largest,
        opened_at=upload.opened_at,
        expires_at=until,
        deadline=duty.deadline,
        on_time_until=on_time,
        late=upload.opened_at > on_time,
        sentence=f"ส่งไฟล์ PDF ได้หนึ่งไฟล์ ขนาดไม่เกิน {in_thai(largest)} ให้ถึงภายใน{format_moment(until)}",
        sentence_en=f"One PDF file of at most {in_english(largest)}, until {day:%d %B %Y at %H:%M} (UTC+7).",
    )
