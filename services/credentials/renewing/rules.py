"""The rules of renewals.

The department and operators rotate and revoke by themselves: that takes from somebody what may be in wrong hands, and
shows nobody anything. Everybody else asks. To open a credential once more takes two persons whoever they are, because
a secret that was shown once would be shown again: one asks, another of a tier above the holder's LAO approves.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from services.credentials.domain import Credential, Event, Refusal, common, credential_id, stage
from services.credentials.renewing.request import Renewal
from shared.contracts.events import (
    CredentialIssued,
    CredentialReissued,
    CredentialRevoked,
    CredentialRotated,
    RenewalAsked,
    RenewalDecided,
    RenewalKind,
    RenewalReason,
)
from shared.security import approval
from shared.security.approval import ApprovalRefusal
from shared.security.principals import Principal, Role
from shared.security.scope import may_act

ALONE: Final = frozenset({Role.DEPARTMENT, Role.OPERATOR})
"""Who rotates and revokes without asking."""
DECIDERS: Final = frozenset({Role.DISTRICT, Role.PROVINCE, Role.DEPARTMENT, Role.OPERATOR})
"""Who may approve or refuse. An LAO may not: it is the holder's employer, and often keeps its mailbox."""

Changed = tuple[Credential, list[Event]]


@dataclass(frozen=True)
class Wish:
    """What is wanted of a credential."""

    kind: RenewalKind
    reason: RenewalReason
    source: Literal["generated", "batch"] = "generated"


def may_ask(who: Principal, credential: Credential) -> bool:
    """The holder itself, its LAO, and every officer above it."""
    if who.role is Role.LAO and credential.kind == "lao":
        return who.org == credential.holder
    return may_act(who, credential.path, credential.center)


def may_decide(who: Principal, credential: Credential) -> bool:
    """Officers of a tier above the LAO, in their part of the tree."""
    return who.role in DECIDERS and may_act(who, credential.path, credential.center)


def acts_alone(who: Principal, wish: Wish) -> bool:
    """Whether the wish is done at once rather than asked for."""
    return who.role in ALONE and wish.kind != "reissue"


def possible(credential: Credential, wish: Wish) -> Refusal | None:
    """Whether the credential is one that this can be done with now. One that was erased comes back in no way."""
    if credential.erased_at is not None:
        return Refusal.ERASED
    if wish.kind == "revoke":
        return Refusal.NOT_ISSUED if credential.revoked_at is not None else None
    if credential.successor is not None:
        return Refusal.MERGED
    if wish.kind == "reissue":
        lost = credential.claimable and credential.reveal is not None and credential.confirmed_at is None
        return None if lost else Refusal.NOT_LOST
    return None


def ask(credential: Credential, wish: Wish, request: str, who: Principal, now: datetime) -> Changed | Refusal:
    """Ask for it; a second person decides. One request at a time for a credential."""
    refusal = possible(credential, wish)
    if refusal is not None:
        return refusal
    before = credential.renewal
    if before is not None and before.state == "asked" and not approval.has_expired(before, now):
        return Refusal.RENEWAL_OPEN
    asked = Renewal(
        id=request,
        kind=wish.kind,
        subject=credential_id(credential.round, credential.kind, credential.holder),
        asked_by=who.subject,
        asked_role=who.role,
        asked_org=who.org,
        asked_at=now,
        expires_at=now + approval.LIFE,
        reason=wish.reason,
        turn=credential.turn,
        source=wish.source,
    )
    told = RenewalAsked(
        **common(credential), **_by(who), request=request, kind=wish.kind, reason=wish.reason, asked_at=now
    )
    return credential.model_copy(update={"renewal": asked}), [told]


def decide(
    credential: Credential, verdict: Literal["approved", "refused"], who: Principal, sealed: bytes | None, now: datetime
) -> Changed | Refusal | ApprovalRefusal:
    """Approve or refuse the open request, as a second person. Approved, it is done in the same write.

    `sealed` is the new secret for a rotation from here. The same verdict by the same person again changes nothing.
    """
    before = credential.renewal
    assert before is not None
    decided = approval.decide(before, verdict, who, now)
    if not isinstance(decided, Renewal):
        return decided
    if decided is before:
        return credential, []
    decided = decided.model_copy(update={"decided_role": who.role, "decided_org": who.org})
    told = RenewalDecided(
        **common(credential), **_by(who), request=decided.id, kind=decided.kind, decision=verdict, decided_at=now
    )
    kept = credential.model_copy(update={"renewal": decided})
    if verdict == "refused":
        return kept, [told]
    wish = Wish(decided.kind, decided.reason, decided.source)
    if credential.turn != decided.turn:
        return Refusal.TURNED
    refusal = possible(credential, wish)
    if refusal is not None:
        return refusal
    done, events = carry_out(kept, wish, who, sealed, now)
    return done, [told, *events]


def withdraw(credential: Credential, who: Principal, now: datetime) -> Changed | ApprovalRefusal:
    """Take one's own request back."""
    before = credential.renewal
    assert before is not None
    withdrawn = approval.withdraw(before, who, now)
    if not isinstance(withdrawn, Renewal):
        return withdrawn
    if withdrawn is before:
        return credential, []
    told = RenewalDecided(
        **common(credential), **_by(who), request=before.id, kind=before.kind, decision="withdrawn", decided_at=now
    )
    return credential.model_copy(update={"renewal": withdrawn}), [told]


def carry_out(credential: Credential, wish: Wish, who: Principal, sealed: bytes | None, now: datetime) -> Changed:
    """Do it. What waited at a sheet or in an open claim opens nothing from then on: the credential has turned."""
    turned: dict[str, Any] = {"turn": credential.turn + 1, "locked": False, "confirmed_at": None, "expired_at": None}
    if wish.kind == "revoke":
        changed = credential.model_copy(update=turned | {"revoked_at": now, "awaits": False})
        revoked = CredentialRevoked(**common(changed), **_by(who), reason=wish.reason, revoked_at=now)
        return changed, [revoked, *stage(changed, now)]
    if wish.kind == "reissue":
        return _opened_once_more(credential, turned, wish, who, now)
    turned |= {"edition": credential.edition + 1, "reveal": None, "revoked_at": None, "must_change": False}
    turned |= {"awaits": sealed is None, "sealed": sealed or b"", "issued_at": now, "notified_at": None}
    changed = credential.model_copy(update=turned)
    rotated = CredentialRotated(
        **common(changed),
        **_by(who),
        previous_version=credential.edition,
        awaits=changed.awaits,
        reason=wish.reason,
        rotated_at=now,
    )
    issued: list[Event] = [] if changed.awaits else [CredentialIssued(**common(changed))]
    return changed, [rotated, *issued, *stage(changed, now)]


def bring(credential: Credential, sealed: bytes, now: datetime) -> Changed:
    """The sealed batch brought the secret that a rotated credential was waiting for."""
    brought = credential.model_copy(update={"awaits": False, "sealed": sealed, "issued_at": now, "notified_at": None})
    return brought, [CredentialIssued(**common(brought)), *stage(brought, now)]


def _opened_once_more(
    credential: Credential, turned: dict[str, Any], wish: Wish, who: Principal, now: datetime
) -> Changed:
    renewal = credential.renewal
    assert renewal is not None
    changed = credential.model_copy(update=turned | {"reveal": None, "must_change": True})
    reissued = CredentialReissued(
        **common(changed),
        **_by(who),
        request=renewal.id,
        asked_role=renewal.asked_role.value,
        asked_org=renewal.asked_org,
        must_change=True,
        reason=wish.reason,
        reissued_at=now,
    )
    return changed, [reissued, *stage(changed, now)]


def _by(who: Principal) -> dict[str, str]:
    return {"by_role": who.role.value, "by_org": who.org}
