"""Where a claim begins without a token: with the code of an activation sheet."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from pydantic import SecretBytes

from services.credentials.activating import codes, rules
from services.credentials.activating.store import ActivationStore
from services.credentials.claiming.attempts import Wait
from services.credentials.claiming.callers import Door, new_session, session_digest
from services.credentials.claiming.claims import ClaimDesk, Opened
from services.credentials.domain import Refusal
from services.credentials.ending.store import EndingStore
from services.credentials.journal import Actor, Journal
from services.credentials.store import CredentialsStore

TRIES_WITHIN: Final = timedelta(minutes=10)
TRIES_PER_GROUP: Final = 20
"""Tries with codes that begin alike, whoever makes them: a found sheet cannot be used to flood its holder with mail."""
_NOBODY: Final = ("nobody", "center", "(none)")


class DoorDesk:
    """A code that was never printed, one made void, and one past its time are refused alike, after the same work."""

    def __init__(
        self,
        store: CredentialsStore,
        activations: ActivationStore,
        claims: ClaimDesk,
        endings: EndingStore,
        code_key: SecretBytes,
        clock: Callable[[], datetime],
        tries_per_address: int,
    ) -> None:
        self._store, self._activations, self._claims = store, activations, claims
        self._endings = endings
        self._code_key, self._clock, self._tries = code_key, clock, tries_per_address
        self._journal = Journal(store.trail, clock)

    async def open(self, door: Door, code: str) -> Opened | Wait | Refusal:
        """Begin a claim with a code as `codes.read` gives it; the caller gets a session to show at each step."""
        now, stranger = self._clock(), Actor.at_the_door(door.address)
        wait = await self._count(door, code, now)
        if wait is not None:
            await self._journal.refused(stranger, "claim", "code", "claim.open", wait.refusal)
            return wait
        found = await self._activations.of_code(codes.digest(code, self._code_key))
        record, kind, holder = (found.credential, found.kind, found.holder) if found else _NOBODY
        credential = await self._store.credentials.load(record)
        contact = await self._store.contact_of("lao" if kind == "lao" else "center", holder)
        if found is None or not rules.opens(found, credential.state if credential else None, now):
            subject = (found.kind, found.holder) if found else ("claim", "code")
            return await self._journal.refused(stranger, *subject, "claim.open", Refusal.CODE_REFUSED)
        sheet = Actor.with_sheet(found.sheet, found.kind, found.holder, door.address)
        session = new_session()
        return await self._claims.begin(
            sheet,
            credential,
            (found.kind, found.holder, found.round),
            contact is not None,
            await self._endings.closed(found.round),
            now,
            (session, session_digest(session)),
        )

    async def _count(self, door: Door, code: str, now: datetime) -> Wait | None:
        key = self._code_key
        by_address = await self._activations.count_try(
            "address/" + codes.digest(door.address, key)[:24], now, TRIES_WITHIN
        )
        by_group = await self._activations.count_try(
            "group/" + codes.digest(codes.first_group(code), key)[:24], now, TRIES_WITHIN
        )
        if by_address > self._tries or by_group > TRIES_PER_GROUP:
            return Wait(Refusal.TOO_MANY, now + TRIES_WITHIN)
        return None
