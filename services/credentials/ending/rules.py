"""When a sealed credential can no longer be claimed. Pure as `domain` is.

The letters name no end. A round that is closed needs no report any more, so a secret that nobody fetched serves
nobody but a thief.
"""

from datetime import datetime, timedelta

from services.credentials.domain import Credential, Event, stage
from services.credentials.facts import UNCLAIMED


def has_ended(credential: Credential, closed: bool, days: int, now: datetime) -> bool:
    """Whether its round is `closed`, or it has waited for `days` (0: for ever). What was claimed does not end."""
    if credential.reveal is not None:
        return False
    return closed or credential.expired_at is not None or (days > 0 and now >= credential.issued_at + timedelta(days))


def end(credential: Credential, now: datetime) -> tuple[Credential, list[Event]]:
    """It ends. One that was claimed or taken back meanwhile stays as it is: no events."""
    if credential.state not in UNCLAIMED:
        return credential, []
    ended = credential.model_copy(update={"expired_at": now})
    return ended, stage(ended, now)
