"""How long it takes until every holder of a round has a sealed credential: `python -m tests.bench.sealing [holders]`.

Once generated here, once from a sealed batch of as many lines. Exit code 1 above two minutes for either.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import httpx
from rich.console import Console

from deploy.local.sealing.sending import ENDED, seal_lines
from tests.bench.claiming import vault
from tests.integration.credentials.conftest import Round, Vault, announce
from tests.integration.credentials.sending import Onesqa, lines_for
from tests.world import eventually

HOLDERS = 18_000
MOST_S = 120.0
PATIENCE_S = 900.0


async def told(running: Vault, what: Round) -> None:
    """A round that the vault knows in full. The time of that is the registry's and the bus's, and not counted."""
    await announce(running.world, what)

    async def known() -> bool:
        owed = await running.mongo.documents("obligations").count({"round": what.id})
        centers = await running.mongo.documents("centers").count({"_id": {"$in": what.centers}})
        return (owed, centers) == (len(what.centers), len(what.centers))

    await eventually(known, within=PATIENCE_S)


async def generated(running: Vault, what: Round) -> float:
    """Seconds from the order to the last sealed credential."""
    operator, url = running.headers("operator", "00"), f"/v1/rounds/{what.id}/credentials"
    began = time.perf_counter()
    answer = await running.http.post(url, json={"generate": True}, headers=operator)
    assert answer.status_code == 202, answer.text
    await over(lambda: running.http.get(url, headers=operator), {"done"})
    return time.perf_counter() - began


async def handed_in(running: Vault, what: Round) -> float:
    """Seconds from the arrival of a sealed batch to the verdict on its last line."""
    onesqa = Onesqa(running, what)
    batch = await onesqa.open()
    text = seal_lines(batch, lines_for(what), onesqa.sender)
    began = time.perf_counter()
    answer = await onesqa.post(text)
    assert answer.status_code == 202, answer.text
    url = f"/v1/rounds/{what.id}/batches/{batch['batch']}"
    await over(lambda: running.http.get(url, headers=onesqa.headers), ENDED)
    return time.perf_counter() - began


async def over(ask: Callable[[], Awaitable[httpx.Response]], ends: "frozenset[str] | set[str]") -> None:
    async def ended() -> bool:
        await asyncio.sleep(0.25)
        return (await ask()).json()["state"] in ends

    await eventually(ended, within=PATIENCE_S)


async def measure(holders: int) -> bool:
    """Seal a round of so many holders each way; whether both were in time and nobody was left out."""
    console, good = Console(width=130), True
    async with vault() as running:
        for name, way in (("generated", generated), ("sealed batch", handed_in)):
            what = Round.of(holders * 2 // 3, per_lao=2)
            await told(running, what)
            cpu = time.process_time()
            took = await way(running, what)
            cpu = time.process_time() - cpu
            there = await running.mongo.documents("credentials").count({"round": what.id, "state": "sealed"})
            wanted = len(what.centers) + len(what.laos)
            good = good and took <= MOST_S and there == wanted
            rate = f"{there / took:,.0f}/s, {cpu:.0f} s CPU of the service"
            console.print(f"{name}: {there:,} of {wanted:,} holders in {took:.1f} s ({rate}); at most {MOST_S:.0f} s")
    return good


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(measure(int(sys.argv[1]) if sys.argv[1:] else HOLDERS)) else 1)
