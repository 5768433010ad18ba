"""What the notifier tells of notices."""

from pydantic import AwareDatetime, Field

from shared.contracts.base import EventData, Path


class NoticeEvent(EventData):
    """What every event of a notice says. `recipient` is a center or organization code, never an address."""

    notice: str
    kind: str
    round: str
    recipient: str
    path: Path
    cause: str = Field(description="id of the event that caused the notice")


class NoticeIssued(NoticeEvent):
    pass


class NoticeDelivered(NoticeEvent):
    channel: str
    delivered_at: AwareDatetime


class NoticeBounced(NoticeEvent):
    channel: str
    reason: str
    bounced_at: AwareDatetime


class NoticeSkipped(NoticeEvent):
    """Checked before sending and not needed any more, for instance because the center has submitted."""

    reason: str
    skipped_at: AwareDatetime


class NoticeAcknowledged(NoticeEvent):
    """The recipient has taken note of it (รับทราบ)."""

    acknowledged_at: AwareDatetime
