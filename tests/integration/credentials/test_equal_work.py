"""Who is refused learns nothing from how long it took: the same work is done for every kind of wrong.

Work is counted in commands to the database, which is where the time goes; `tests/bench` measures the time itself.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from services.credentials.activating import codes
from services.credentials.app import build
from services.credentials.settings import CredentialsSettings
from tests.integration.credentials.conftest import Round, Vault, serving
from tests.world import World

Ask = Callable[[], Awaitable[httpx.Response]]


class Counted(CommandListener):
    """Counts commands by name and collection, but those of the relay, which come after the answer has left."""

    def __init__(self) -> None:
        self.commands: Counter[str] = Counter()

    def started(self, event: CommandStartedEvent) -> None:
        if any("$pull" in each["u"] for each in event.command.get("updates", ())):
            return
        target = event.command.get(event.command_name)
        self.commands[f"{event.command_name} {target}"] += 1

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Of no interest."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Of no interest."""


@pytest.fixture(scope="module")
async def counted() -> Counted:
    return Counted()


@pytest.fixture(scope="module")
async def still(shared_world: World, vault: Vault, master_key: Path, counted: Counted) -> AsyncIterator[Vault]:
    """The same vault as a second process that answers requests and does nothing else."""
    settings = shared_world.settings(CredentialsSettings, master_key_file=master_key, roles="api")
    async for made in serving(shared_world, build(settings, listeners=[counted])):
        yield made


async def work_of(counted: Counted, ask: Ask) -> tuple[int, dict[str, int]]:
    """The status of an answer, and the commands it took. Asked once before, so that heads and names are known."""
    await ask()
    counted.commands.clear()
    answer = await ask()
    return answer.status_code, dict(counted.commands)


async def test_a_wrong_code_a_wrong_holder_and_an_unknown_claim_take_the_same_work(
    vault: Vault, still: Vault, counted: Counted
) -> None:
    what = Round.of(2)
    own, foreign = what.centers
    await vault.seal(what)
    right = (await still.open(what, "center", own)).json()["claim"]
    wrong = (await still.open(what, "center", own, holder=foreign)).json()["claim"]
    number = f"{(int(await vault.code_for(what.mail_of(own))) + 1) % 10**6:06d}"

    def trying(claim: str) -> Ask:
        return lambda: still.verify(claim, number, "center", own)

    works = [await work_of(counted, trying(claim)) for claim in (right, wrong, "no-such-claim-at-all-x")]
    assert works[0][0] == 403
    assert works[0] == works[1] == works[2]
    assert works[0][1]["update claims"] == 1
    assert works[0][1]["insert audit"] == 1


async def test_beginning_a_claim_on_ones_own_and_on_anothers_takes_the_same_work(
    vault: Vault, still: Vault, counted: Counted
) -> None:
    what = Round.of(2)
    own, foreign = what.centers
    await vault.seal(what)
    works = [
        await work_of(counted, lambda holder=holder: still.open(what, "center", own, holder=holder))  # type: ignore[misc]
        for holder in (own, foreign)
    ]
    assert works[0][0] == 201
    assert works[0] == works[1]


async def test_a_code_never_printed_one_made_void_and_one_past_its_time_take_the_same_work(
    vault: Vault, still: Vault, counted: Counted
) -> None:
    what = Round.of(2)
    first, second = what.centers
    await vault.seal(what)
    void, past = await vault.sheet(what, first), await vault.sheet(what, second)
    await vault.sheet(what, first)
    activations = vault.mongo.documents("activations")
    kept = await activations.one({"_id": what.credential("center", second)})
    assert kept
    await activations.update({"_id": kept["_id"]}, {"$set": {"ends": kept["made_at"]}})

    def trying(code: str) -> Ask:
        return lambda: still.at_the_door(code)

    works = [await work_of(counted, trying(code)) for code in (void, past, codes.draw())]
    assert works[0][0] == 403
    assert works[0] == works[1] == works[2]


async def test_a_thousand_previews_of_every_claim_address_burn_nothing(
    vault: Vault, still: Vault, counted: Counted
) -> None:
    """What link scanners, mail gateways and chat applications do with an address they were shown."""
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    code = await vault.sheet(what, center)
    opened = await vault.verified_at_the_door(what, center, code)
    before = await everything(vault, what)
    counted.commands.clear()
    steps = [f"/v1/claims/{opened['claim']}/{step}" for step in ("verify", "reveal", "confirm")]
    previews = {"/claim": 1_000, f"/claim?code={code}": 100, "/v1/claims": 100, **dict.fromkeys(steps, 100)}
    for address, times in previews.items():
        for number in range(times):
            method = ("GET", "HEAD", "GET", "OPTIONS")[number % 4]
            answer = await still.http.request(method, address)
            assert answer.status_code in {200, 404, 405}, address
    assert counted.commands == {}, "looking at an address asks the database nothing"
    assert await everything(vault, what) == before
    assert (await vault.step(opened, "reveal")).status_code == 200


async def everything(vault: Vault, what: Round) -> list[object]:
    found: list[object] = []
    for name in ("credentials", "claims", "activations"):
        found += await vault.mongo.documents(name).find({"round": what.id}, sort=[("_id", 1)])
    return [{key: value for key, value in each.items() if key != "outbox"} for each in found]  # type: ignore[attr-defined]


async def test_the_page_is_whole_in_itself_and_runs_nothing_but_its_own_script(still: Vault) -> None:
    answer = await still.http.get("/claim")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert not any(word in answer.text for word in ("http://", "https://", "src=", "@import", "url("))
    assert answer.text.index("เปิดชื่อผู้ใช้") < answer.text.index("Open your e-SAR")
