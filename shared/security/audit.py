"""A chain of who saw or changed what: each link holds the hash of the one before.

A link changed, taken out or put in later breaks the chain at a place that `verify` names. A chain cut short at its end
still holds by itself: its head is anchored elsewhere (`anchors`), and what an anchor names must be there.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring as quoted
from typing import Any, Final, Literal

from shared.contracts.events import AuditHead, AuditRecorded

GENESIS: Final = "0" * 64
"""What the first link of a chain names as its predecessor."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

Fault = Literal["hash-differs", "predecessor-differs", "number-differs", "head-missing", "head-differs", "forked"]


@dataclass(frozen=True)
class Deed:
    """What is to be entered: `actor` (subject of the token) did `action` to `subject`, allowed or refused."""

    actor: str
    role: str
    action: str
    subject: str
    outcome: Literal["allowed", "refused"]
    detail: str = ""
    """A code from the code's own vocabulary; never free text, a secret or a name."""
    org: str = ""
    """For which organization the actor acted."""


@dataclass(frozen=True)
class Break:
    """Where a chain does not hold."""

    chain: str
    number: int
    fault: Fault


def link(previous: AuditRecorded | AuditHead | None, chain: str, deed: Deed, now: datetime) -> AuditRecorded:
    """The next link of a chain after `previous` (None begins it). Numbers start at 1."""
    fields: dict[str, Any] = {
        "chain": chain,
        "number": previous.number + 1 if previous else 1,
        "previous": previous.hash if previous else GENESIS,
        "actor": deed.actor,
        "role": deed.role,
        "action": deed.action,
        "subject": deed.subject,
        "outcome": deed.outcome,
        "detail": deed.detail,
        "time": now,
        "org": deed.org,
    }
    return AuditRecorded(hash=digest(fields), **fields)


def canonical(fields: Mapping[str, Any]) -> bytes:
    """The one byte form of a link: JSON with sorted keys, no spaces, UTF-8, its time in milliseconds since 1970.

    Milliseconds because that is what the database keeps: a link read back must have the hash it was given. `org` came
    later than the rest and stands in it only where there is one, so that older links keep their hash.
    """
    org = f'"org":{quoted(fields["org"])},' if fields.get("org") else ""
    return (
        f'{{"action":{quoted(fields["action"])},"actor":{quoted(fields["actor"])},"chain":{quoted(fields["chain"])},'
        f'"detail":{quoted(fields["detail"])},"number":{fields["number"]},{org}"outcome":{quoted(fields["outcome"])},'
        f'"previous":{quoted(fields["previous"])},"role":{quoted(fields["role"])},'
        f'"subject":{quoted(fields["subject"])},"time":{milliseconds(fields["time"])}}}'
    ).encode()


def milliseconds(time: datetime) -> int:
    """Whole milliseconds since 1970."""
    return (time - _EPOCH) // _MILLISECOND


def digest(fields: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(fields)).hexdigest()


def verify(
    chain: str, links: Iterable[AuditRecorded], head: str | None = None, after: AuditHead | None = None
) -> list[Break]:
    """Walk a chain from its first link and name every break; an empty list means that it holds.

    `links` come in order of `number`. `head` is the hash of the newest link as another place knows it. `after` is the
    last link of a part that was removed when its time had come.
    """
    breaks: list[Break] = []
    number, previous = (after.number, after.hash) if after else (0, GENESIS)
    for entry in links:
        number += 1
        if entry.number != number:
            breaks.append(Break(chain, number, "number-differs"))
            number = entry.number
        if entry.previous != previous:
            breaks.append(Break(chain, number, "predecessor-differs"))
        if entry.chain != chain or digest(dict(entry)) != entry.hash:
            breaks.append(Break(chain, number, "hash-differs"))
        previous = entry.hash
    if head is not None and head != previous:
        breaks.append(Break(chain, number, "head-missing" if number == 0 else "head-differs"))
    return breaks
