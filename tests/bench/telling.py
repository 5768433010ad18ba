"""Whether the time of an answer tells a wrong code from a wrong holder: `python -m tests.bench.telling [answers]`.

Exit code 1 when it does (a p-value below 0.001), and when the test could not have told: a difference planted in the
same answers must be found. How this is judged, and why so: docs/decisions/0021.
"""

import asyncio
import math
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

from services.credentials.activating import codes as claim_codes
from services.credentials.claiming import codes, door
from tests.bench.claiming import claims_of, credential_of, keep, vault
from tests.integration.credentials.conftest import Round, Vault

WARM = 50
TELLS = 0.001
"""A p-value below this says that the time of an answer tells the two apart."""
PLANTED = "wrong code and one look more"
"""The least that a careless path would do differently: one more look at the database. It has to be found."""

Ask = Callable[[], Awaitable[httpx.Response]]


async def interleaved(asks: dict[str, Sequence[Ask]]) -> dict[str, tuple[list[float], list[float]]]:
    """Ask one of each kind in turn, in an order drawn anew each time; wall and processor time of each answer, in ms."""
    taken: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in asks}
    names, chance = list(asks), np.random.default_rng(2569)
    for turn in range(min(map(len, asks.values()))):
        for name in chance.permutation(names):
            wall, cpu = time.perf_counter(), time.process_time()
            answer = await asks[name][turn]()
            taken[name][0].append((time.perf_counter() - wall) * 1e3)
            taken[name][1].append((time.process_time() - cpu) * 1e3)
            assert answer.status_code == 403, answer.text
            await asyncio.sleep(0.002)  # lets the relay finish what it publishes, so that it is not in the next answer
    return taken


def mann_whitney(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided p that two samples come from the same distribution: rank sums, normal approximation with ties."""
    both = np.concatenate([np.asarray(a), np.asarray(b)])
    _, place, counts = np.unique(both, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: np.ndarray[Any, Any] = ((ends - counts + 1 + ends) / 2)[place]
    n, m, total = len(a), len(b), len(both)
    u = float(ranks[:n].sum()) - n * (n + 1) / 2
    ties = float((counts.astype(float) ** 3 - counts).sum()) / (total * (total - 1))
    deviation = math.sqrt(n * m / 12 * (total + 1 - ties))
    return float(math.erfc(abs(u - n * m / 2) / deviation / math.sqrt(2))) if deviation else 1.0


def kolmogorov_smirnov(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided p that two samples come from the same distribution: the greatest distance of their shares below."""
    x, y = np.sort(a), np.sort(b)
    every = np.concatenate([x, y])
    below = np.searchsorted(x, every, side="right") / len(x), np.searchsorted(y, every, side="right") / len(y)
    distance = float(np.abs(below[0] - below[1]).max())
    scale = math.sqrt(len(x) * len(y) / (len(x) + len(y)))
    value = (scale + 0.12 + 0.11 / scale) * distance
    tail = 2 * sum((-1.0) ** (k - 1) * math.exp(-2 * (k * value) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, tail))


def looking(running: Vault, ask: Ask) -> Ask:
    """The same, and one look at the database more."""

    async def more() -> httpx.Response:
        answer = await ask()
        await running.mongo.documents("claims").one({"_id": "nobody's"})
        return answer

    return more


async def timing(size: int) -> bool:
    """Print medians and p-values; whether no time tells anything, and the planted difference does."""
    door.TRIES_PER_GROUP = 10**9  # type: ignore[misc]  # here one code is tried more often than anybody may
    async with vault() as running:
        what = Round.of(2)
        own, foreign = what.centers
        await running.seal(what)
        credential = await credential_of(running, what, own)
        right = claims_of(what, own, credential, size + WARM, genuine=True, verified=False)
        more = claims_of(what, own, credential, size + WARM, genuine=True, verified=False)
        wrong = claims_of(what, own, credential, size + WARM, genuine=False, verified=False)
        wrong = [(i, p, c.model_copy(update={"holder": foreign})) for i, p, c in wrong]
        await keep(running, [claim for _, _, claim in (*right, *more, *wrong)])
        void = [await running.sheet(what, own) for _ in range(4)]

        def verify(claim: str) -> Ask:
            # One person for all: that a name was seen before must not stand in the times.
            return lambda: running.verify(claim, "000000", "center", own, "person-0")

        def scan(code: str) -> Ask:
            return lambda: running.at_the_door(code)

        await running.mongo.documents("claims").update_all({"round": what.id}, {"$set": {"subject": "person-0"}})
        asks: dict[str, Sequence[Ask]] = {
            "wrong code": [verify(claim) for claim, _, _ in right],
            "wrong holder": [verify(claim) for claim, _, _ in wrong],
            "unknown claim": [verify(codes.new_claim_id()) for _ in range(size + WARM)],
            PLANTED: [looking(running, verify(claim)) for claim, _, _ in more],
        }
        taken = await interleaved(asks)
        doors: dict[str, Sequence[Ask]] = {
            "sheet never printed": [scan(claim_codes.draw()) for _ in range(size + WARM)],
            "sheet made void": [scan(void[number % 3]) for number in range(size + WARM)],
        }
        taken |= await interleaved(doors)
        pairs = [
            ("wrong code", "wrong holder"),
            ("wrong code", "unknown claim"),
            ("sheet never printed", "sheet made void"),
            ("wrong code", PLANTED),
        ]
        passed = True
        table = Table(title=f"Does time tell? {size} answers of each, interleaved")
        for heading in ("pair", "time", "medians, ms", "Mann-Whitney p", "Kolmogorov-Smirnov p", ""):
            table.add_column(heading)
        for one, other in pairs:
            for number, kind in enumerate(("wall", "CPU")):
                a, b = taken[one][number][WARM:], taken[other][number][WARM:]
                medians = f"{np.median(a):.2f} / {np.median(b):.2f}"
                found = mann_whitney(a, b), kolmogorov_smirnov(a, b)
                tells = min(found) < TELLS
                # On a busy machine other programs' turns drown a small difference in wall time, but not in our own.
                good = tells or kind == "wall" if other == PLANTED else not tells
                passed = passed and good
                said = (
                    ("found" if tells else "not found") if other == PLANTED else ("tells" if tells else "tells nothing")
                )
                table.add_row(
                    f"{one} / {other}", kind, medians, *(f"{p:.3g}" for p in found), f"{said}{'' if good else ' !'}"
                )
        Console(width=None if sys.stdout.isatty() else 150).print(table)
        return passed


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(timing(int(sys.argv[1]) if sys.argv[1:] else 1_000)) else 1)
