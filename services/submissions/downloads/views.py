"""Downloads as they go in and out over HTTP."""

from pydantic import Field

from services.submissions.downloads.rules import Which, Why
from services.submissions.views import Body, Moment
from shared.http import View


class DownloadBody(Body):
    """Which file: the copy without actions and metadata, or the one that was sent, and then why."""

    file: Which = "copy"
    why: Why | None = None


class DownloadView(View):
    """A link to a file. Whoever has it may open it until `expires_at`, so pass it to nobody. Compare the digest."""

    method: str = "GET"
    url: str = Field(description="leads to the object store")
    expires_at: Moment
    name: str
    file: Which
    sha256: str
    size: int
