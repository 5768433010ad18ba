"""Where the secret is shown: once, to the holder that showed its code, after the trail has it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from services.credentials import domain
from services.credentials.claiming import attempts, codes
from services.credentials.claiming.attempts import Claim
from services.credentials.claiming.callers import Caller, actor_of, own_claim
from services.credentials.claiming.store import ClaimStore
from services.credentials.domain import Credential, Refusal, Reveal
from services.credentials.ending.rules import has_ended
from services.credentials.ending.store import EndingStore
from services.credentials.journal import Actor, Journal
from services.credentials.store import ATTEMPTS, CredentialsStore, announced
from shared.failpoints import failpoint
from shared.mongo import Conflict, Stored
from shared.mongo.sealing import SealBroken, Vault
from shared.telemetry import get_logger

log = get_logger()


@dataclass(frozen=True)
class Revealed:
    """A secret on its way to its holder."""

    username: SecretStr
    password: SecretStr
    credential: Credential


class RevealDesk:
    """Both methods answer with a typed refusal or what was asked for, after the trail has it.

    When the trail can't be written they raise, and what they would have told stays untold.
    """

    def __init__(
        self,
        store: CredentialsStore,
        claims: ClaimStore,
        endings: EndingStore,
        vault: Vault,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._claims, self._vault, self._clock = store, claims, vault, clock
        self._endings = endings
        self._journal = Journal(store.trail, clock)

    async def reveal(self, caller: Caller, claim_id: str, key: str) -> Revealed | Refusal:
        """Show the secret, once. The same caller with the same key may fetch a lost answer again for two minutes.

        One conditional write on the credential's version decides who is first, however many ask at once.
        """
        now = self._clock()
        found = await own_claim(self._claims, caller, claim_id)
        actor = actor_of(caller, found.state if found else None)
        refusal = attempts.may_reveal(found.state, now) if found is not None else Refusal.NOT_VERIFIED
        if found is None or refusal is not None:
            return await self._refused(actor, found, "credential.reveal", refusal or Refusal.NOT_VERIFIED)
        claim = found.state
        attempt = Reveal(
            claim=claim.claim,
            subject=claim.subject,
            role=claim.role,
            key_digest=codes.key_digest(key, claim.claim),
            at=now,
            way=claim.way,
        )
        closed = await self._endings.closed(claim.round)
        for _ in range(ATTEMPTS):
            stored = await self._store.credential_of(claim.round, claim.kind, claim.holder)
            refusal = self._why_not(claim, stored.state if stored else None, closed, now)
            if stored is None or refusal is not None:
                return await self._refused(actor, found, "credential.reveal", refusal or Refusal.NOT_VERIFIED)
            decided = domain.reveal(stored.state, attempt)
            if isinstance(decided, Refusal):
                await self._refuse_as_claimed(found, stored.state.reveal, now)
                return await self._refused(actor, found, "credential.reveal", decided)
            secret = await self._unseal(actor, stored.state)
            if secret is None:
                return await self._refused(actor, found, "credential.reveal", Refusal.ERASED)
            opened, events = decided
            try:
                if events:
                    await self._store.credentials.save(stored, opened, announced(events), now)
            except Conflict:
                continue
            action = "credential.reveal" if events else "credential.refetch"
            await self._journal.allowed(actor, claim.kind, claim.holder, action, opened.mark)
            failpoint("credentials.after_audit")
            return Revealed(SecretStr(secret["username"]), SecretStr(secret["password"]), opened)
        raise Conflict(claim.claim)

    async def confirm(self, caller: Caller, claim_id: str) -> Credential | Refusal:
        """The holder says that it has its secret. Twice is as good as once."""
        found = await own_claim(self._claims, caller, claim_id)
        actor = actor_of(caller, found.state if found else None)
        if found is None:
            return await self._refused(actor, None, "credential.confirm", Refusal.NOT_REVEALED)
        claim = found.state
        for attempt in range(ATTEMPTS):
            now = self._clock()
            stored = await self._store.credential_of(claim.round, claim.kind, claim.holder)
            decided = domain.confirm(stored.state, claim.claim, now) if stored else Refusal.NOT_REVEALED
            if stored is None or isinstance(decided, Refusal):
                refusal = decided if isinstance(decided, Refusal) else Refusal.NOT_REVEALED
                return await self._refused(actor, found, "credential.confirm", refusal)
            confirmed, events = decided
            if attempt == 0:  # before the change: nothing is announced that nobody can account for
                await self._journal.allowed(actor, claim.kind, claim.holder, "credential.confirm", confirmed.mark)
            try:
                if events:
                    await self._store.credentials.save(stored, confirmed, announced(events), now)
            except Conflict:
                continue
            return confirmed
        raise Conflict(claim.claim)

    def _why_not(self, claim: Claim, credential: Credential | None, closed: bool, now: datetime) -> Refusal | None:
        """What stands in the way of a reveal before it is asked whether it is the first."""
        if credential is not None and credential.erased_at is not None:
            return Refusal.ERASED
        if credential is None or not attempts.is_of(claim, credential):
            return Refusal.NOT_VERIFIED
        return Refusal.ENDED if has_ended(credential, closed, self._endings.days, now) else None

    async def _refused(self, actor: Actor, found: Stored[Claim] | None, action: str, refusal: Refusal) -> Refusal:
        if found is not None:
            claim = found.state
            return await self._journal.refused(actor, claim.kind, claim.holder, action, refusal, claim.round)
        kind, holder = (actor.role, actor.org) if actor.org else ("claim", "unknown")
        return await self._journal.refused(actor, kind, holder, action, refusal)

    async def _unseal(self, actor: Actor, credential: Credential) -> dict[str, str] | None:
        """The secret; None when the holder was erased, which the record may not know yet, or not any more."""
        try:
            return await self._vault.open(credential.sealed, credential.label)
        except SealBroken:
            if await self._vault.erased(credential.sealed, fresh=True):
                return None
            log.exception("credentials.seal.broken", credential=credential.credential)
            await self._journal.failed(
                actor, credential.kind, credential.holder, "credential.reveal", "seal_broken", credential.round
            )
            raise

    async def _refuse_as_claimed(self, found: Stored[Claim], opened: Reveal | None, now: datetime) -> None:
        """Tell of a claim that came too late, once."""
        if opened is None:
            return
        refused, events = attempts.refuse_as_claimed(found.state, opened, now)
        try:
            await self._claims.claims.save(found, refused, announced(events), now)
        except Conflict:
            return  # another request with the same claim has told it
