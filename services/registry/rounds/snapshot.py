"""The tree and the obligations of a round as they stood when it opened: one object, the same bytes for the same facts.

JSON lines in a fixed order: the round, its organizations, its centers. No addresses: the snapshot says who was on the
roll and under whom, and is read by many. Pure.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.registry.domain import Center, Organization, Round
from shared.thai.calendar import in_bangkok

MEDIA_TYPE: Final = "application/x-ndjson"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Frozen:
    """The bytes of a snapshot and what is known of them."""

    data: bytes
    sha256: str
    organizations: int
    centers: int


def freeze(state: Round, organizations: Iterable[Organization], centers: Iterable[Center], now: datetime) -> Frozen:
    """The snapshot of a round that opens now for these centers, which hang under these organizations."""
    above = sorted(organizations, key=lambda node: (len(node.path), node.code))
    listed = sorted(centers, key=lambda center: center.code)
    data = b"".join(_lines(state, above, listed, now))
    return Frozen(data, hashlib.sha256(data).hexdigest(), len(above), len(listed))


class Cutting:
    """Cuts a stream into whole lines, each with its end, wherever its pieces end."""

    def __init__(self) -> None:
        self._left = b""

    def lines(self, piece: bytes) -> list[bytes]:
        """The lines that this piece completes."""
        *whole, self._left = (self._left + piece).split(b"\n")
        return [line + b"\n" for line in whole]


def lies_within(line: bytes, code: str) -> bool:
    """Whether a line of a snapshot lies on the branch of an organization; the round's own line is everybody's."""
    said = json.loads(line)
    return said["is"] == "round" or code in said["path"]


def _lines(
    state: Round, organizations: Sequence[Organization], centers: Sequence[Center], now: datetime
) -> Iterator[bytes]:
    yield _line(
        {
            "is": "round",
            "format": FORMAT,
            "round": state.round,
            "fiscal_year": state.fiscal_year,
            "academic_year": state.academic_year,
            "deadline": in_bangkok(state.deadline).isoformat(),
            "grace_minutes": state.grace_minutes,
            "opened_at": in_bangkok(now).isoformat(),
            "organizations": len(organizations),
            "centers": len(centers),
        }
    )
    for node in organizations:
        yield _line(
            {
                "is": "organization",
                "code": node.code,
                "kind": node.kind,
                "name": node.name,
                "parent": node.parent,
                "path": node.path,
            }
        )
    for center in centers:
        yield _line(
            {
                "is": "center",
                "code": center.code,
                "name": center.name,
                "lao": center.lao,
                "path": center.path,
                "subdistrict": center.subdistrict,
                "latitude": center.latitude,
                "longitude": center.longitude,
                "last_assessed": center.last_assessed,
                "owed": True,
            }
        )


def _line(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
