"""Mass loss: a roll that would take many centers off a list needs a second person. Pure.

A file cut short, or one province's file sent as the country's, looks like thousands of closures. Nobody's word alone
makes it so.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import AwareDatetime

from shared.security.approval import LIFE, TwoPersonRequest
from shared.security.principals import Principal

KIND: Final = "roll_loss"
SAMPLE: Final = 50
"""Centers that a request names; its report names all."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Of `listed` centers on a round's roll, `gone` are not in the file. `digest` stands for exactly those."""

    listed: int
    gone: int
    digest: str

    @property
    def share(self) -> float:
        """Of the earlier roll, between 0 and 1."""
        return self.gone / self.listed if self.listed else 0.0


class LossCount:
    """Adds up a loss while the roll streams past."""

    def __init__(self) -> None:
        self._listed = self._gone = 0
        self._sha = hashlib.sha256()

    def add(self, listed: int, gone: list[str]) -> None:
        """So many more centers were on the roll; these of them are gone. Codes come in order."""
        self._listed += listed
        self._gone += len(gone)
        for code in gone:
            self._sha.update(f"{code}\n".encode())

    def total(self) -> Loss:
        """What was added up."""
        return Loss(self._listed, self._gone, self._sha.hexdigest())


def needs_two(loss: Loss, threshold: float) -> bool:
    """Whether the loss is more than one person may cause. `threshold` is a share of the earlier roll."""
    return loss.share > threshold


class RollRequest(TwoPersonRequest):
    """That a roll takes effect although `gone` of the `listed` centers are not in it.

    What was read of the file lies in the object store, in `pieces` under the request's id, until somebody decided;
    `sha256` is the digest of all of it. `stored` once it is there whole, `applied_at` once the roll took effect.
    """

    round: str
    listed: int
    gone: int
    digest: str
    rows: int
    rejected: int
    sample: tuple[tuple[str, str], ...] = ()
    stored: bool = False
    pieces: int = 0
    sha256: str = ""
    applied_at: AwareDatetime | None = None
    cleared: bool = False

    @property
    def loss(self) -> Loss:
        """What was asked for."""
        return Loss(self.listed, self.gone, self.digest)


@dataclass(frozen=True, slots=True)
class RequestUnknown:
    """The round has no such request."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """The round's roll changed since: the same file would take other centers off than were agreed to."""


@dataclass(frozen=True, slots=True)
class NotStored:
    """What was read of the file is not there, or not whole: it has to be sent again."""


def request_id(round_id: str, loss: Loss, content: str, asker: str, number: int) -> str:
    """The id of a request: the same for the same file of the same person, until one was decided (`number`)."""
    words = "\n".join((round_id, loss.digest, content, asker, str(number)))
    return hashlib.sha256(words.encode()).hexdigest()[:24]


def ask(
    request: str,
    round_id: str,
    loss: Loss,
    by: Principal,
    reason: str,
    now: datetime,
    *,
    rows: int,
    rejected: int,
    sample: tuple[tuple[str, str], ...],
) -> RollRequest:
    """A request that waits for its second person."""
    return RollRequest(
        id=request,
        kind=KIND,
        subject=round_id,
        asked_by=by.subject,
        asked_role=by.role,
        asked_at=now,
        expires_at=now + LIFE,
        reason=reason,
        round=round_id,
        listed=loss.listed,
        gone=loss.gone,
        digest=loss.digest,
        rows=rows,
        rejected=rejected,
        sample=sample[:SAMPLE],
    )
