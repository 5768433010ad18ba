"""A running vault, and claims as if many people had begun them.

`python -m tests.bench.claiming [credentials]`: a thousand claimants at once for each credential, and who got what. Exit
code 1 when one has not exactly one holder.
"""

import asyncio
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from deploy.local.stack import Stack
from services.credentials.app import build
from services.credentials.claiming import codes
from services.credentials.claiming.attempts import Claim
from services.credentials.claiming.store import ClaimStore
from services.credentials.settings import CredentialsSettings
from shared.mongo.aggregates import Announcer
from shared.process import look_for_garbage_seldom
from shared.telemetry import configure_logging
from tests.integration.credentials.conftest import Round, Vault, serving
from tests.world import World

EACH = 1_000


class Nobody:
    """Publishes nothing."""

    grace = timedelta(hours=1)

    def announce(self, outbox: object, aggregate: str, entries: Sequence[object]) -> None:
        """Claims of a bench are nobody's news."""


@asynccontextmanager
async def vault() -> AsyncIterator[Vault]:
    """A running vault on servers of its own."""
    look_for_garbage_seldom()
    with tempfile.TemporaryDirectory() as directory:
        stack = Stack(Path(directory), ports="ephemeral", environ={})
        await asyncio.to_thread(stack.start, servers_only=True)
        try:
            world = World(stack, f"b{secrets.token_hex(4)}")
            await world.open()
            key = Path(directory) / "master-key"
            key.write_bytes(os.urandom(96))
            key.chmod(0o600)
            app = build(world.settings(CredentialsSettings, master_key_file=key, claims_per_address=1_000_000))
            configure_logging("bench", level="ERROR")
            async for running in serving(world, app):
                yield running
            await world.close()
        finally:
            await asyncio.to_thread(stack.stop)


def claims_of(
    what: Round, center: str, credential: dict[str, object], count: int, *, genuine: bool, verified: bool
) -> list[tuple[str, str, Claim]]:
    """Claims as if so many people had begun them: (id, person, claim)."""
    now = datetime.now(UTC)
    made = []
    for number in range(count):
        claim_id, person = codes.new_claim_id(), f"person-{number}"
        claim = Claim(
            claim=codes.reference(claim_id), round=what.id, holder=center, kind="center", path=what.path_of(center),
            credential=str(credential["credential"]) if genuine else "", edition=1 if genuine else 0, genuine=genuine,
            subject=person, role="center", org=center, opened_at=now, code_ends=now + timedelta(hours=1),
            verified_at=now if verified else None, ends=now + timedelta(days=1),
        )  # fmt: skip
        made.append((claim_id, person, claim))
    return made


async def credential_of(running: Vault, what: Round, center: str) -> dict[str, object]:
    found = await running.mongo.documents("credentials").one({"_id": what.credential("center", center)})
    assert found
    return found


async def keep(running: Vault, claims: Sequence[Claim]) -> None:
    announcer: Announcer = Nobody()
    store = ClaimStore(running.mongo, announcer)
    await store.claims.create_many([(claim.claim, claim, []) for claim in claims], datetime.now(UTC))


async def claimants(size: int) -> bool:
    """A thousand claimants at once for each of `size` credentials; whether exactly one saw each secret."""
    console, good = Console(width=130), 0
    async with vault() as running:
        what = Round.of(size, per_lao=max(1, size))
        await running.seal(what)
        counted = Counter[int]()
        cpu, wall = time.process_time(), time.perf_counter()
        for number, center in enumerate(what.centers):
            if number and not number % 10:
                console.print(f"{number} of {size} after {time.perf_counter() - wall:.0f} s, one holder: {good}")
            credential = await credential_of(running, what, center)
            claims = claims_of(what, center, credential, EACH, genuine=True, verified=True)
            await keep(running, [claim for _, _, claim in claims])
            answers = await asyncio.gather(
                *(
                    running.reveal(claim, "center", center, person, key=f"key-of-{person}")
                    for claim, person, _ in claims
                )
            )
            statuses = Counter(answer.status_code for answer in answers)
            winners = [person for (_, person, _), got in zip(claims, answers, strict=True) if got.status_code == 200]
            kept = await running.mongo.documents("credentials").one({"_id": what.credential("center", center)})
            holder = ((kept or {}).get("reveal") or {}).get("subject")
            if winners == [holder]:
                good += 1
            else:
                console.print(f"[red]{center}: {len(winners)} saw the secret, {dict(statuses)}[/red]")
            counted += statuses
        took = f"{time.process_time() - cpu:.0f} s CPU, {time.perf_counter() - wall:.0f} s"
        console.print(f"{size} credentials × {EACH:,} claimants: {dict(counted)}; one holder: {good} of {size}; {took}")
        return good == size


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(claimants(int(sys.argv[1]) if sys.argv[1:] else 100)) else 1)
