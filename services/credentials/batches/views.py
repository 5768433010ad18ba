"""What the answers and bodies about sealing and sealed batches look like."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.credentials.batches.store import Batch, State
from services.credentials.batches.verdicts import Verdict
from services.credentials.views import Given
from shared.mongo import Document
from shared.security.sealed_batches import AGREEMENT, ENCRYPTION, LONGEST, SIGNED_AS, SIGNING


class BatchAsked(Given):
    """For one `file`, or for `events` on the bus until the key's time is up."""

    way: Literal["file", "events"] = "file"


class BatchSent(Given):
    """A compact JWS over `{iss, round, batch, iat, sealed}`, in which `sealed` is a compact JWE to the batch's key."""

    sealed: str = Field(max_length=LONGEST, pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")


class HowToSeal(BaseModel):
    """Everything that is not a choice."""

    signature: str = SIGNING
    type: str = SIGNED_AS
    key_agreement: str = AGREEMENT
    encryption: str = ENCRYPTION


class BatchStatus(BaseModel):
    """A sealed batch and what became of it. `counts` says how many lines got which verdict."""

    batch: str
    round: str
    way: Literal["file", "events"]
    state: State
    key: dict[str, Any]
    how: HowToSeal = HowToSeal()
    opened_at: datetime
    expires_at: datetime
    received_at: datetime | None
    sent_by: str | None
    sha256: str | None
    lines: int
    done: int
    counts: dict[str, int]
    fault: str | None
    key_destroyed_at: datetime | None
    ended_at: datetime | None


class LineVerdict(BaseModel):
    """What became of one line. `detail` are codes, or after a merge the code of who took the holder's place."""

    number: int
    verdict: Verdict
    kind: Literal["center", "lao"] | None
    holder: str | None
    detail: list[str]
    version: int | None


def status_of(batch: Batch) -> BatchStatus:
    """A batch as those may see it who may seal."""
    return BatchStatus(
        batch=batch.batch,
        round=batch.round,
        way=batch.way,
        state=batch.state,
        key=batch.public,
        opened_at=batch.opened_at,
        expires_at=batch.expires_at,
        received_at=batch.received_at,
        sent_by=batch.sent_by or None,
        sha256=batch.digest or None,
        lines=batch.lines,
        done=batch.done,
        counts=batch.counts,
        fault=batch.fault or None,
        key_destroyed_at=batch.key_destroyed_at,
        ended_at=batch.ended_at,
    )


def verdict_of(found: Document) -> LineVerdict:
    """A stored verdict as an answer."""
    return LineVerdict(**{name: found[name] for name in LineVerdict.model_fields})
