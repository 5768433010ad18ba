"""What a merge of holders means for their credentials. Pure.

The letters are silent on merged centers. An e-SAR account belongs to one institution, so the survivor keeps its own and
never gets the other's: what nobody had opened is taken back, what was opened is flagged, to be locked in e-SAR.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.credentials.domain import Credential, Event, common, stage
from shared.contracts.events import CredentialMerged, CredentialRevoked

MOST_MERGES: Final = 16
"""How many merges in a row are followed; more would be a ring, which the registry does not make."""
SYSTEM: Final = "system"
"""Who acts: no office of its own, it follows what the registry told."""

Changed = tuple[Credential, list[Event]]


@dataclass(frozen=True, slots=True)
class Node:
    """A center or LAO as the registry last told it. `path` ends with an LAO."""

    path: tuple[str, ...]
    closed: bool = False
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a holder belongs now. `successor` carries on for one that was merged, at the end of however many merges."""

    path: tuple[str, ...]
    successor: str | None = None


def place_of(code: str, known: Mapping[str, Node]) -> Place | None:
    """Where a holder belongs, by what is known; None of one that the registry has not told of.

    While the record of a successor is on its way, that one is the end, under the offices of the one before it.
    """
    node, successor = known.get(code), None
    if node is None:
        return None
    for _ in range(MOST_MERGES):
        if not node.closed or node.successor is None:
            break
        successor = node.successor
        if successor not in known:
            break
        node = known[successor]
    return Place(node.path, successor)


def settle(credential: Credential, place: Place, now: datetime) -> Changed | None:
    """The credential where it belongs; None where it stands right already.

    A holder that was merged stays so: the registry opens no closed one again.
    """
    successor = place.successor or credential.successor
    if (successor, place.path) == (credential.successor, credential.path):
        return None
    moved = credential.model_copy(update={"path": place.path, "successor": successor})
    if successor == credential.successor:
        return moved, stage(moved, _since(moved, now))
    if moved.revoked_at is None and moved.reveal is None:
        return _taken_back(moved, successor, now)
    flagged = moved.model_copy(update={"must_change": moved.reveal is not None})
    return flagged, [_merged(flagged, successor, now), *stage(flagged, _since(flagged, now))]


def _taken_back(credential: Credential, successor: str | None, now: datetime) -> Changed:
    """Nobody opened it: nobody shall. It turns, so that open claims and sheets on their way open nothing."""
    revoked = credential.model_copy(
        update={"revoked_at": now, "turn": credential.turn + 1, "locked": False, "awaits": False}
    )
    told = CredentialRevoked(**common(revoked), by_role=SYSTEM, by_org="", reason="closed", revoked_at=now)
    return revoked, [told, _merged(revoked, successor, now), *stage(revoked, now)]


def _merged(credential: Credential, successor: str | None, now: datetime) -> CredentialMerged:
    assert successor is not None
    effect: Literal["revoked", "to_lock"] = "revoked" if credential.reveal is None else "to_lock"
    return CredentialMerged(**common(credential), successor=successor, effect=effect, merged_at=now)


def _since(credential: Credential, now: datetime) -> datetime:
    """Since when it stands as it does: a change of place begins no new state."""
    opened = credential.reveal.at if credential.reveal else None
    if credential.state == "locked":
        return now
    return credential.revoked_at or credential.confirmed_at or opened or credential.issued_at
