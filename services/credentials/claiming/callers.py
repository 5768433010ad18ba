"""Who takes the steps of a claim: a holder with its token, or somebody at the door with a sheet."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from services.credentials.claiming import codes
from services.credentials.claiming.attempts import Claim
from services.credentials.claiming.store import ClaimStore
from services.credentials.journal import Actor
from shared.mongo import Stored
from shared.security.principals import Principal


@dataclass(frozen=True)
class Door:
    """Somebody without a token. `session` was given when the claim began; it goes with that claim and no other."""

    address: str
    session: str = ""


Caller = Principal | Door


def new_session() -> str:
    """144 random bits; the caller keeps them, the database a hash of them."""
    return secrets.token_urlsafe(18)


def session_digest(session: str) -> str:
    """What is kept of a session."""
    return hashlib.sha256(b"claim session " + session.encode()).hexdigest()


async def own_claim(store: ClaimStore, caller: Caller, claim_id: str) -> Stored[Claim] | None:
    """The caller's own claim, or None: those of others are not there."""
    stored = await store.claims.load(codes.reference(claim_id))
    if stored is None:
        return None
    claim = stored.state
    if isinstance(caller, Principal):
        mine = claim.way == "token" and (claim.subject, claim.role, claim.org) == (
            caller.subject,
            caller.role.value,
            caller.org,
        )
    else:
        mine = hmac.compare_digest(claim.session or "", session_digest(caller.session))
    return stored if mine else None


def actor_of(caller: Caller, claim: Claim | None) -> Actor:
    """Who stands in the trail for a step of a claim; without a claim of its own, somebody at the door is an address."""
    if isinstance(caller, Principal):
        return Actor.of(caller)
    if claim is None:
        return Actor.at_the_door(caller.address)
    return Actor.with_sheet(claim.subject.removeprefix("sheet "), claim.kind, claim.holder, caller.address)
