"""A round from its roll to its opening, on the real servers."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from deploy.local.roll.dirt import SMALLEST, write_dirty
from deploy.local.roll.generator import generate
from deploy.local.roll.writers import write_xlsx
from services.registry.app import clock
from services.registry.domain import Round
from services.registry.rounds.keeping import RoundKeeper
from services.registry.store import RegistryStore
from shared.contracts.events import EVENT_TYPES
from shared.contracts.topics import CENTERS, OBLIGATIONS, ORGANIZATIONS, ROUNDS, STATUS, Topic
from shared.mongo import Conflict
from tests.integration.registry.conftest import TWO_CENTERS, Registry
from tests.unit.registry.files import as_csv, roll


async def said(registry: Registry, topic: Topic) -> dict[str, list[Any]]:
    """What stands on a topic, by key, in order."""
    await registry.announced()
    (kind,) = [each for each in EVENT_TYPES.values() if each.topic is topic]
    found: dict[str, list[Any]] = {}
    for record in await registry.world.records(topic):
        assert record.key is not None
        assert record.value is not None
        found.setdefault(record.key.decode(), []).append(kind.validate(record.value))
    return found


async def test_a_roll_grows_the_tree_and_announces_it(registry):
    name = await registry.new_round()
    answer = await registry.send(name, TWO_CENTERS)
    assert answer.status_code == 200, answer.text
    assert answer.json()["changes"] == {
        "organizations_added": 7, "organizations_changed": 0, "centers_added": 2, "centers_changed": 0,
        "centers_moved": 0, "centers_unchanged": 0, "listed": 2, "absent": 0, "removed": 0, "obligations": 0,
    }  # fmt: skip
    organizations, centers = await said(registry, ORGANIZATIONS), await said(registry, CENTERS)
    assert set(organizations) == {"00", "58", "5801", "6580103", "50", "5001", "6500101"}
    assert organizations["6580103"][0].path == ("00", "58", "5801", "6580103")
    assert organizations["6580103"][0].email == "l1@lao.example"
    assert centers["0000000001"][0].path == ("00", "58", "5801", "6580103")
    assert centers["0000000001"][0].subdistrict == "580104"
    assert await said(registry, OBLIGATIONS) == {}


async def test_opening_lays_an_obligation_on_every_center_and_says_so(registry):
    name = await registry.new_round()
    await registry.send(name, TWO_CENTERS)
    answer = await registry.http.post(f"/v1/rounds/{name}/open")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["obligations"]) == ("open", 2)
    obligations, stages, rounds = [await said(registry, topic) for topic in (OBLIGATIONS, STATUS, ROUNDS)]
    assert set(obligations) == {f"{name}/0000000001", f"{name}/0000000002"}
    assert all(each[-1].owed for each in obligations.values())
    assert {key: each[-1].state for key, each in stages.items()} == {
        f"{name}/0000000001/obligation": "owed", f"{name}/0000000002/obligation": "owed"
    }  # fmt: skip
    assert [(each.state, each.obligations) for each in rounds[name]] == [("draft", 0), ("open", 2)]


async def test_the_same_roll_twice_changes_nothing_and_announces_nothing(registry):
    name = await registry.new_round()
    await registry.send(name, TWO_CENTERS)
    await registry.http.post(f"/v1/rounds/{name}/open")
    await registry.announced()
    before = await registry.state()
    again = await registry.send(name, TWO_CENTERS)
    assert again.json()["changes"]["centers_unchanged"] == 2
    assert await registry.state() == before


async def test_a_rehearsal_says_what_would_change_and_changes_nothing(registry):
    name = await registry.new_round()
    before = await registry.state()
    rehearsed = await registry.send(name, TWO_CENTERS, params={"dry_run": True})
    assert await registry.state() == before
    done = await registry.send(name, TWO_CENTERS)
    assert rehearsed.json()["changes"] == done.json()["changes"]
    assert (rehearsed.json()["dry_run"], done.json()["dry_run"]) == (True, False)


async def test_a_roll_into_an_open_round_obliges_the_newcomers_at_once(registry):
    name = await registry.new_round()
    await registry.send(name, as_csv(roll({})))
    await registry.http.post(f"/v1/rounds/{name}/open")
    answer = await registry.send(name, TWO_CENTERS)
    assert answer.json()["changes"]["obligations"] == 1
    assert set(await said(registry, OBLIGATIONS)) == {f"{name}/0000000001", f"{name}/0000000002"}
    assert [each.obligations for each in (await said(registry, ROUNDS))[name]] == [0, 1, 2]


async def test_a_center_that_moves_takes_its_obligation_along(registry):
    name = await registry.new_round()
    await registry.send(name, as_csv(roll({})))
    await registry.http.post(f"/v1/rounds/{name}/open")
    place = {"รหัส อปท.": "6580301", "อปท.ต้นสังกัด": "อบต.เวียงใต้", "อำเภอ": "ปาย", "ตำบล": "เวียงใต้"}
    answer = await registry.send(name, as_csv(roll(place)))
    assert answer.json()["changes"]["centers_moved"] == 1
    moved = (await said(registry, OBLIGATIONS))[f"{name}/0000000001"]
    assert [each.lao for each in moved] == ["6580103", "6580301"]


async def test_opening_again_changes_nothing(registry):
    name = await registry.new_round()
    await registry.send(name, TWO_CENTERS)
    first = await registry.http.post(f"/v1/rounds/{name}/open")
    before = await registry.state()
    again = await registry.http.post(f"/v1/rounds/{name}/open")
    assert again.json() == first.json()
    assert await registry.state() == before


async def test_good_rows_enter_and_bad_ones_are_told_with_their_cell(registry):
    name = await registry.new_round()
    rows = roll({}, {"รหัสศูนย์": "0000000002", "อำเภอ": "เมืองแม่ฮองสอน"}, {"รหัสศูนย์": "๐๐๐๐๐๐๐๐๐๓"})
    report = (await registry.send(name, as_csv(rows))).json()
    assert report["rows"] == {"total": 3, "accepted": 1, "repaired": 1, "repeated": 0, "rejected": 1}
    rejected = [each for each in report["findings"] if each["verdict"] == "rejected"]
    assert rejected == [
        {
            "sheet": "",
            "row": 3,
            "column": "อำเภอ",
            "cell": "F3",
            "value": "เมืองแม่ฮองสอน",
            "verdict": "rejected",
            "reason": "unknown_district",
            "message": "ไม่มีอำเภอนี้ในจังหวัด",
            "message_en": "No such district in the province",
            "suggestion": "เมืองแม่ฮ่องสอน",
        }
    ]
    assert set(await said(registry, CENTERS)) == {"0000000001", "0000000003"}


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
async def test_a_dirty_roll_enters_as_far_as_it_can(registry, tmp_path, suffix):
    write_dirty(generate(SMALLEST, seed=11), tmp_path / "roll")
    expected = json.loads((tmp_path / "roll.expected.json").read_text("utf-8"))[suffix[1:]]["summary"]
    name = await registry.new_round()
    report = (await registry.send(name, (tmp_path / f"roll{suffix}").read_bytes())).json()
    assert {key: value for key, value in report["rows"].items() if value and key != "total"} == expected
    assert report["changes"]["listed"] == expected["accepted"] + expected["repaired"]


async def test_a_generated_roll_enters_whole(registry, tmp_path):
    made = generate(1_200)
    write_xlsx(made, tmp_path / "roll.xlsx")
    name = await registry.new_round()
    report = (await registry.send(name, (tmp_path / "roll.xlsx").read_bytes())).json()
    assert report["findings"] == []
    assert report["changes"]["listed"] == 1_200
    opened = await registry.http.post(f"/v1/rounds/{name}/open")
    assert opened.json()["obligations"] == 1_200
    obligations = await said(registry, OBLIGATIONS)
    assert {key.split("/")[1] for key in obligations} == {row.code for row in made.rows}


class Nobody:
    """A process that dies right after its write: nothing is announced."""

    grace = timedelta(hours=1)

    def announce(self, outbox, aggregate, entries) -> None:
        pass


async def test_rolls_and_an_opening_at_once_leave_no_center_without_its_obligation(registry, tmp_path):
    """Whoever comes first, an open round has an obligation for every center on its roll."""
    name = await registry.new_round()
    await registry.send(name, as_csv(roll({})))
    parts = [as_csv(roll(*({"รหัสศูนย์": f"{part}{n:03}"} for n in range(40)))) for part in range(1, 5)]
    answers = await asyncio.gather(
        *(registry.send(name, part, params={"part": True}) for part in parts[:2]),
        registry.http.post(f"/v1/rounds/{name}/open"),
        *(registry.send(name, part, params={"part": True}) for part in parts[2:]),
    )
    assert [answer.status_code for answer in answers] == [200] * 5
    state = (await registry.http.get(f"/v1/rounds/{name}")).json()
    assert (state["state"], state["listed"], state["obligations"]) == ("open", 161, 161)
    assert await registry.mongo.documents("obligations").count({"round": name, "owed": True}) == 161


async def test_an_opening_that_died_half_way_is_completed_by_asking_again(registry):
    name = await registry.new_round()
    await registry.send(name, TWO_CENTERS)
    dying = RoundKeeper(RegistryStore(registry.mongo, Nobody(), clock))
    await dying.oblige(name, clock())
    assert (await registry.http.get(f"/v1/rounds/{name}")).json()["state"] == "draft"
    opened = await registry.http.post(f"/v1/rounds/{name}/open")
    assert (opened.json()["state"], opened.json()["obligations"]) == ("open", 2)


async def test_a_roll_that_was_changed_behind_its_back_is_written_again(registry):
    name = await registry.new_round()
    await registry.send(name, as_csv(roll({})))
    store = RegistryStore(registry.mongo, Nobody(), clock)
    stored = await store.round(name)
    assert stored is not None
    await store.save_round(stored, stored.state.model_copy(update={"listed": 7}))
    with pytest.raises(Conflict):
        await store.save_round(stored, stored.state)
    await registry.send(name, as_csv(roll({})))
    again = await store.round(name)
    assert again is not None
    assert isinstance(again.state, Round)
    assert again.state.listed == 1
