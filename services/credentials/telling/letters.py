"""Which letter an event causes, and how it becomes a mail."""

import hashlib
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, get_args

from services.credentials.domain import Frozen, HolderKind
from services.credentials.telling.words import Told, words
from shared.contracts.events import ClaimAlarmed, CredentialMerged
from shared.thai.calendar import in_bangkok

LETTER_LIFE: Final = timedelta(days=3)
ALARM_EVERY: Final = timedelta(minutes=10)
"""A holder gets one alarm of a kind in this time, however often somebody tries."""
TOLD: Final[tuple[type[Told], ...]] = get_args(Told)


class Letter(Frozen):
    """A letter to a holder. Its id follows from what it tells of, so that it is written once."""

    id: str
    round: str
    kind: HolderKind
    holder: str
    subject: str
    text: str
    at: datetime
    due: datetime | None
    ends: datetime


def letter_about(event: Told, event_id: str, now: datetime) -> Letter:
    """The letter that tells the holder of an event; of a merge, who carries on for it."""
    subject, text = words(event)
    name = event_id
    if isinstance(event, ClaimAlarmed):
        stretch = int(event.attempted_at.timestamp() // ALARM_EVERY.total_seconds())
        name = f"{event.round} {event.holder_kind} {event.holder} {event.cause} {stretch}"
    return Letter(
        id=hashlib.sha256(f"letter {name}".encode()).hexdigest()[:32],
        round=event.round,
        kind=event.holder_kind,
        holder=event.successor if isinstance(event, CredentialMerged) else event.holder,
        subject=subject,
        text=text,
        at=now,
        due=now,
        ends=now + LETTER_LIFE,
    )


def written(letter: Letter, name: str, sender: str, address: str) -> EmailMessage:
    """The mail."""
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, address
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(in_bangkok(letter.at))
    mail["Message-ID"] = f"<{letter.id}@saraban>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"เรียน {name}\n\n{letter.text}\n")
    return mail
