"""Entries of other systems: through the rules of a roll's rows, and each answered. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.registry.domain import Entry, RoundClosed
from services.registry.roll.findings import SENTENCES, Reason
from services.registry.roll.headers import FIELDS, Field
from services.registry.roll.planning import Refused
from services.registry.roll.rows import Remark, RowReader, Understood
from services.registry.roll.store import Answer
from services.registry.rounds.rules import RoundUnknown
from shared.contracts.events import RollEntry, RollRemark

_ADDRESSES: Final[frozenset[Field]] = frozenset({"email", "lao_email"})
"""What an answer never repeats: other systems read it."""

Verdict = Literal["accepted", "repaired", "rejected"]


@dataclass(frozen=True, slots=True)
class Asked:
    """An event that waits for its answer: who sent it under which id, under which key, and what it says."""

    id: str
    event: str
    source: str
    key: str
    round: str
    said: Understood
    traceparent: str | None

    @property
    def entry(self) -> Entry | None:
        """What it says, unless its row is rejected."""
        return self.said.entry

    @property
    def names_its_key(self) -> bool:
        """Whether the record's key is the center's code, as far as that can be read."""
        return bool(self.key) and self.said.code in {None, self.key}


def answer_id(source: str, event: str) -> str:
    """The id of the answer to an event: the same however often it comes."""
    return hashlib.sha256(f"{source}\n{event}".encode()).hexdigest()[:32]


def understand(number: int, entry: RollEntry, reader: RowReader) -> Understood:
    """Read an entry as a row of a roll."""
    return reader.read(number, {field: getattr(entry, field) for field in FIELDS})


def waves(asked: Iterable[Asked]) -> list[list[Entry]]:
    """The entries in their order, so that no center stands twice in one wave: a later one finds what an earlier did."""
    found: list[list[Entry]] = []
    seen: dict[str, int] = {}
    for each in asked:
        if each.entry is None:
            continue
        wave = seen.get(each.entry.code, -1) + 1
        seen[each.entry.code] = wave
        if wave == len(found):
            found.append([])
        found[wave].append(each.entry)
    return found


def answers(
    asked: Sequence[Asked], refused: Sequence[Refused] | RoundUnknown | RoundClosed, now: datetime
) -> list[tuple[str, Answer, str | None]]:
    """The answer to each event, with its id and its trace. `refused` is what the registry knew better."""
    if isinstance(refused, RoundUnknown | RoundClosed):
        reason = Reason.ROUND_UNKNOWN if isinstance(refused, RoundUnknown) else Reason.ROUND_CLOSED
        return [_answer(each, "rejected", [*_of_row(each), _remark("round", reason, None)], now) for each in asked]
    known_better: Mapping[int, Refused] = {each.entry.row: each for each in refused}
    return [_of_entry(each, known_better, now) for each in asked]


def _of_entry(asked: Asked, known_better: Mapping[int, Refused], now: datetime) -> tuple[str, Answer, str | None]:
    remarks = _of_row(asked)
    if asked.entry is None:
        return _answer(asked, "rejected", remarks, now)
    better = known_better.get(asked.entry.row)
    if better is not None:
        return _answer(asked, "rejected", [*remarks, _remark(better.field, better.reason, better.suggestion)], now)
    return _answer(asked, "repaired" if remarks else "accepted", remarks, now)


def _answer(
    asked: Asked, verdict: Verdict, remarks: Sequence[RollRemark], now: datetime
) -> tuple[str, Answer, str | None]:
    answer = Answer(
        event=asked.event,
        source=asked.source,
        round=asked.round,
        center=asked.key,
        verdict=verdict,
        remarks=tuple(remarks),
        answered_at=now,
    )
    return asked.id, answer, asked.traceparent


def _of_row(asked: Asked) -> list[RollRemark]:
    return [_of_remark(each) for each in asked.said.remarks]


def _of_remark(remark: Remark) -> RollRemark:
    return _remark(remark.field, remark.reason, remark.suggestion)


def _remark(field: Field | Literal["round"], reason: Reason, suggestion: str | None) -> RollRemark:
    thai, english = SENTENCES[reason]
    kept = None if field in _ADDRESSES else suggestion
    return RollRemark(field=field, reason=reason.value, message=thai, message_en=english, suggestion=kept)
