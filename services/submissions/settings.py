"""What the submissions service reads from its environment."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from services.submissions.inspecting.inspector.confine import Limits
from shared.blobs import Lock
from shared.settings import AnchoringSettings

LEAST_KEY_BYTES = 32


class SubmissionsSettings(AnchoringSettings):
    http_port: int = Field(8083, ge=0, le=65535)

    receipt_key_file: Path
    """Signs receipts: a P-256 private key in PEM, or at least 32 random bytes from which one is derived."""
    public_url: str = Field("http://127.0.0.1:8083", pattern=r"^https?://[^/\s]+(/[^?#\s]*[^/?#\s])?$", max_length=200)
    """Where anybody reaches this service; the QR code of a receipt leads there."""
    s3_public_endpoint: str | None = Field(None, pattern=r"^https?://[^/]+$")
    """How centers reach the object store, where that is not how this service does. It is part of what is signed."""

    upload_max_bytes: int = Field(50 * 1024 * 1024, ge=1024, le=1024 * 1024 * 1024)
    """The largest file that may be declared, in bytes."""
    upload_lifetime_hours: float = Field(72.0, gt=0, le=24 * 7)
    """How long an upload that was begun may be resumed. Whether it is on time is another matter: the deadline's."""
    form_max_bytes: int = Field(5 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    """The largest file that a form without scripts takes, in bytes, and no more than SARABAN_UPLOAD_MAX_BYTES. It goes
    in one piece and cannot be resumed.
    """
    form_minutes: float = Field(60.0, ge=5, le=24 * 60)
    """How long such a form, and the code that opens its page, may be used to send the file; another can be had."""
    part_url_minutes: float = Field(60.0, ge=1, le=24 * 60)
    """How long the address of one part works; a new one can be had at any time."""
    reconcile_seconds: float = Field(5.0, gt=0, le=3600)
    """How often a sweeper looks for uploads that lost their process or ran out of time."""

    leftovers_minutes: float = Field(60.0, gt=0, le=24 * 60)
    """How often the object store is searched for what abandoned uploads left there."""

    return_days: int = Field(15, ge=1, le=180)
    """How many days a center has for a report that ONESQA returns without naming a day."""
    deadline_seconds: float = Field(15.0, gt=0, le=3600)
    """How often a sweeper asks whether a deadline has passed."""
    deadline_again_minutes: float = Field(10.0, gt=0, le=24 * 60)
    """How often, after a deadline, it looks at every center of the round again."""

    clamav_url: str | None = Field(None, pattern=r"^(tcp://[^/:]+:\d+|unix:///.+)$")
    """A virus scanner (clamd), `tcp://host:port` or `unix:///path`. With one, no file is accepted that it has not seen:
    while it is away, reports wait. Its StreamMaxLength, MaxFileSize and MaxScanSize must be at least
    SARABAN_UPLOAD_MAX_BYTES, with AlertExceedsMax yes: else it calls clean what it did not scan.
    """
    inspect_again_seconds: float = Field(5.0, gt=0, le=3600)
    """How often a sweeper looks for reports whose inspection was postponed or that no event brought."""
    accepted_lock_days: int = Field(0, ge=0, le=36_500)
    """For so many days nobody can delete an accepted report from the object store (S3 object lock); 0 for no lock. The
    bucket must have been made with it.
    """
    accepted_lock_mode: Literal["governance", "compliance"] = "governance"
    """`compliance`: not even the owner of the store; `governance`: only with the right to go past it."""

    download_minutes: float = Field(5.0, ge=0.1, le=60)
    """How long the link to a report works."""
    archives_at_once: int = Field(2, ge=1, le=64)
    """Archives made at once; each holds a connection to the object store."""

    inspection_pool: int = Field(2, ge=1, le=64)
    """Files inspected at once."""
    inspection_memory_mb: int = Field(512, ge=128, le=16_384)
    """Memory that one file may take, in MiB."""
    inspection_cpu_seconds: int = Field(5, ge=1, le=600)
    """Processor time that one file may take."""
    inspection_wall_seconds: float = Field(60.0, ge=1, le=600)
    """Time that one file may take. Inspections give way to everything else, so it is longer than the processor time."""
    inspection_unconfined: bool = False
    """Only for machines that allow no user namespaces: opens strangers' files with limits but without isolation."""

    @field_validator("receipt_key_file")
    @classmethod
    def _readable_and_long_enough(cls, path: Path) -> Path:
        try:
            found = len(path.read_bytes().strip())
        except OSError as error:
            raise ValueError(f"cannot be read ({type(error).__name__})") from None
        if found < LEAST_KEY_BYTES:
            raise ValueError(f"holds {found} bytes; at least {LEAST_KEY_BYTES} random ones are needed")
        return path

    @property
    def limits(self) -> Limits:
        """What one file may cost its inspection."""
        return Limits(
            self.inspection_memory_mb * 1024 * 1024, self.inspection_cpu_seconds, self.inspection_wall_seconds
        )

    @property
    def accepted_lock(self) -> Lock | None:
        """For how long accepted reports cannot be deleted."""
        mode: Literal["GOVERNANCE", "COMPLIANCE"] = (
            "COMPLIANCE" if self.accepted_lock_mode == "compliance" else "GOVERNANCE"
        )
        return Lock(mode, self.accepted_lock_days) if self.accepted_lock_days else None

    @property
    def deadline_again(self) -> timedelta:
        return timedelta(minutes=self.deadline_again_minutes)

    @property
    def download_lifetime(self) -> timedelta:
        return timedelta(minutes=self.download_minutes)

    @property
    def upload_lifetime(self) -> timedelta:
        return timedelta(hours=self.upload_lifetime_hours)

    @property
    def leftovers_every(self) -> timedelta:
        return timedelta(minutes=self.leftovers_minutes)

    @property
    def url_lifetime(self) -> timedelta:
        return timedelta(minutes=self.part_url_minutes)

    @property
    def form_lifetime(self) -> timedelta:
        return timedelta(minutes=self.form_minutes)

    @property
    def form_largest(self) -> int:
        """Bytes that a form takes."""
        return min(self.form_max_bytes, self.upload_max_bytes)

    @property
    def quarantine(self) -> str:
        """The bucket of what nobody has looked into yet."""
        return f"{self.namespace}-quarantine"

    @property
    def accepted(self) -> str:
        """The bucket of accepted reports."""
        return f"{self.namespace}-accepted"
