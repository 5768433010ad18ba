"""What nobody claimed in time opens no more: with its round, or after the days that the operator has set."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from services.credentials.domain import Refusal
from shared.contracts.events import RoundChanged
from shared.contracts.topics import STATUS
from tests.integration.credentials.conftest import Round, Vault, running
from tests.world import World, eventually

ENDED = (410, "urn:saraban:problem:credential-ended")


async def close(world: World, what: Round) -> None:
    """The registry tells that the round is closed."""
    closed = RoundChanged(
        round=what.id,
        fiscal_year=2569,
        academic_year=2567,
        deadline=datetime.now(UTC) + timedelta(days=30),
        grace_minutes=60,
        state="closed",
        obligations=len(what.centers),
    )
    await world.publish("registry", (what.id, 2, closed))


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("type", "")


async def listed(vault: Vault, what: Round, state: str) -> set[str]:
    answer = await vault.http.get(
        f"/v1/rounds/{what.id}/holders", params={"state": state}, headers=vault.headers("operator", "00")
    )
    return {each["holder"] for each in answer.json()["items"]}


async def becomes(vault: Vault, what: Round, state: str, holders: set[str]) -> None:
    async def so() -> bool:
        return await listed(vault, what, state) >= holders

    await eventually(so)


async def test_with_its_round_every_step_of_a_claim_ends(vault: Vault) -> None:
    what = Round.of(4)
    shown, begun, with_sheet, claimed = what.centers
    await vault.seal(what)
    sheet = await vault.sheet(what, with_sheet)
    verified = await vault.verified(what, "center", shown)
    opened = await vault.opened(what, "center", begun)
    number = await vault.code_for(what.mail_of(begun))
    in_hand = await vault.verified(what, "center", claimed)
    assert (await vault.reveal(in_hand, "center", claimed)).status_code == 200

    await close(vault.world, what)
    await becomes(vault, what, "expired", {shown, begun, with_sheet})

    assert told(await vault.reveal(verified, "center", shown)) == ENDED
    assert told(await vault.verify(opened, number, "center", begun)) == ENDED
    assert told(await vault.open(what, "center", begun)) == ENDED
    assert told(await vault.open(what, "center", begun, holder=claimed)) == ENDED, "another's looks like one's own"
    assert told(await vault.at_the_door(sheet)) == ENDED
    made = await vault.http.post(
        f"/v1/holders/{shown}/credential/sheet", json={"round": what.id}, headers=vault.headers("operator", "00")
    )
    assert told(made) == ENDED
    # Who has its secret keeps it, and may say so.
    confirm = vault.headers("center", claimed, key="confirm-key-1")
    answer = await vault.http.post(f"/v1/claims/{in_hand}/confirm", headers=confirm)
    assert (answer.status_code, answer.json()["state"]) == (200, "confirmed")
    await in_the_status(vault, what, shown, "expired")
    refused = await vault.mongo.documents("audit").find({"chain": f"center/{shown}", "outcome": "refused"})
    assert [each["action"] for each in refused if each["detail"].endswith(Refusal.ENDED.value)] == ["credential.reveal"]


async def in_the_status(vault: Vault, what: Round, center: str, state: str) -> None:
    key = f"{what.id}/{center}/credential".encode()

    async def stands() -> Any:
        records = [r for r in await vault.world.records(STATUS) if r.key == key]
        return bool(records) and f'"state":"{state}"'.encode() in (records[-1].value or b"")

    await eventually(stands)


async def test_after_the_days_it_ends_and_a_new_secret_begins_anew(
    vault: Vault, shared_world: World, master_key: Path
) -> None:
    what = Round.of(2)
    old, new = what.centers
    await vault.seal(what)
    long_ago = datetime.now(UTC) - timedelta(days=2)
    change = {"$set": {"issued_at": long_ago}, "$inc": {"version": 1}}
    await vault.mongo.documents("credentials").update({"_id": what.credential("center", old)}, change)
    async for days in running(shared_world, master_key, claim_days=1, roles="api,relay"):
        assert told(await days.open(what, "center", old)) == ENDED
        assert (await days.open(what, "center", new)).status_code == 201
        await becomes(days, what, "expired", {old})
        answer = await days.http.post(
            f"/v1/holders/{old}/credential/rotate",
            json={"round": what.id, "reason": "other"},
            headers=days.headers("operator", "00", key="rotate-key-1"),
        )
        assert answer.status_code == 200, answer.text
        assert (await days.open(what, "center", old)).status_code == 201
