"""What a roll leaves out: a few leave the list at once, many once a second person agreed, and none by mistake."""

import asyncio
import json
from datetime import timedelta

import pytest

from deploy.local.roll.generator import generate
from deploy.local.roll.writers import write_csv
from services.registry.app import clock
from services.registry.roll.agreeing import Agreeing
from services.registry.roll.importing import Importing
from services.registry.roll.store import RollStore
from services.registry.roll.waiting import WaitingRoom
from services.registry.rounds.keeping import RoundKeeper
from services.registry.settings import RegistrySettings
from services.registry.store import RegistryStore
from services.registry.tree.lock import TreeLock
from shared.blobs import Blobs
from shared.contracts.topics import AUDIT
from shared.http import write_cursor
from shared.mongo import Leases
from tests.integration.registry.conftest import TWO_CENTERS, Registry
from tests.integration.registry.test_bad_input import is_problem
from tests.unit.registry.files import as_csv, roll


@pytest.fixture(scope="module")
def rolls(tmp_path_factory) -> dict[str, bytes]:
    """A roll of sixty, the same without two, and the same without half."""
    made = generate(60, seed=5)
    folder = tmp_path_factory.mktemp("rolls")
    write_csv(made, folder / "all.csv")
    lines = (folder / "all.csv").read_bytes().splitlines(keepends=True)
    return {"all": b"".join(lines), "without two": b"".join(lines[:-2]), "half": b"".join(lines[:31])}


@pytest.fixture
def registry(module_registry: Registry) -> Registry:
    return module_registry


@pytest.fixture
async def listed(registry: Registry, rolls: dict[str, bytes]) -> str:
    """A round in draft with sixty centers on its roll."""
    name = await registry.new_round()
    assert (await registry.send(name, rolls["all"])).status_code == 200
    return name


async def on_the_roll(registry: Registry, name: str) -> int:
    return int((await registry.http.get(f"/v1/rounds/{name}")).json()["listed"])


def other(registry: Registry) -> dict[str, str]:
    """A second officer of the department."""
    return {"Authorization": f"Bearer {registry.world.token('department', '00', sub='another-officer')}"}


async def decide(registry: Registry, name: str, request: str, what: str, headers=None):
    return await registry.http.post(f"/v1/rounds/{name}/roll/requests/{request}/{what}", headers=headers or {})


async def test_a_few_that_are_left_out_leave_the_list_at_once(registry, listed, rolls):
    rehearsed = (await registry.send(listed, rolls["without two"], params={"dry_run": True})).json()
    assert (rehearsed["gone"], rehearsed["diff"]["gone"]["count"]) == ("leave", 2)
    assert await on_the_roll(registry, listed) == 60
    report = (await registry.send(listed, rolls["without two"])).json()
    assert (report["outcome"], report["changes"]["absent"], report["changes"]["removed"]) == ("imported", 2, 2)
    assert await on_the_roll(registry, listed) == 58
    gone = {each["code"] for each in report["diff"]["gone"]["first"]}
    for code in gone:
        center = (await registry.http.get(f"/v1/centers/{code}")).json()
        assert center["state"] == "active"
        assert listed not in center["rounds"]


async def test_many_leave_once_a_second_person_agreed(registry, listed, rolls):
    before = await registry.state()
    answer = await registry.send(listed, rolls["half"], params={"reason": "รายชื่อใหม่ของปีนี้"})
    assert answer.status_code == 202
    report = answer.json()
    assert (report["outcome"], report["gone"], report["changes"]["removed"]) == ("waiting", "wait", 0)
    request = report["request"]
    assert (request["state"], request["listed"], request["gone"], request["share"]) == ("asked", 60, 30, 0.5)
    assert request["reason"] == "รายชื่อใหม่ของปีนี้"
    assert len(request["lost"]) == 30
    after = await registry.state()
    assert {key: after[key] for key in before if key != "roll_requests"} == {
        key: before[key] for key in before if key != "roll_requests"
    }

    shown = (await registry.http.get(f"/v1/rounds/{listed}/roll/requests/{request['id']}/report")).json()
    assert (shown["rows"]["accepted"], shown["diff"]["gone"]["count"]) == (30, 30)
    own = await decide(registry, listed, request["id"], "approve")
    assert is_problem(own, 403, "second-person-needed", "path.id")
    assert await on_the_roll(registry, listed) == 60

    approved = await decide(registry, listed, request["id"], "approve", other(registry))
    assert approved.status_code == 200, approved.text
    assert (approved.json()["state"], approved.json()["yours"]) == ("approved", False)
    assert approved.json()["applied_at"] is not None
    assert await on_the_roll(registry, listed) == 30
    again = await decide(registry, listed, request["id"], "approve", other(registry))
    assert again.json() == approved.json()
    kept = await registry.http.get(f"/v1/rounds/{listed}/roll/requests/{request['id']}/report")
    assert is_problem(kept, 409, "roll-not-kept", "path.id")


async def test_the_same_file_of_the_same_person_waits_once(registry, listed, rolls):
    first = (await registry.send(listed, rolls["half"])).json()["request"]
    second = (await registry.send(listed, rolls["half"])).json()["request"]
    assert first["id"] == second["id"]
    third = (await registry.send(listed, rolls["half"], headers=other(registry))).json()["request"]
    assert third["id"] != first["id"]


@pytest.mark.parametrize("what", ["refuse", "withdraw"])
async def test_a_request_that_ends_changes_nothing_and_may_be_put_again(registry, listed, rolls, what):
    request = (await registry.send(listed, rolls["half"])).json()["request"]["id"]
    headers = other(registry) if what == "refuse" else {}
    ended = await decide(registry, listed, request, what, headers)
    assert ended.status_code == 200, ended.text
    assert await on_the_roll(registry, listed) == 60
    late = await decide(registry, listed, request, "approve", other(registry))
    assert is_problem(late, 409, "request-settled", "path.id")
    anew = (await registry.send(listed, rolls["half"])).json()["request"]
    assert (anew["state"], anew["id"] == request) == ("asked", False)


async def test_an_agreement_covers_those_who_were_gone_and_nobody_else(registry, listed, rolls):
    request = (await registry.send(listed, rolls["half"])).json()["request"]["id"]
    newcomer = roll({"รหัสศูนย์": "9999999999"})
    assert (await registry.send(listed, as_csv(newcomer), params={"part": True})).status_code == 200
    outdated = await decide(registry, listed, request, "approve", other(registry))
    assert is_problem(outdated, 409, "roll-request-outdated", "path.id")
    assert await on_the_roll(registry, listed) == 61


async def test_a_part_of_the_roll_takes_nobody_off(registry, listed, rolls):
    report = (await registry.send(listed, rolls["half"], params={"part": True})).json()
    assert (report["outcome"], report["gone"], report["changes"]["absent"]) == ("imported", "part", 30)
    assert await on_the_roll(registry, listed) == 60


async def test_rows_without_a_readable_code_keep_everybody_on_the_list(registry, listed, rolls):
    lines = rolls["half"].decode("utf-8-sig").splitlines(keepends=True)
    code = lines[-1].split(",")[1]
    broken = "".join([*lines[:-1], lines[-1].replace(code, "5.80E+09", 1)]).encode()
    report = (await registry.send(listed, broken)).json()
    assert (report["outcome"], report["gone"], report["changes"]["removed"]) == ("imported", "held", 0)
    assert await on_the_roll(registry, listed) == 60


async def test_a_center_whose_row_is_rejected_is_not_gone(registry, listed, rolls):
    lines = rolls["all"].decode("utf-8-sig").splitlines(keepends=True)
    spoilt = "".join([*lines[:-1], lines[-1].replace("@", " at ")]).encode()
    report = (await registry.send(listed, spoilt)).json()
    assert (report["rows"]["rejected"], report["gone"], report["changes"]["absent"]) == (1, "none", 0)
    assert await on_the_roll(registry, listed) == 60


async def test_nobody_leaves_an_open_round_by_being_left_out(registry):
    name = await registry.new_round()
    await registry.send(name, TWO_CENTERS)
    await registry.http.post(f"/v1/rounds/{name}/open")
    before = await registry.state()
    answer = await registry.send(name, as_csv(roll({})))
    assert is_problem(answer, 409, "roll-leaves-open-round", "body")
    assert await registry.state() == before
    rehearsed = (await registry.send(name, as_csv(roll({})), params={"dry_run": True})).json()
    assert (rehearsed["gone"], rehearsed["diff"]["gone"]["count"]) == ("refused", 1)


async def test_what_was_asked_and_decided_is_in_the_audit_trail(registry, listed, rolls):
    request = (await registry.send(listed, rolls["half"])).json()["request"]["id"]
    await decide(registry, listed, request, "approve")
    await decide(registry, listed, request, "approve", other(registry))
    await registry.announced()
    entries = [json.loads(record.value or b"") for record in await registry.world.records(AUDIT)]  # and anchors
    of_round = sorted(
        (each for each in entries if each.get("subject") == f"round/{listed}"), key=lambda each: each["number"]
    )
    about = [(each["action"], each["outcome"]) for each in of_round if each["action"].startswith("roll.")]
    assert about == [
        ("roll.import", "allowed"),
        ("roll.import", "allowed"),
        ("roll.ask", "allowed"),
        ("roll.approve", "allowed"),
        ("roll.approve", "refused"),
        ("roll.approve", "allowed"),
    ]
    assert all(request in each["detail"] for each in of_round[-4:])


async def test_the_requests_of_a_round_page_the_newest_first(registry, listed, rolls):
    asked = []
    for _ in range(3):
        asked.append((await registry.send(listed, rolls["half"])).json()["request"]["id"])
        assert (await decide(registry, listed, asked[-1], "withdraw")).status_code == 200
    path, found, query = f"/v1/rounds/{listed}/roll/requests", [], {"limit": 1}
    while True:
        page = (await registry.http.get(path, params=query)).json()
        found += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert found == asked[::-1]
    bad = await registry.http.get(path, params={"cursor": write_cursor("no moment|x")})
    assert is_problem(bad, 400, "bad-cursor", "query.cursor")


async def test_only_the_keepers_see_and_decide(registry, listed, rolls):
    request = (await registry.send(listed, rolls["half"])).json()["request"]["id"]
    for role, org in (("province", "58"), ("auditor", "00"), ("publisher", "onesqa")):
        headers = registry.as_(role, org)
        seen = await registry.http.get(f"/v1/rounds/{listed}/roll/requests", headers=headers)
        assert is_problem(seen, 403, "forbidden", None)
        done = await decide(registry, listed, request, "approve", headers)
        assert is_problem(done, 403, "forbidden", None)


@pytest.mark.parametrize("what", ["approve", "refuse", "withdraw"])
async def test_a_request_that_nobody_put(registry, listed, what):
    assert is_problem(await decide(registry, listed, "none", what), 404, "request-unknown", "path.id")


class Nobody:
    """Announces nothing."""

    grace = timedelta(hours=1)

    def announce(self, outbox, aggregate, entries) -> None:
        pass


def another_process(registry: Registry) -> tuple[Agreeing, RollStore, Blobs]:
    settings = registry.world.settings(RegistrySettings)
    store = RegistryStore(registry.mongo, Nobody(), clock)
    rolls = RollStore(registry.mongo, Nobody(), store)
    lock = TreeLock(Leases(registry.mongo.documents("leases")), clock)
    importing = Importing(store, rolls, RoundKeeper(store), lock, threshold=0.05)
    blobs = Blobs(settings.s3_endpoint, settings.s3_access_key, settings.s3_secret_key)
    return Agreeing(rolls, importing, WaitingRoom(blobs, settings.waiting_rolls), clock), rolls, blobs


async def test_an_approval_whose_process_died_is_carried_on(registry, listed, rolls):
    request = (await registry.send(listed, rolls["half"])).json()["request"]["id"]
    agreeing, store, blobs = another_process(registry)
    stored = await store.request(request)
    assert stored is not None
    # Decided, and half of those who leave have left: what a process that died in the middle leaves behind.
    decided = {"state": "approved", "decided_by": "another-officer", "decided_at": clock()}
    await store.save_request(stored, stored.state.model_copy(update=decided), clock())
    gone = [code for code, _ in stored.state.sample][:15]
    await registry.mongo.documents("centers").update_all({"_id": {"$in": gone}}, {"$pull": {"rounds": listed}})
    await agreeing.tidy()
    assert await on_the_roll(registry, listed) == 30
    after = await store.request(request)
    assert after is not None
    assert after.state.applied_at is not None
    assert after.state.cleared
    blobs.close()


async def test_a_request_that_nobody_decided_is_forgotten_in_time(registry, listed, rolls):
    request = (await registry.send(listed, rolls["half"])).json()["request"]["id"]
    agreeing, store, blobs = another_process(registry)
    stored = await store.request(request)
    assert stored is not None
    past = {"expires_at": clock() - timedelta(seconds=1)}
    await store.save_request(stored, stored.state.model_copy(update=past), clock())
    late = await decide(registry, listed, request, "approve", other(registry))
    assert is_problem(late, 409, "request-expired", "path.id")
    await agreeing.tidy()
    after = await store.request(request)
    assert after is not None
    assert after.state.cleared
    bucket = registry.world.settings(RegistrySettings).waiting_rolls
    assert await blobs.places(bucket, prefix=f"{request}/") == []
    blobs.close()


async def test_of_two_who_decide_at_once_one_is_heard(registry, listed, rolls):
    request = (await registry.send(listed, rolls["half"])).json()["request"]["id"]
    third = {"Authorization": f"Bearer {registry.world.token('operator', '00', sub='third-officer')}"}
    answers = await asyncio.gather(
        decide(registry, listed, request, "approve", other(registry)),
        decide(registry, listed, request, "refuse", third),
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 409], [answer.text for answer in answers]
    approved = answers[0].status_code == 200
    assert await on_the_roll(registry, listed) == (30 if approved else 60)
