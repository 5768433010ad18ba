"""The list that an archive ends with: what is in it, with digests, and what is not, with why. Pure."""

import json
from collections import Counter
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from services.submissions.domain import Standing
from services.submissions.summary.tables import BOM, line
from shared.thai.calendar import in_bangkok

Outcome = Literal["included", "nothing_sent", "not_accepted", "no_copy", "missing", "damaged", "cut_short"]
"""`damaged`: the bytes in the archive are not those that were accepted; `cut_short`: the store failed in the middle
of them; `missing`: the store does not have them. None of these happens unless something is wrong with the store."""


class Entry(BaseModel):
    """A center's line. `sha256` is of the file in the archive, `received_sha256` of the one that was received."""

    model_config = ConfigDict(frozen=True)

    center: str
    name: str | None
    path: tuple[str, ...]
    standing: Standing
    outcome: Outcome
    file: str | None = None
    sha256: str | None = None
    size: int | None = None
    version: int | None = None
    origin: str | None = None
    receipt: str | None = None
    received_sha256: str | None = None
    received_at: datetime | None = None
    late: bool | None = None
    signed: str | None = None


_COLUMNS: Final = tuple(name for name in Entry.model_fields if name not in {"path", "signed", "name"})


def as_json(about: dict[str, Any], entries: list[Entry], keys: dict[str, Any]) -> bytes:
    """The manifest with every receipt's proof and the keys that check it."""
    counts = Counter(entry.outcome for entry in entries)
    whole = {
        **about,
        "counts": dict(counts),
        "receipt_keys": keys,
        "reports": [_plain(entry) for entry in entries],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def as_csv(entries: list[Entry]) -> bytes:
    """The same as a table, for a spreadsheet."""
    head = ("province", "district", "lao", "name", *_COLUMNS)
    lines = [line(head)]
    for entry in entries:
        plain = _plain(entry)
        places = (*entry.path[1:], "", "", "")[:3]
        lines.append(line([*places, entry.name or "", *(_cell(plain[name]) for name in _COLUMNS)]))
    return (BOM + "".join(lines)).encode()


def _plain(entry: Entry) -> dict[str, Any]:
    at = entry.received_at
    return entry.model_dump() | {"received_at": in_bangkok(at).isoformat(timespec="milliseconds") if at else None}


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)
