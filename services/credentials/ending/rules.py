"""When a sealed credential can no longer be claimed. Pure as `domain` is.

The letters name no end. A round that is closed needs no report any more, so a secret that nobody fetched serves
nobody but a thief.
"""

from datetime import datetime, timedelta

from services.credentials.domain import Credential, Event, stage
from services.credentials.facts import UNCLAIMED


def issued_by(days: int, now: datetime) -> datetime | None:
    """What was issued by then has waited for `days` and ends unclaimed; None where it waits for ever (0 days)."""
    return now - timedelta(days) if days else None


def has_ended(credential: Credential, closed: bool, days: int, now: datetime) -> bool:
    """Whether its round is `closed`, or it has waited for `days` (0: for ever). What was claimed does not end."""
    if credential.reveal is not None:
        return False
    last = issued_by(days, now)
    return closed or credential.expired_at is not None or (last is not None and credential.issued_at <= last)


def end(credential: Credential, now: datetime) -> tuple[Credential, list[Event]]:
    """It ends. One that was claimed or taken back meanwhile stays as it is: no events."""
    if credential.state not in UNCLAIMED:
        return credential, []
    ended = credential.model_copy(update={"expired_at": now})
    return ended, stage(ended, now)
