"""Where the secret is shown: once, to the holder that showed its code, after the trail has it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from services.credentials import domain
from services.credentials.claiming import attempts, codes
from services.credentials.claiming.attempts import Claim
from services.credentials.claiming.claims import own_claim
from services.credentials.claiming.store import ClaimStore
from services.credentials.domain import Credential, Refusal, Reveal
from services.credentials.journal import Journal
from services.credentials.store import ATTEMPTS, CredentialsStore, announced
from shared.failpoints import failpoint
from shared.mongo import Conflict, Stored
from shared.mongo.sealing import SealBroken, Vault
from shared.security.principals import Principal
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
        self, store: CredentialsStore, claims: ClaimStore, vault: Vault, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._claims, self._vault, self._clock = store, claims, vault, clock
        self._journal = Journal(store.trail, clock)

    async def reveal(self, who: Principal, claim_id: str, key: str) -> Revealed | Refusal:
        """Show the secret, once. The same caller with the same key may fetch a lost answer again for two minutes.

        One conditional write on the credential's version decides who is first, however many ask at once.
        """
        now = self._clock()
        found = await own_claim(self._claims, who, claim_id)
        refusal = attempts.may_reveal(found.state, now) if found is not None else Refusal.NOT_VERIFIED
        if found is None or refusal is not None:
            holder = found.state.holder if found is not None else who.org
            return await self._journal.refused(who, holder, "credential.reveal", refusal or Refusal.NOT_VERIFIED)
        claim = found.state
        attempt = Reveal(
            claim=claim.claim,
            subject=who.subject,
            role=who.role.value,
            key_digest=codes.key_digest(key, claim.claim),
            at=now,
        )
        for _ in range(ATTEMPTS):
            stored = await self._store.credential_of(claim.round, claim.kind, claim.holder)
            if stored is None:
                return await self._journal.refused(
                    who, claim.holder, "credential.reveal", Refusal.NOT_VERIFIED, claim.round
                )
            decided = domain.reveal(stored.state, attempt)
            if isinstance(decided, Refusal):
                await self._refuse_as_claimed(found, now)
                return await self._journal.refused(who, claim.holder, "credential.reveal", decided, claim.round)
            secret = await self._unseal(who, stored.state)
            opened, events = decided
            try:
                if events:
                    await self._store.credentials.save(stored, opened, announced(events), now)
            except Conflict:
                continue
            action = "credential.reveal" if events else "credential.refetch"
            await self._journal.allowed(who, claim.holder, action, claim.round)
            failpoint("credentials.after_audit")
            return Revealed(SecretStr(secret["username"]), SecretStr(secret["password"]), opened)
        raise Conflict(claim.claim)

    async def confirm(self, who: Principal, claim_id: str) -> Credential | Refusal:
        """The holder says that it has its secret. Twice is as good as once."""
        found = await own_claim(self._claims, who, claim_id)
        if found is None:
            return await self._journal.refused(who, who.org, "credential.confirm", Refusal.NOT_REVEALED)
        claim = found.state
        for _ in range(ATTEMPTS):
            now = self._clock()
            stored = await self._store.credential_of(claim.round, claim.kind, claim.holder)
            decided = domain.confirm(stored.state, claim.claim, now) if stored else Refusal.NOT_REVEALED
            if stored is None or isinstance(decided, Refusal):
                return await self._journal.refused(
                    who, claim.holder, "credential.confirm", Refusal.NOT_REVEALED, claim.round
                )
            confirmed, events = decided
            try:
                if events:
                    await self._store.credentials.save(stored, confirmed, announced(events), now)
            except Conflict:
                continue
            await self._journal.allowed(who, claim.holder, "credential.confirm", claim.round)
            return confirmed
        raise Conflict(claim.claim)

    async def _unseal(self, who: Principal, credential: Credential) -> dict[str, str]:
        try:
            return await self._vault.open(credential.sealed, credential.label)
        except SealBroken:
            log.exception("credentials.seal.broken", credential=credential.credential)
            await self._journal.failed(who, credential.holder, "credential.reveal", "seal_broken", credential.round)
            raise

    async def _refuse_as_claimed(self, found: Stored[Claim], now: datetime) -> None:
        """Tell of a claim that came too late, once."""
        refused, events = attempts.refuse_as_claimed(found.state, now)
        try:
            await self._claims.claims.save(found, refused, announced(events), now)
        except Conflict:
            return  # another request with the same claim has told it
