"""What becomes of each line of a batch. Pure: the caller reads the lines, looks up the holders and opens what is there.

A line is JSON: `{"kind": "center", "holder": "5801001", "username": "…", "password": "…"}`. Every line gets a verdict
of its own; a bad one harms no other. What contradicts itself is left to the sender to settle.
"""

import hmac
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.credentials.domain import Credential, Holder, HolderKind, credential_id
from services.credentials.rules import SecretRule

MOST_LINES: Final = 30_000
LONGEST_LINE: Final = 2_048
"""Bytes."""


class Verdict(StrEnum):
    """What became of a line. Stable: senders act on them."""

    SEALED = "sealed"
    """A new secret for the holder, or the first."""
    UNCHANGED = "unchanged"
    """The holder has this very secret already; nothing was announced."""
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"
    """The holder stands in the batch twice. The same secret counts once; two different ones count not at all."""
    UNKNOWN_HOLDER = "unknown_holder"
    NOT_OWED = "not_owed"
    """The holder owes nothing in this round. After a merge `detail` names who took its place."""
    RULE_VIOLATION = "rule_violation"
    ALREADY_CLAIMED = "already_claimed"
    """The holder has opened another secret: it must be rotated before it can get this one."""
    REVOKED = "revoked"
    """The holder's credential was taken back for good in this round."""
    ERASED = "erased"
    """The holder was erased: in this round it gets no other secret."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: HolderKind
    holder: str = Field(pattern=r"^[^\x00-\x20/#|]{1,64}$")
    username: str = Field(max_length=256)
    password: str = Field(max_length=256)


@dataclass(frozen=True, slots=True)
class Row:
    """A readable line. `number` counts from 1."""

    number: int
    kind: HolderKind
    holder: str
    username: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def owner(self) -> str:
        """The name of the holder's data key."""
        return f"{self.kind}/{self.holder}"

    @property
    def secret(self) -> dict[str, str]:
        """What is sealed."""
        return {"username": self.username, "password": self.password}

    def credential(self, round_id: str) -> str:
        """Where the holder's credential is kept."""
        return credential_id(round_id, self.kind, self.holder)


@dataclass(frozen=True, slots=True)
class Judged:
    """A line's verdict. `detail` are codes, never values; `version` is the edition that the holder has now.

    `pending` where it is yet to be sealed.
    """

    number: int
    verdict: Verdict
    kind: HolderKind | None = None
    holder: str | None = None
    detail: tuple[str, ...] = ()
    version: int | None = None
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a row's holder. `holder` is set where it owes in the round.

    `successor` is who took the place of one that was merged; `same` whether its secret is the row's.
    """

    known: bool
    holder: Holder | None
    successor: str | None = None
    credential: Credential | None = None
    same: bool = False


def read_lines(content: bytes) -> Iterator[Row | Judged]:
    """The rows of a batch, and the verdicts of lines that can't be read. Empty lines are passed over."""
    number = 0
    for line in content.split(b"\n"):
        if not line.strip():
            continue
        number += 1
        if number > MOST_LINES:
            yield Judged(number, Verdict.UNREADABLE, detail=("too_many_lines",))
        else:
            yield read_line(number, line)


def read_line(number: int, line: bytes) -> Row | Judged:
    """One line."""
    if len(line) > LONGEST_LINE:
        return Judged(number, Verdict.UNREADABLE, detail=("too_long",))
    try:
        read = _Line.model_validate_json(line)
    except ValidationError as refused:
        first = refused.errors(include_input=False, include_url=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            return Judged(number, Verdict.UNREADABLE, detail=("bad_json",))
        if first["type"] == "extra_forbidden":  # its name is the sender's text: it could be anything
            return Judged(number, Verdict.UNREADABLE, detail=("unknown_field",))
        return Judged(number, Verdict.UNREADABLE, detail=(".".join(str(part) for part in first["loc"]) or "form",))
    return Row(number, read.kind, read.holder, read.username, read.password)


def sort_out(read: Iterable[Row | Judged]) -> tuple[list[Row], list[Judged]]:
    """The rows that stand for their holder, and the verdicts of all other lines.

    Of equal rows of one holder the first stands; of rows that differ none does.
    """
    chance = secrets.token_bytes(32)
    first: dict[str, Row] = {}
    seen: dict[str, bytes] = {}
    differing: set[str] = set()
    judged: list[Judged] = []
    for each in read:
        if isinstance(each, Judged):
            judged.append(each)
            continue
        mark = hmac.digest(chance, repr((each.username, each.password)).encode(), "sha256")
        before = seen.setdefault(each.owner, mark)
        if each.owner not in first:
            first[each.owner] = each
            continue
        if before != mark:
            differing.add(each.owner)
        judged.append(Judged(each.number, Verdict.DUPLICATE, each.kind, each.holder))
    for owner in differing:
        row = first.pop(owner)
        judged.append(Judged(row.number, Verdict.DUPLICATE, row.kind, row.holder, ("differing",)))
    return list(first.values()), judged


def judge(row: Row, facts: Facts, rule: SecretRule, batch: str) -> Judged:
    """What is to become of a row."""

    def verdict(word: Verdict, *detail: str, pending: bool = False) -> Judged:
        version = next_edition(has) if pending else has.edition if has else None
        return Judged(row.number, word, row.kind, row.holder, detail, version, pending)

    has = facts.credential
    if not facts.known:
        return verdict(Verdict.UNKNOWN_HOLDER)
    if facts.holder is None:
        return verdict(Verdict.NOT_OWED, *([facts.successor] if facts.successor else []))
    if has is not None and (blocked := _blocked(has, facts.same, batch)) is not None:
        return verdict(blocked)
    if faults := rule.faults(row.username, row.password):
        return verdict(Verdict.RULE_VIOLATION, *faults)
    return verdict(Verdict.SEALED, pending=True)


def _blocked(has: Credential, same: bool, batch: str) -> Verdict | None:
    """Why a holder's credential stays as it is, or None."""
    if has.erased_at is not None:
        return Verdict.ERASED
    if has.awaits:
        return None
    if same:
        # A batch that was cut off is read again: what it had sealed by then is still its own.
        return Verdict.SEALED if has.batch == batch else Verdict.UNCHANGED
    if has.revoked_at is not None:
        return Verdict.REVOKED
    return Verdict.ALREADY_CLAIMED if has.reveal is not None else None


def next_edition(has: Credential | None) -> int:
    """Which edition a new secret of a holder is. One that was taken back has given its successor a number already."""
    if has is None:
        return 1
    return has.edition if has.awaits else has.edition + 1


def same_secret(row: Row, opened: Mapping[str, str] | None) -> bool:
    """Whether a row's secret is the one that was opened; in the same time whatever the answer."""
    if opened is None:
        return False
    name = hmac.compare_digest(row.username.encode(), opened["username"].encode())
    word = hmac.compare_digest(row.password.encode(), opened["password"].encode())
    return name and word
