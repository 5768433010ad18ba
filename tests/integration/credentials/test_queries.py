"""Every query of the service uses an index."""

from pathlib import Path

from services.credentials.app import build
from services.credentials.settings import CredentialsSettings
from tests.integration.credentials.conftest import Round, Vault, serving
from tests.plans import Watch
from tests.world import World, eventually


async def test_no_query_reads_a_whole_collection(world: World, master_key: Path) -> None:
    watch = Watch()
    settings = world.settings(CredentialsSettings, master_key_file=master_key)
    what = Round.of(3)
    center = what.centers[0]
    async for vault in serving(world, build(settings, listeners=[watch])):
        await vault.seal(what)
        claim = await vault.verified(what, "center", center)
        await vault.verify(claim, "000000", "center", center)
        await vault.open(what, "center", center, holder=what.centers[1])
        await vault.reveal(claim, "center", center)
        await vault.http.post(
            f"/v1/claims/{claim}/confirm", headers=vault.headers("center", center, key="confirm-key-1")
        )
        auditor = vault.headers("auditor", "00")
        await vault.http.get(f"/v1/holders/{center}/credential", headers=auditor)
        await vault.http.get(f"/v1/holders/{center}/credential", params={"round": what.id}, headers=auditor)
        audit: dict[str, str | int] = {"subject": f"center/{center}", "limit": 1}
        page = (await vault.http.get("/v1/audit", params=audit, headers=auditor)).json()
        await vault.http.get("/v1/audit", params={**audit, "cursor": page["next"]}, headers=auditor)
        asked = await vault.http.post(
            f"/v1/holders/{what.centers[1]}/credential/erase",
            json={"reason": "closed"},
            headers=vault.headers("department", "00"),
        )
        await vault.http.get("/v1/erasures", headers=auditor)
        await vault.http.get("/v1/erasures", params={"within": what.laos[0]}, headers=auditor)
        erased = await vault.http.post(
            f"/v1/erasures/{asked.json()['id']}/approve", headers=vault.headers("operator", "00")
        )
        assert erased.json()["done_at"], erased.text
        assert (await vault.http.get("/v1/keys", headers=auditor)).json()["done"]
        below: dict[str, str | int] = {"within": what.laos[0], "limit": 1}
        await vault.open(what, "center", center)  # it was opened: an alarm
        alarms = (await vault.http.get(f"/v1/rounds/{what.id}/alarms", params=below, headers=auditor)).json()
        assert alarms["items"]
        further = {**below, "cursor": alarms["next"]}
        await vault.http.get(f"/v1/rounds/{what.id}/alarms", params=further, headers=auditor)
        assert (await vault.http.get("/readyz")).status_code == 200
        # The sweeper and the mail look by themselves once a second: wait until both were seen.

        async def looked() -> bool:
            seen = " ".join(watch.commands)
            return all(word in seen for word in ("outbox.due", "mail_due", "done_at", "masterKey.provider"))

        await eventually(looked)
        assert {"find credentials", "find claims", "find audit", "find obligations", "update credentials"} <= {
            " ".join(command.split()[:2]) for command in watch.commands
        }
        assert await watch.scans(vault.mongo) == []


async def test_the_search_finds_a_scan(vault: Vault) -> None:
    watch = Watch()
    watched = vault.world.mongo("credentials", listeners=[watch])
    await watched.documents("credentials").find({"sealed": b"x"})
    assert len(await watch.scans(vault.mongo)) == 1
