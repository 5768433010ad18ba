"""Where holders begin a claim and show its code: each step decided, stored, entered in the trail, then answered."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from pydantic import SecretBytes

from services.credentials import domain
from services.credentials.claiming import attempts, codes
from services.credentials.claiming.attempts import Claim, Wait
from services.credentials.claiming.callers import Caller, actor_of, own_claim
from services.credentials.claiming.store import ClaimStore
from services.credentials.domain import Credential, HolderKind, Refusal
from services.credentials.ending.rules import has_ended
from services.credentials.ending.store import EndingStore
from services.credentials.journal import Actor, Journal
from services.credentials.store import ATTEMPTS, CredentialsStore, announced
from shared.mongo import Conflict, Stored
from shared.mongo.sealing import Vault
from shared.security.principals import Principal


@dataclass(frozen=True)
class Opened:
    """A claim that may be shown its code. `claim` and `session` (of a claim by sheet) are the caller's to keep."""

    claim: str
    code_ends: datetime
    round: str
    holder: str
    session: str | None = None


class ClaimDesk:
    """Every method answers with a typed refusal or what was asked for, after the trail has it.

    When the trail can't be written the method raises, and what it would have told stays untold.
    """

    def __init__(
        self,
        store: CredentialsStore,
        claims: ClaimStore,
        vault: Vault,
        endings: EndingStore,
        code_key: SecretBytes,
        clock: Callable[[], datetime],
        mail_waits: Callable[[], None],
    ) -> None:
        self._store, self._claims, self._code_key, self._clock = store, claims, code_key, clock
        self._vault = vault
        self._mail_waits, self._endings = mail_waits, endings
        self._journal = Journal(store.trail, clock)

    async def open(self, who: Principal, round_id: str, holder: str) -> Opened | Wait | Refusal:
        """Begin a claim. For a holder that is not the caller's own it looks the same and leads nowhere."""
        now, actor = self._clock(), Actor.of(who)
        kind = cast("HolderKind", who.role.value)
        own = await self._store.credential_of(round_id, kind, who.org)
        contact = await self._store.contact_of(kind, who.org)
        closed = await self._endings.closed(round_id)
        if holder == who.org:
            return await self.begin(actor, own, (kind, holder, round_id), contact is not None, closed, now)
        if closed:
            return await self._journal.refused(actor, kind, holder, "claim.open", Refusal.ENDED, round_id)
        wait = await self._claims.count_opening(f"{kind}/{who.org}", attempts.open_again, now)
        if wait is not None:
            await self._journal.refused(actor, kind, holder, "claim.open", wait.refusal, round_id)
            return wait
        # It runs its course like any other, but no code is sent and none fits. The keyring is asked as for one's own.
        if own is not None:
            await self._is_erased(own.state)
        claim_id, claim = _new_claim(actor, (kind, holder, round_id), None, now)
        await self._claims.add_claim(claim, [], now)
        self._mail_waits()
        await self._journal.refused(actor, kind, holder, "claim.open", Refusal.NOT_OWN, round_id)
        return Opened(claim_id, claim.code_ends, round_id, holder)

    async def begin(
        self,
        actor: Actor,
        own: Stored[Credential] | None,
        whose: tuple[HolderKind, str, str],
        reachable: bool,
        closed: bool,
        now: datetime,
        session: tuple[str, str] | None = None,
    ) -> Opened | Wait | Refusal:
        """Begin a claim on a credential that is the caller's own: by its token, or by its sheet with a new session.

        `whose` is kind, code and round, `closed` whether that round is; `session` the one to hand out and the digest
        to keep.
        """
        kind, holder, round_id = whose
        why_not = await self._why_not(own.state if own else None, closed, now)
        if own is None or why_not is not None:
            refusal = why_not or Refusal.NOT_ISSUED
            return await self._journal.refused(actor, kind, holder, "claim.open", refusal, round_id)
        if not reachable:
            return await self._journal.refused(actor, kind, holder, "claim.open", Refusal.NO_CONTACT, round_id)
        wait = await self._claims.count_opening(f"{kind}/{holder}", attempts.open_again, now)
        if wait is not None:
            await self._journal.refused(actor, kind, holder, "claim.open", wait.refusal, round_id)
            return wait
        claim_id, claim = _new_claim(actor, whose, own.state, now, session[1] if session else None)
        if own.state.reveal is not None:
            late, events = attempts.refuse_as_claimed(
                claim.model_copy(update={"mail_due": None}), own.state.reveal, now
            )
            await self._claims.add_claim(late, events, now)
            return await self._journal.refused(actor, kind, holder, "claim.open", Refusal.ALREADY_CLAIMED, round_id)
        if own.state.locked:
            await self._show_locked(own.id, locked=False)
        await self._claims.add_claim(claim, [], now)
        self._mail_waits()
        await self._journal.allowed(actor, kind, holder, "claim.open", own.state.mark)
        return Opened(claim_id, claim.code_ends, round_id, holder, session[0] if session else None)

    async def verify(self, caller: Caller, claim_id: str, code: str) -> Refusal | None:
        """Try a code. Unknown claims, those of others, and wrong codes are refused alike, after the same work."""
        stored = await own_claim(self._claims, caller, claim_id)
        actor = actor_of(caller, stored.state if stored else None)
        closed = await self._endings.closed(stored.state.round if stored else "")
        if stored is None:
            await self._try_nobodys(code)
            kind, holder = (actor.role, actor.org) if actor.org else ("claim", "unknown")
            return await self._journal.refused(actor, kind, holder, "claim.verify", Refusal.WRONG_CODE)
        claim = stored.state
        if closed:
            return await self._journal.refused(
                actor, claim.kind, claim.holder, "claim.verify", Refusal.ENDED, claim.round
            )
        for _ in range(ATTEMPTS):
            now = self._clock()
            fits = codes.fits(code, stored.state.claim, self._code_key)
            tried, refusal, events = attempts.try_code(stored.state, fits, now)
            try:
                if tried is not stored.state or events:
                    await self._claims.claims.save(stored, tried, announced(events), now)
            except Conflict:
                stored = await self._again(stored)
                continue
            if refusal is Refusal.LOCKED and tried is not stored.state:
                await self._lock(tried, now)
            if refusal is not None:
                return await self._journal.refused(
                    actor, tried.kind, tried.holder, "claim.verify", refusal, tried.round
                )
            await self._journal.allowed(actor, tried.kind, tried.holder, "claim.verify", tried.round)
            return None
        raise Conflict(stored.id)

    async def _why_not(self, own: Credential | None, closed: bool, now: datetime) -> Refusal | None:
        if own is not None and await self._is_erased(own):
            return Refusal.ERASED
        if own is None or not own.claimable:
            return Refusal.NOT_ISSUED
        return Refusal.ENDED if has_ended(own, closed, self._endings.days, now) else None

    async def _is_erased(self, credential: Credential) -> bool:
        """Also where a restored copy of the database knows nothing of it."""
        return credential.erased_at is not None or await self._vault.erased(credential.sealed)

    async def _try_nobodys(self, code: str) -> None:
        """A wrong code of a claim that is not there: what a wrong code of one that is takes."""
        now = self._clock()
        claim = _nobodys(now)
        tried, _, _ = attempts.try_code(claim, codes.fits(code, claim.claim, self._code_key), now)
        await self._claims.write_to_nobody(tried, secrets.randbelow(256))

    async def _again(self, stored: Stored[Claim]) -> Stored[Claim]:
        newer = await self._claims.claims.load(stored.id)
        if newer is None:
            raise Conflict(stored.id)
        return newer

    async def _lock(self, claim: Claim, now: datetime) -> None:
        await self._claims.count_opening(f"{claim.kind}/{claim.org}", attempts.lock, now)
        if claim.genuine:
            await self._show_locked(domain.credential_id(claim.round, claim.kind, claim.holder), locked=True)

    async def _show_locked(self, credential: str, *, locked: bool) -> None:
        for _ in range(ATTEMPTS):
            now = self._clock()
            stored = await self._store.credentials.load(credential)
            if stored is None:
                return
            changed, events = domain.set_locked(stored.state, locked, now)
            if changed is stored.state:
                return
            try:
                await self._store.credentials.save(stored, changed, announced(events), now)
            except Conflict:
                continue
            return


def _nobodys(now: datetime) -> Claim:
    """A claim that nobody has; the database forgets it soon."""
    return Claim(
        claim=codes.reference(""),
        round="",
        holder="",
        kind="center",
        path=("00", "00", "0000", "0000000"),
        credential="",
        edition=0,
        genuine=False,
        subject="",
        role="center",
        org="",
        opened_at=now,
        code_ends=now + attempts.CODE_LIFE,
        ends=now + attempts.CODE_LIFE,
    )


def _new_claim(
    actor: Actor,
    whose: tuple[HolderKind, str, str],
    credential: Credential | None,
    now: datetime,
    session: str | None = None,
) -> tuple[str, Claim]:
    """A claim, and the id that its caller is given. Without a credential it is no genuine one."""
    kind, holder, round_id = whose
    claim_id = codes.new_claim_id()
    return claim_id, Claim(
        claim=codes.reference(claim_id),
        round=round_id,
        holder=holder,
        kind=kind,
        path=credential.path if credential else (),
        credential=credential.credential if credential else "",
        edition=credential.edition if credential else 0,
        turn=credential.turn if credential else 1,
        genuine=credential is not None,
        subject=actor.subject,
        role=actor.role,
        org=actor.org,
        way="sheet" if session else "token",
        session=session,
        opened_at=now,
        code_ends=now + attempts.CODE_LIFE,
        mail_due=now if credential else None,
        ends=now + attempts.CLAIM_KEPT,
    )
