"""Under which keys submissions and their events are found."""

from pydantic import BaseModel

from services.submissions.uploading.sending import Change
from shared.contracts.status import StageChanged
from shared.mongo import NewEvent


def key_of(round_: str, center: str) -> str:
    """The key of a submission and of its events."""
    return f"{round_}/{center}"


def events_of(change: Change, traceparent: str | None = None) -> list[NewEvent]:
    """What a change tells, addressed."""
    own = key_of(change.state.round, change.state.center)
    return [NewEvent(_key(data, own), data, traceparent) for data in change.events]


def _key(data: BaseModel, own: str) -> str:
    return data.key if isinstance(data, StageChanged) else own
