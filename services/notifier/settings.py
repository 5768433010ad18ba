"""Settings of the notifier."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from services.notifier.domain import Patience
from shared.settings import CoreSettings


class NotifierSettings(CoreSettings):
    """Beside what every service needs: how mail is sent, and how patiently. Times are in seconds."""

    http_port: int = Field(8084, ge=0, le=65535)

    claim_page: str = Field("", pattern=r"^(https?://[^#?\s]+)?$")
    """The address of the page where credentials are claimed, for the notice that one waits; empty: it names none.
    Never with a code: a notice goes to the mailbox to which the six-digit code goes too."""
    mail_hostname: str = Field("localhost", pattern=r"^[A-Za-z0-9.-]{1,253}$")
    """How the notifier introduces itself to the mail server; strict servers want its real name."""
    mail_connections: int = Field(4, ge=1, le=64)
    """How many mails are under way at once, each on a connection of its own that is kept and used again."""
    mail_send_timeout_seconds: float = Field(10.0, gt=0, le=300)
    """One mail, from its first command to the server's last word, takes no longer."""
    mail_lease_seconds: float = Field(30.0, gt=0, le=3600)
    """A delivery whose sender died is taken up again after this."""
    mail_record_seconds: float = Field(0.1, ge=0, le=10)
    """How long results of sending are gathered before they are written. Longer costs less; a crash leaves what was sent
    in that time unrecorded, to be sent once more with the same Message-ID."""
    mail_settle_seconds: float = Field(2.0, ge=0, le=600)
    """How long the notice of an opened round waits for the rest of the roll before its centers are counted."""
    mail_attempts: int = Field(16, ge=1, le=100)
    """Temporary failures of one delivery before it counts as bounced; about six hours by default."""
    mail_first_wait_seconds: float = Field(5.0, gt=0, le=3600)
    """Wait after the first temporary failure; each further one doubles it, up to an hour."""
    mail_unknown_seconds: float = Field(300.0, ge=0, le=86400)
    """How long a delivery waits for its recipient to become known from the bus."""

    @model_validator(mode="after")
    def _a_lease_outlasts_a_mail(self) -> Self:
        if self.mail_lease_seconds < 2 * self.mail_send_timeout_seconds:
            raise ValueError("mail_lease_seconds must be at least twice mail_send_timeout_seconds")
        return self

    @property
    def patience(self) -> Patience:
        """The waiting rules as the domain takes them."""
        return Patience(
            settle=timedelta(seconds=self.mail_settle_seconds),
            unknown=timedelta(seconds=self.mail_unknown_seconds),
            first_wait=timedelta(seconds=self.mail_first_wait_seconds),
            attempts=self.mail_attempts,
        )
