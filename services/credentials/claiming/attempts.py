"""The rules of an attempt at opening a credential: how often one may begin, and how often a code may be tried.

Pure as `domain` is. An attempt is a claim; it knows of the credential only what its events must say.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from services.credentials.domain import Credential, Event, Frozen, HolderKind, Refusal, Reveal
from shared.contracts.events import ClaimAlarmed, ClaimRefused

CODE_LIFE: Final = timedelta(minutes=10)
REVEAL_WITHIN: Final = timedelta(minutes=10)
"""How long after the right code the reveal may be asked for."""
TRIES: Final = 5
LOCK: Final = timedelta(minutes=15)
OPENINGS: Final = 5
OPENINGS_WITHIN: Final = timedelta(hours=1)
"""At most this many claims per holder in this time: 25 guesses an hour against a million codes."""
CLAIM_KEPT: Final = timedelta(days=90)


class Openings(Frozen):
    """How often an organization has lately opened claims, and whether it must wait after wrong codes."""

    times: tuple[datetime, ...] = ()
    locked_until: datetime | None = None


class Claim(Frozen):
    """One attempt at opening a credential, by a token or by a sheet.

    `session` is kept of a claim by sheet: a hash of what its caller must show at each step. `turn` is the credential's:
    a claim of an earlier turn reveals nothing. `genuine` is false for a holder that is not the caller's own: such a
    claim runs its course like any other, but no code is sent and none fits.
    """

    claim: str
    """Its reference: a hash of the id that the caller was given."""
    round: str
    holder: str
    kind: HolderKind
    path: tuple[str, ...]
    credential: str
    edition: int
    genuine: bool
    subject: str
    role: str
    org: str
    opened_at: datetime
    code_ends: datetime
    tries_left: int = TRIES
    verified_at: datetime | None = None
    refused: bool = False
    way: Literal["token", "sheet"] = "token"
    session: str | None = None
    turn: int = 1
    mail_due: datetime | None = None
    alarm: Literal["already_claimed", "locked"] | None = None
    """Why it raised an alarm, if it did."""
    alarmed_at: datetime | None = None
    ends: datetime
    """When the database may forget it."""


@dataclass(frozen=True)
class Wait:
    """Refused until then."""

    refusal: Refusal
    until: datetime


def open_again(openings: Openings, now: datetime) -> Openings | Wait:
    """Count one more opening, or say until when none is allowed."""
    if openings.locked_until is not None and openings.locked_until > now:
        return Wait(Refusal.LOCKED, openings.locked_until)
    recent = tuple(time for time in openings.times if time > now - OPENINGS_WITHIN)
    if len(recent) >= OPENINGS:
        return Wait(Refusal.TOO_MANY, recent[0] + OPENINGS_WITHIN)
    return Openings(times=(*recent, now))


def lock(openings: Openings, now: datetime) -> Openings:
    """No further claim for a while: the codes of one were guessed at until it locked."""
    return openings.model_copy(update={"locked_until": now + LOCK})


def try_code(claim: Claim, fits: bool, now: datetime) -> tuple[Claim, Refusal | None, list[Event]]:
    """One try of a code. The new claim must be stored before the outcome is told, or tries would not count."""
    if claim.refused or claim.tries_left <= 0:
        return claim, Refusal.LOCKED, []
    if claim.verified_at is not None:
        return claim, None if fits else Refusal.WRONG_CODE, []
    if now >= claim.code_ends:
        return claim, Refusal.EXPIRED, _refused(claim, Refusal.EXPIRED, now)
    if fits and claim.genuine:
        return claim.model_copy(update={"verified_at": now, "mail_due": None}), None, []
    left = claim.tries_left - 1
    tried = claim.model_copy(update={"tries_left": left})
    if left == 0:
        tried = _raising(tried, "locked", now)
        return tried, Refusal.LOCKED, [*_refused(claim, Refusal.LOCKED, now), *_alarm(claim, "locked", None, now)]
    return tried, Refusal.WRONG_CODE, _refused(claim, Refusal.WRONG_CODE, now)


def may_reveal(claim: Claim, now: datetime) -> Refusal | None:
    """Whether a claim has shown its code, lately enough. A refetch has its own, shorter limit."""
    if claim.refused:
        return Refusal.ALREADY_CLAIMED
    if not claim.genuine or claim.verified_at is None or now > claim.verified_at + REVEAL_WITHIN:
        return Refusal.NOT_VERIFIED
    return None


def is_of(claim: Claim, credential: Credential) -> bool:
    """Whether the claim was made for the credential as it is now: not rotated, revoked or opened anew since."""
    return claim.turn == credential.turn and claim.edition == credential.edition and credential.claimable


def refuse_as_claimed(claim: Claim, opened: Reveal, now: datetime) -> tuple[Claim, list[Event]]:
    """A claim that came too late. The holder and its officer are to know that somebody else was first."""
    events = _refused(claim, Refusal.ALREADY_CLAIMED, now)
    refused = _raising(claim.model_copy(update={"refused": True}), "already_claimed", now)
    return refused, [*events, *_alarm(claim, "already_claimed", opened, now)]


def _refused(claim: Claim, refusal: Refusal, now: datetime) -> list[Event]:
    """Only a genuine claim speaks of a credential; attempts at another's are in the audit trail of who made them."""
    if not claim.genuine:
        return []
    return [ClaimRefused(**_common(claim), claim=claim.claim, reason=refusal.value, refused_at=now)]


def _raising(claim: Claim, cause: Literal["already_claimed", "locked"], now: datetime) -> Claim:
    return claim.model_copy(update={"alarm": cause, "alarmed_at": now}) if claim.genuine else claim


def _alarm(
    claim: Claim, cause: Literal["already_claimed", "locked"], opened: Reveal | None, now: datetime
) -> list[Event]:
    if not claim.genuine:
        return []
    return [
        ClaimAlarmed(
            **_common(claim),
            cause=cause,
            claim=claim.claim,
            attempted_at=now,
            attempted_role=claim.role,
            attempted_org=claim.org,
            attempted_with=claim.way,
            claimed_at=opened.at if opened else None,
            claimed_role=opened.role if opened else None,
            claimed_with=opened.way if opened else None,
        )
    ]


def _common(claim: Claim) -> dict[str, Any]:
    return {
        "round": claim.round,
        "holder": claim.holder,
        "holder_kind": claim.kind,
        "credential": claim.credential,
        "version": claim.edition,
        "path": claim.path,
    }
