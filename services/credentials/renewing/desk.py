"""Where renewals are asked, decided and carried out: each step in the trail, then in one write, then answered."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.credentials.domain import Credential, Refusal, credential_id
from services.credentials.journal import Journal
from services.credentials.renewing import rules
from services.credentials.renewing.rules import Changed, Wish
from services.credentials.renewing.store import RenewalStore
from services.credentials.rules import SecretRules, generate
from services.credentials.store import ATTEMPTS, CredentialsStore, announced
from shared.mongo import Conflict, Stored
from shared.mongo.sealing import SealBroken, ToSeal, Vault
from shared.security.approval import ApprovalRefusal
from shared.security.principals import Principal

Step = Literal["approved", "refused", "withdrawn"]
_ACTIONS: dict[Step, str] = {"approved": "approve", "refused": "refuse", "withdrawn": "withdraw"}


@dataclass(frozen=True)
class Settled:
    """The credential as it is now, and whether what was wished is done or only asked for."""

    credential: Credential
    outcome: Literal["done", "asked"]


class RenewalDesk:
    """Every refusal is in the trail before it is told, every change before it is made.

    An entry may stand of a change that the database then refused; its caller got an error. Never the other way round.
    """

    def __init__(
        self,
        store: CredentialsStore,
        renewals: RenewalStore,
        vault: Vault,
        secret_rules: SecretRules,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._renewals, self._vault, self._clock = store, renewals, vault, clock
        self._secret_rules = secret_rules
        self._journal = Journal(store.trail, clock)

    async def wish(
        self, who: Principal, credential: Credential, wish: Wish
    ) -> Settled | Refusal | Literal["forbidden"]:
        """Do it, where the caller may do it alone; ask for it otherwise."""
        alone = rules.acts_alone(who, wish)
        action = f"credential.{wish.kind}" if alone else "renewal.ask"
        detail = f"{credential.round} {wish.kind} {wish.reason}"
        if not rules.may_ask(who, credential):
            await self._journal.declined(who, credential.kind, credential.holder, action, "forbidden", detail)
            return "forbidden"
        for attempt in range(ATTEMPTS):
            now = self._clock()
            stored = await self._store.credentials.load(_record(credential))
            if stored is None:
                raise Conflict(_record(credential))
            changed = await self._alone(stored.state, wish, who, now) if alone else self._asked(stored, wish, who, now)
            if isinstance(changed, Refusal):
                await self._journal.declined(who, credential.kind, credential.holder, action, changed.value, detail)
                return changed
            if attempt == 0:
                await self._journal.acted(who, credential.kind, credential.holder, action, detail)
            try:
                await self._store.credentials.save(stored, changed[0], announced(changed[1]), now)
            except Conflict:
                continue
            return Settled(changed[0], "done" if alone else "asked")
        raise Conflict(_record(credential))

    async def settle(
        self, who: Principal, request: str, step: Step
    ) -> Settled | Refusal | ApprovalRefusal | Literal["unknown"]:
        """Approve, refuse or withdraw a request. Unknown ones and those of others' parts of the tree are alike."""
        action = f"renewal.{_ACTIONS[step]}"
        for attempt in range(ATTEMPTS):
            now = self._clock()
            stored = await self._renewals.of_request(request)
            allowed = rules.may_ask if step == "withdrawn" else rules.may_decide
            if stored is None or stored.state.renewal is None or not allowed(who, stored.state):
                await self._journal.declined(who, "renewal", request, action, "out_of_scope", "")
                return "unknown"
            before = stored.state
            detail = f"{before.round} {stored.state.renewal.kind} {request}"
            changed = await self._step(before, step, who, now)
            if not isinstance(changed, tuple):
                reason = changed.value if isinstance(changed, Refusal) else type(changed).__name__
                await self._journal.declined(who, before.kind, before.holder, action, reason, detail)
                return changed
            if attempt == 0:
                await self._journal.acted(who, before.kind, before.holder, action, detail)
            try:
                if changed[1]:
                    await self._store.credentials.save(stored, changed[0], announced(changed[1]), now)
            except Conflict:
                continue
            return Settled(changed[0], "done" if step == "approved" else "asked")
        raise Conflict(request)

    def _asked(self, stored: Stored[Credential], wish: Wish, who: Principal, now: datetime) -> Changed | Refusal:
        return rules.ask(stored.state, wish, secrets.token_hex(8), who, now)

    async def _alone(self, credential: Credential, wish: Wish, who: Principal, now: datetime) -> Changed | Refusal:
        refusal = rules.possible(credential, wish)
        if refusal is not None:
            return refusal
        return rules.carry_out(credential, wish, who, await self._new_secret(credential, wish), now)

    async def _step(
        self, credential: Credential, step: Step, who: Principal, now: datetime
    ) -> Changed | Refusal | ApprovalRefusal:
        renewal = credential.renewal
        assert renewal is not None
        if step == "withdrawn":
            return rules.withdraw(credential, who, now)
        sealed = None
        if step == "approved":
            sealed = await self._new_secret(credential, Wish(renewal.kind, renewal.reason, renewal.source))
        return rules.decide(credential, step, who, sealed, now)

    async def _new_secret(self, credential: Credential, wish: Wish) -> bytes | None:
        """For a rotation from here: a new password, sealed for the next edition. The username stays, where it can."""
        if wish.kind != "rotate" or wish.source != "generated":
            return None
        made = generate(self._secret_rules.of(credential.round))
        try:
            old = await self._vault.open(credential.sealed, credential.label) if credential.sealed else {}
        except SealBroken:
            old = {}
        label = credential.model_copy(update={"edition": credential.edition + 1}).label
        owner = f"{credential.kind}/{credential.holder}"
        secret = {**made, "username": old.get("username", made["username"])}
        (sealed,) = await self._vault.seal_many([ToSeal(owner, label, secret)])
        return sealed


def _record(credential: Credential) -> str:
    return credential_id(credential.round, credential.kind, credential.holder)
