"""The links of the audit chains."""

from datetime import datetime
from typing import Literal

from shared.contracts.base import EventData


class AuditRecorded(EventData):
    """One link of an audit chain. `hash` covers every other field; `previous` is the hash of the link before.

    `actor` is a reference to who acted; the name behind it is kept elsewhere and can be erased without touching the
    chain. `org` is the code of the organization for which it acted.
    """

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
    org: str = ""


class AuditHead(EventData):
    """The newest link of a chain, or the last one of a part that was removed: its number and hash."""

    chain: str
    number: int
    hash: str


class AuditAnchored(EventData):
    """How far the audit chains of a service had come at a time: a chain of its own, signed, kept where they are not.

    `heads` are the chains that grew since the anchor before; `purged` those whose first links, up to the one named,
    were removed because their time had come. `signature` is an Ed25519 signature by `key` (both base64url) over the
    canonical form of all other fields.
    """

    service: str
    number: int
    previous: str
    """SHA-256 of the anchor before in its canonical form, or 64 zeros."""
    time: datetime
    heads: tuple[AuditHead, ...]
    purged: tuple[AuditHead, ...] = ()
    key: str
    signature: str
