"""Judges the rows of a batch and seals what is to be sealed, some hundred at a time."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from services.credentials.batches.store import BatchStore
from services.credentials.batches.verdicts import Facts, Judged, Row, judge, same_secret
from services.credentials.domain import Credential, Event, Holder, issue, renew
from services.credentials.renewing.rules import bring
from services.credentials.rules import SecretRules
from services.credentials.store import ATTEMPTS, CredentialsStore, announced
from shared.mongo import Conflict, Stored
from shared.mongo.sealing import ToSeal, Vault
from shared.security.audit import Deed

Chosen = tuple[Row, Judged, Credential, list[Event], Stored[Credential] | None]


class Importer:
    """Each call is safe to repeat: what is sealed already is found to be the same and left alone."""

    def __init__(
        self,
        store: CredentialsStore,
        batches: BatchStore,
        vault: Vault,
        rules: SecretRules,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._batches, self._vault, self._rules, self._clock = store, batches, vault, rules, clock

    async def take(self, round_id: str, batch: str, sender: str, rows: Sequence[Row]) -> list[Judged]:
        """The verdict of each row; those that are sealed are durable, in the trail, and will be announced.

        `sender` is the publisher's name. Raises what the vault and the database raise.
        """
        judged: dict[int, Judged] = {}
        left = list(rows)
        for _ in range(ATTEMPTS):
            decided, chosen = await self._decide(round_id, batch, left)
            judged |= {each.number: each for each in decided}
            overtaken = await self._seal(sender, chosen)
            judged |= {
                verdict.number: replace(verdict, pending=False)
                for row, verdict, *_ in chosen
                if row.number not in overtaken
            }
            left = [row for row in left if row.number in overtaken]
            if not left:
                return [judged[row.number] for row in rows]
        raise Conflict(batch)

    async def _decide(self, round_id: str, batch: str, rows: Sequence[Row]) -> tuple[list[Judged], list[Chosen]]:
        now = self._clock()
        facts, stored = await self._batches.facts_of(round_id, rows)
        facts = await self._compared(rows, facts)
        decided, chosen = [], []
        for row in rows:
            verdict = judge(row, facts[row.owner], self._rules.of(round_id), batch)
            holder = facts[row.owner].holder
            if not verdict.pending or holder is None:
                decided.append(verdict)
                continue
            before = stored.get(holder.id)
            credential, events = _drafted(before.state if before else None, holder, batch, now)
            chosen.append((row, verdict, credential, events, before))
        return decided, chosen

    async def _compared(self, rows: Sequence[Row], facts: dict[str, Facts]) -> dict[str, Facts]:
        """The facts, with whether each row's secret is the one that its holder has."""
        having = [(row, has) for row in rows if (has := facts[row.owner].credential) is not None and has.sealed]
        opened = await self._vault.open_many([(has.sealed, has.label) for _, has in having])
        same = {row.owner: same_secret(row, found) for (row, _), found in zip(having, opened, strict=True)}
        return {owner: replace(each, same=same.get(owner, False)) for owner, each in facts.items()}

    async def _seal(self, sender: str, chosen: Sequence[Chosen]) -> set[int]:
        """Seal, enter in the trail, store. Returns the rows whose holder got another secret in this moment."""
        if not chosen:
            return set()
        now = self._clock()
        seals = await self._vault.seal_many(
            [ToSeal(row.owner, credential.label, row.secret) for row, _, credential, *_ in chosen]
        )
        # The trail first: a credential that nobody can account for must not exist.
        deeds = {
            row.owner: Deed(sender, "publisher", "credential.seal", row.owner, "allowed", credential.mark, sender)
            for row, _, credential, *_ in chosen
        }
        await self._store.trail.enter_once(deeds, now)
        new, changed, numbers = [], [], {}
        for (row, _, credential, events, before), seal in zip(chosen, seals, strict=True):
            sealed = credential.model_copy(update={"sealed": seal})
            numbers[row.credential(credential.round)] = row.number
            if before is None:
                new.append((sealed, events))
            else:
                changed.append((before, sealed, announced(events)))
        missed = await self._store.add_credentials(new, now) | await self._store.credentials.save_many(changed, now)
        return {numbers[key] for key in missed}


def _drafted(before: Credential | None, holder: Holder, batch: str, now: datetime) -> tuple[Credential, list[Event]]:
    """The credential as it will be, without its seal: the first, the one that was awaited, or the next edition."""
    if before is None:
        credential, events = issue(holder, secrets.token_hex(8), b"", now)
    elif before.awaits:
        credential, events = bring(before, b"", now)
    else:
        return renew(before, holder.path, batch, now)
    return credential.model_copy(update={"batch": batch}), events
