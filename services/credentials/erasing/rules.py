"""The rules of erasing a holder.

What is destroyed cannot be had back by anybody, so it takes two persons whoever they are: one asks, another of the
department or an operator approves. It is about the holder, not about a round: every secret it has goes, for one data
key seals them all. A secret that it is given later, in another round, has a new key and is not touched.
"""

from datetime import datetime
from typing import Final, Literal

from pydantic import AwareDatetime

from services.credentials.domain import Credential, Event, HolderKind, Refusal, common, stage
from services.credentials.renewing.rules import may_ask
from shared.contracts.events import CredentialErased, ErasureReason
from shared.security import approval
from shared.security.approval import ApprovalRefusal, TwoPersonRequest
from shared.security.principals import Principal, Role

__all__ = ["DECIDERS", "Erasure", "ask", "decide", "done", "erase", "may_ask", "owner_of", "withdraw"]

DECIDERS: Final = frozenset({Role.DEPARTMENT, Role.OPERATOR})
"""Who may approve or refuse: those who answer for the whole vault."""


class Erasure(TwoPersonRequest):
    """The newest request to erase a holder. `subject` is its owner's name, `center/…` or `lao/…`, and the record's id.

    Approved it is carried out at once; `done_at` is empty until all of it is done, also after a crash.
    """

    holder: str
    holder_kind: HolderKind
    path: tuple[str, ...]
    reason: ErasureReason
    asked_org: str
    decided_role: Role | None = None
    decided_org: str | None = None
    done_at: AwareDatetime | None = None


def owner_of(kind: HolderKind, code: str) -> str:
    """The name of a holder's data key."""
    return f"{kind}/{code}"


def ask(
    before: Erasure | None, newest: Credential, reason: ErasureReason, request: str, who: Principal, now: datetime
) -> Erasure | Refusal:
    """Ask that a holder be erased, of which this is the newest credential. One request at a time."""
    if newest.erased_at is not None:
        return Refusal.ERASED
    if before is not None and _waits(before, now):
        return Refusal.ERASURE_OPEN
    return Erasure(
        id=request,
        kind="erase",
        subject=owner_of(newest.kind, newest.holder),
        holder=newest.holder,
        holder_kind=newest.kind,
        path=newest.path,
        asked_by=who.subject,
        asked_role=who.role,
        asked_org=who.org,
        asked_at=now,
        expires_at=now + approval.LIFE,
        reason=reason,
    )


def _waits(erasure: Erasure, now: datetime) -> bool:
    """Whether it waits for its decision, or for its end."""
    if erasure.state == "approved":
        return erasure.done_at is None
    return erasure.state == "asked" and not approval.has_expired(erasure, now)


def decide(
    erasure: Erasure, verdict: Literal["approved", "refused"], who: Principal, now: datetime
) -> Erasure | ApprovalRefusal:
    """Approve or refuse, as a second person. The same verdict by the same person again leaves it as it is."""
    decided = approval.decide(erasure, verdict, who, now)
    if not isinstance(decided, Erasure) or decided is erasure:
        return decided
    return decided.model_copy(update={"decided_role": who.role, "decided_org": who.org})


def withdraw(erasure: Erasure, who: Principal, now: datetime) -> Erasure | ApprovalRefusal:
    """Take one's own request back."""
    return approval.withdraw(erasure, who, now)


def done(erasure: Erasure, now: datetime) -> Erasure:
    """All of it is carried out."""
    return erasure.model_copy(update={"done_at": now})


def erase(credential: Credential, erasure: Erasure | None, now: datetime) -> tuple[Credential, list[Event]]:
    """The record of a credential whose key is destroyed: no claim and no sheet opens it, and its seal is gone too.

    Without an erasure it came back with an old copy of the database, and is buried again. Twice is as good as once.
    """
    if credential.erased_at is not None:
        return credential, []
    erased = credential.model_copy(
        update={"erased_at": now, "sealed": b"", "awaits": False, "locked": False, "turn": credential.turn + 1}
    )
    if erasure is None:
        return erased, [CredentialErased(**common(erased), restored=True, erased_at=now), *stage(erased, now)]
    told = CredentialErased(
        **common(erased),
        request=erasure.id,
        by_role=erasure.decided_role.value if erasure.decided_role else None,
        by_org=erasure.decided_org,
        asked_role=erasure.asked_role.value,
        asked_org=erasure.asked_org,
        reason=erasure.reason,
        erased_at=now,
    )
    return erased, [told, *stage(erased, now)]
