"""Rows of rolls that other systems send: the rules of a file's rows, one answer each."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from deploy.local.stack import Stack
from shared.contracts.events import EVENT_TYPES, RollAnswered, RollEntry
from shared.contracts.topics import CENTERS, OBLIGATIONS, READS, ROLL_ANSWERS, dead_letters
from tests.integration.registry.conftest import TWO_CENTERS, Registry, open_registry
from tests.unit.registry.files import SOUND
from tests.world import World, eventually, run_app

SAID = {
    "code": "0000000001", "name": SOUND["ชื่อศูนย์"], "lao_code": "6580103", "lao_name": SOUND["อปท.ต้นสังกัด"],
    "lao_email": "l1@lao.example", "subdistrict": "ปางหมู", "district": "เมืองแม่ฮ่องสอน", "province": "แม่ฮ่องสอน",
    "latitude": 19.35, "longitude": 97.96, "email": "c1@center.example", "last_assessed": 2563,
}  # fmt: skip


@pytest.fixture(scope="module")
async def registry(stack: Stack) -> AsyncIterator[Registry]:
    """One registry that reads the bus; each test has a round and codes of its own."""
    world = World(stack, f"t{secrets.token_hex(4)}")
    await world.open()
    app = open_registry(world, roles="api,consumer,relay")
    headers = {"Authorization": f"Bearer {world.token('department', '00')}"}
    transport = httpx.ASGITransport(app)
    async with run_app(app), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        yield Registry(world, http, world.mongo("registry"))
    await world.close()


@pytest.fixture
def code() -> str:
    return f"c{secrets.token_hex(6)}"


def entry(round_id: str, code: str, **changes: Any) -> RollEntry:
    return RollEntry(round=round_id, **(SAID | {"code": code} | changes))


async def answers(registry: Registry, *codes: str, count: int = 1) -> dict[str, list[RollAnswered]]:
    """The answers about these centers, once each has so many."""

    async def there() -> dict[str, list[RollAnswered]] | None:
        found: dict[str, list[RollAnswered]] = {code: [] for code in codes}
        for record in await registry.world.records(ROLL_ANSWERS):
            key = (record.key or b"").decode()
            if key in found:
                answer = EVENT_TYPES["saraban.registry.roll.answered.v1"].validate(record.value or b"")
                assert isinstance(answer, RollAnswered)
                found[key].append(answer)
        return found if all(len(each) >= count for each in found.values()) else None

    return await eventually(there)


async def test_the_consumers_are_those_that_the_contract_names(registry):
    assert READS["registry"] == {"inbound": READS["registry"]["inbound"]}
    assert [topic.name for topic in READS["registry"]["inbound"]] == ["inbound.roll"]


async def test_a_sound_entry_enters_the_round_and_is_answered(registry, code):
    name = await registry.new_round()
    await registry.world.publish_signed((code, 1, entry(name, code)), ids=code)
    (answer,) = (await answers(registry, code))[code]
    assert (answer.verdict, answer.remarks, answer.round, answer.center) == ("accepted", (), name, code)
    assert (answer.event, answer.source) == (f"{code}-{code}-1", "/onesqa")
    center = (await registry.http.get(f"/v1/centers/{code}")).json()
    assert (center["lao"], center["rounds"], center["email"]) == ("6580103", [name], "c1@center.example")
    assert (await registry.http.get(f"/v1/rounds/{name}")).json()["listed"] == 1


async def test_a_repair_is_named_and_counts(registry, code):
    name = await registry.new_round()
    spoilt = entry(name, code, last_assessed="๒๕๖๓", district=" อ.เมืองแม่ฮ่องสอน", email="<c1@center.example>")
    await registry.world.publish_signed((code, 1, spoilt), ids=code)
    (answer,) = (await answers(registry, code))[code]
    assert answer.verdict == "repaired"
    said = {(each.field, each.reason): each for each in answer.remarks}
    assert set(said) == {("last_assessed", "thai_numerals"), ("district", "space"), ("email", "wrapped_email")}
    assert said["last_assessed", "thai_numerals"].suggestion == "2563"
    assert said["email", "wrapped_email"].suggestion is None
    assert all(each.message and each.message_en for each in answer.remarks)


@pytest.mark.parametrize(
    ("changes", "field", "reason", "suggestion"),
    [
        ({"district": "เมืองแม่ฮองสอน"}, "district", "unknown_district", "เมืองแม่ฮ่องสอน"),
        ({"lao_code": None}, "lao_code", "missing_value", None),
        ({"email": "center at example"}, "email", "bad_email", None),
        ({"latitude": 97.96, "longitude": 19.35}, "latitude", "swapped_coordinates", "19.35, 97.96"),
        ({"name": "=1+1"}, "name", "formula_cell", None),
    ],
)
async def test_a_row_that_a_person_must_settle_changes_nothing(registry, code, changes, field, reason, suggestion):
    name = await registry.new_round()
    await registry.world.publish_signed((code, 1, entry(name, code, **changes)), ids=code)
    (answer,) = (await answers(registry, code))[code]
    assert answer.verdict == "rejected"
    assert (field, reason, suggestion) in {(each.field, each.reason, each.suggestion) for each in answer.remarks}
    assert (await registry.http.get(f"/v1/centers/{code}")).status_code == 404


@pytest.mark.parametrize("state", ["none", "closed"])
async def test_a_round_that_takes_no_roll_is_named(registry, code, state):
    name = "nowhere"
    if state == "closed":
        name = await registry.new_round()
        await registry.mongo.documents("rounds").update({"_id": name}, {"$set": {"state": "closed"}})
    await registry.world.publish_signed((code, 1, entry(name, code)), ids=code)
    (answer,) = (await answers(registry, code))[code]
    reason = "round_closed" if state == "closed" else "round_unknown"
    assert [(each.field, each.reason) for each in answer.remarks] == [("round", reason)]


async def test_what_only_the_registry_knows_is_answered_too(registry, code):
    name = await registry.new_round()
    await registry.send(name, TWO_CENTERS)
    other = f"{code}x"
    await registry.world.publish_signed(
        (code, 1, entry(name, code, lao_name="เทศบาลตำบลอื่น")),
        (other, 1, entry(name, other, lao_email="other@lao.example")),
        ids=code,
    )
    found = await answers(registry, code, other)
    assert [(each.field, each.reason) for each in found[code][0].remarks] == [("lao_name", "lao_contradicts_itself")]
    assert found[code][0].remarks[0].suggestion == SOUND["อปท.ต้นสังกัด"]
    (remark,) = found[other][0].remarks
    assert (remark.field, remark.reason, remark.suggestion) == ("lao_email", "lao_contradicts_itself", None)


async def test_the_same_event_twice_changes_nothing_and_is_answered_once(registry, code):
    name = await registry.new_round()
    await registry.world.publish_signed((code, 1, entry(name, code)), ids=code)
    await answers(registry, code)
    # Meanwhile somebody corrected the center: the old event, come again, must not take that back.
    corrected = entry(name, code, email="new@center.example")
    await registry.world.publish_signed((code, 2, corrected), ids=code)
    await answers(registry, code, count=2)
    before = await registry.state()
    marker = f"{code}m"
    await registry.world.publish_signed(
        (code, 1, entry(name, code)), (code, 2, corrected), (marker, 1, entry("nowhere", marker)), ids=code
    )
    await registry.world.publish_signed((code, 3, entry("nowhere", code)), ids=code)
    found = await answers(registry, code, count=3)
    assert [answer.event for answer in found[code]] == [f"{code}-{code}-{number}" for number in (1, 2, 3)]
    assert await registry.state() == before
    assert (await registry.http.get(f"/v1/centers/{code}")).json()["email"] == "new@center.example"


async def test_entries_into_an_open_round_oblige_at_once(registry, code):
    name = await registry.new_round()
    await registry.send(name, TWO_CENTERS)
    assert (await registry.http.post(f"/v1/rounds/{name}/open")).status_code == 200
    await registry.world.publish_signed((code, 1, entry(name, code)), ids=code)
    await answers(registry, code)
    await registry.announced()
    keys = {(record.key or b"").decode() for record in await registry.world.records(OBLIGATIONS)}
    assert f"{name}/{code}" in keys


async def test_many_entries_of_many_centers_are_each_answered(registry, code):
    name = await registry.new_round()
    codes = [f"{code}{number:03}" for number in range(300)]
    await registry.world.publish_signed(
        *(
            (each, 1, entry(name, each, district="ฟากฟ้าไกล" if number % 10 == 0 else "เมือง"))
            for number, each in enumerate(codes)
        ),
        ids=code,
    )
    found = await answers(registry, *codes)
    verdicts = [each[0].verdict for each in found.values()]
    assert (verdicts.count("accepted"), verdicts.count("rejected")) == (270, 30)
    assert (await registry.http.get(f"/v1/rounds/{name}")).json()["listed"] == 270
    await registry.announced()
    told = {(record.key or b"").decode() for record in await registry.world.records(CENTERS)}
    assert set(codes[1:10]) <= told


async def test_a_record_whose_key_is_another_center_is_a_dead_letter(registry, code):
    name = await registry.new_round()
    await registry.world.publish_signed((f"{code}-other", 1, entry(name, code)), ids=code)

    async def buried() -> bool:
        return any(
            dict(record.headers).get("dead_error") == b"key_contradicts_data"
            for record in await registry.world.records(dead_letters("registry"))
        )

    await eventually(buried)
    assert (await registry.http.get(f"/v1/centers/{code}")).status_code == 404


async def test_an_entry_that_nobody_signed_is_a_dead_letter(registry, code):
    name = await registry.new_round()
    await registry.world.publish("registry", (code, 1, entry(name, code)), ids=code)

    async def buried() -> bool:
        return any(
            (record.key or b"").decode() == code for record in await registry.world.records(dead_letters("registry"))
        )

    await eventually(buried)
    assert (await registry.http.get(f"/v1/centers/{code}")).status_code == 404
