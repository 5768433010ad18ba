"""The trail to its readers: anchored on the bus, verified by its copy alone, and honest to who asks about itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.local.tools import audit
from services.credentials.settings import CredentialsSettings
from shared.contracts.topics import AUDIT
from shared.settings import load
from tests import trails
from tests.integration.credentials.conftest import Round, Vault
from tests.trails import verify
from tests.unit.paper.seeing import text_of


@pytest.fixture(scope="module")
async def round_(vault: Vault) -> Round:
    """A round in which somebody claimed, somebody failed, and an officer looked."""
    what = Round.of(2)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    await vault.verify(claim, "000000", "center", center)
    await vault.reveal(claim, "center", center)
    officer = vault.headers("district", "5801", sub="somchai@district")
    await vault.http.get(f"/v1/holders/{center}/credential", headers=officer)
    await vault.http.get(f"/v1/holders/{center}/credential", headers=vault.headers("district", "5899"))
    return what


async def copied(vault: Vault, file: Path) -> None:
    await trails.copied(vault.world, "credentials", file)


async def newest(vault: Vault) -> dict[str, Any]:
    answer = await vault.http.get("/v1/audit/anchors/newest", headers=vault.headers("auditor", "00"))
    return dict(answer.json())


async def test_the_copy_from_the_bus_holds_by_itself_and_by_the_key(
    vault: Vault, round_: Round, tmp_path: Path
) -> None:
    file = tmp_path / "audit.jsonl"
    await copied(vault, file)
    anchor = await newest(vault)
    assert verify(file, "--key", anchor["key"], "--known", f"{anchor['number']}:{anchor['hash']}")[0] == 0
    assert verify(file, "--key", "A" * 43)[0] == 1


async def test_whoever_takes_something_out_of_the_copy_is_found(vault: Vault, round_: Round, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    await copied(vault, file)
    anchor = await newest(vault)
    lines = file.read_text(encoding="utf-8").splitlines()
    chain = f"center/{round_.centers[0]}"
    ours = [number for number, line in enumerate(lines) if json.loads(line)["data"].get("chain") == chain]
    last_anchor = max(number for number, line in enumerate(lines) if audit.ANCHOR in line)
    for gone in (ours[-1], ours[0]):
        file.write_text("\n".join(lines[:gone] + lines[gone + 1 :]) + "\n", encoding="utf-8")
        code, said = verify(file)
        assert code == 1
        assert chain in said
    # Everything after the last anchor is gone with it: missed by who noted the anchor.
    file.write_text("\n".join(lines[:last_anchor] + lines[last_anchor + 1 :]) + "\n", encoding="utf-8")
    assert verify(file, "--known", f"{anchor['number']}:{anchor['hash']}")[0] == 1


async def test_refused_attempts_are_entries_too(vault: Vault, round_: Round) -> None:
    center = round_.centers[0]
    refused = await vault.mongo.documents("audit").find({"outcome": "refused"})
    kinds = {(entry["chain"], entry["action"], entry["detail"].split()[-1]) for entry in refused}
    assert (f"center/{center}", "claim.verify", "wrong_code") in kinds
    assert ("district/5899", "credential.look", "out_of_scope") in kinds


async def test_no_name_rides_on_the_bus_or_stands_in_an_entry(vault: Vault, round_: Round) -> None:
    everything = repr([(r.key, r.value, r.headers) for r in await vault.world.records(AUDIT)])
    assert "somchai" not in everything
    assert "somchai" not in repr(await vault.mongo.documents("audit").find({}))


async def test_a_holder_sees_the_office_that_looked_and_an_auditor_the_reference(vault: Vault, round_: Round) -> None:
    center = round_.centers[0]
    query: dict[str, str | int] = {"subject": f"center/{center}", "limit": 500}
    own = (await vault.http.get("/v1/audit", params=query, headers=vault.headers("center", center))).json()["items"]
    auditor = vault.headers("auditor", "00")
    full = (await vault.http.get("/v1/audit", params=query, headers=auditor)).json()["items"]
    (seen,) = [each["actor"] for each in own if each["action"] == "credential.look" and each["org"] == "5801"]
    (kept,) = [each["actor"] for each in full if each["action"] == "credential.look" and each["org"] == "5801"]
    assert (seen, kept[:2]) == ("district/5801", "p-")
    person = await vault.http.get(f"/v1/audit/people/{kept}", headers=auditor)
    assert person.json() == {"reference": kept, "name": "somchai@district"}
    for role, org in (("operator", "00"), ("center", center), ("department", "00"), ("province", "58")):
        answer = await vault.http.get(f"/v1/audit/people/{kept}", headers=vault.headers(role, org))
        assert answer.status_code == 403


async def test_the_pack_says_who_saw_what_why_and_when(vault: Vault, round_: Round) -> None:
    center = round_.centers[0]
    query = {"subject": f"center/{center}"}
    own = vault.headers("center", center)
    pack = (await vault.http.get("/v1/audit/pack", params=query, headers=own)).json()
    (looked,) = [each for each in pack["entries"] if each["action"] == "credential.look" and each["org"] == "5801"]
    assert (looked["role"], looked["actor"], looked["what"]) == ("district", None, "ดูสถานะของรหัส")
    assert looked["why"].startswith("ติดตาม")
    assert [each["time"] for each in pack["entries"]] == sorted(each["time"] for each in pack["entries"])
    printed = await vault.http.get("/v1/audit/pack.pdf", params=query, headers=own)
    text = text_of(printed.content)
    assert (printed.headers["content-type"], f"center/{center}" in text, "5801" in text) == (
        "application/pdf",
        True,
        True,
    )
    for role, org in (("center", round_.centers[1]), ("district", "5801"), ("department", "00")):
        answer = await vault.http.get("/v1/audit/pack", params=query, headers=vault.headers(role, org))
        assert answer.status_code == 403


async def test_the_command_makes_the_same_pack_from_the_copy(vault: Vault, round_: Round, tmp_path: Path) -> None:
    file, out = tmp_path / "audit.jsonl", tmp_path / "pack.json"
    await copied(vault, file)
    subject = f"center/{round_.centers[0]}"
    result = CliRunner().invoke(audit.audit_app, ["pack", subject, "--out", str(out), "--file", str(file)])
    assert result.exit_code == 0, result.output
    made = json.loads(out.read_text(encoding="utf-8"))
    assert {each["action"] for each in made["entries"]} >= {"credential.seal", "credential.reveal", "credential.look"}
    assert "p-" not in "".join(str(each.get("actor", "")) for each in made["entries"])


async def test_who_is_forgotten_cannot_be_found_and_the_chains_still_hold(
    vault: Vault, round_: Round, tmp_path: Path
) -> None:
    center = round_.centers[1]
    officer = vault.headers("province", "58", sub="somsri@province")
    await vault.http.get(f"/v1/holders/{center}/credential", headers=officer)
    reference = (await vault.mongo.documents("people").find({"_id": "somsri@province"}))[0]["reference"]
    for role in ("auditor", "department"):
        answer = await vault.http.post(
            f"/v1/audit/people/{reference}/forget", json={"reason": "asked"}, headers=vault.headers(role, "00")
        )
        assert answer.status_code == 403
    done = await vault.http.post(
        f"/v1/audit/people/{reference}/forget", json={"reason": "asked"}, headers=vault.headers("operator", "00")
    )
    assert done.status_code == 204
    found = await vault.http.get(f"/v1/audit/people/{reference}", headers=vault.headers("auditor", "00"))
    assert found.status_code == 404
    for name in ("people", "audit"):
        assert "somsri" not in repr(await vault.mongo.documents(name).find({}))
    file = tmp_path / "audit.jsonl"
    await copied(vault, file)
    assert verify(file)[0] == 0


@pytest.mark.parametrize(("days", "starts"), [(89, False), (90, True), (730, True), (731, False)])
def test_a_retention_below_the_floor_or_above_the_ceiling_refuses_to_start(
    days: int, starts: bool, vault: Vault, master_key: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for name, value in {**vault.world.environment, "SARABAN_MASTER_KEY_FILE": str(master_key)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SARABAN_AUDIT_DAYS", str(days))
    if starts:
        assert load(CredentialsSettings).audit_days == days
        return
    with pytest.raises(SystemExit) as stopped:
        load(CredentialsSettings)
    assert stopped.value.code == 2
    assert "SARABAN_AUDIT_DAYS is not usable" in capsys.readouterr().err
