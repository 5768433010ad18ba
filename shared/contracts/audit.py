"""The links of the audit chains."""

from datetime import datetime
from typing import Literal

from shared.contracts.base import EventData


class AuditRecorded(EventData):
    """One link of an audit chain. `hash` covers every other field; `previous` is the hash of the link before."""

    chain: str
    number: int
    previous: str
    hash: str
    actor: str
    role: str
    action: str
    subject: str
    outcome: Literal["allowed", "refused"]
    detail: str
    time: datetime
