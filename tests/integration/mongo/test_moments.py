"""A list as of one moment stays what it was while others write; a moment nobody remembers is now."""

import pytest

from shared.mongo import ASCENDING, Documents
from tests.world import World

BY_ID = [("_id", ASCENDING)]


async def ids(documents: Documents, moment: str | None = None) -> tuple[list[str], str]:
    found, at = await documents.at_moment({}, sort=BY_ID, limit=100, fields=["_id"], moment=moment)
    return [each["_id"] for each in found], at


async def test_now_holds_every_write_that_was_answered(world: World) -> None:
    documents = world.mongo("registry").documents("things")
    for number in range(50):
        await documents.insert({"_id": f"{number:03d}"})
        assert len((await ids(documents))[0]) == number + 1


async def test_a_moment_stays_as_it_was(world: World) -> None:
    documents = world.mongo("registry").documents("things")
    await documents.insert_many([{"_id": "a", "name": "1"}, {"_id": "b"}])
    before, moment = await ids(documents)
    await documents.delete({"_id": "a"})
    await documents.insert({"_id": "c"})
    assert (await ids(documents, moment)) == (before, moment)
    assert (await ids(documents))[0] == ["b", "c"]


@pytest.mark.parametrize("moment", ["1.1", "4294967295.1", "0.0", "99999999999.1", "yesterday", ""])
async def test_a_moment_nobody_remembers_is_now(world: World, moment: str) -> None:
    documents = world.mongo("registry").documents("things")
    await documents.insert({"_id": "a"})
    found, at = await ids(documents, moment)
    assert found == ["a"]
    assert at != moment


async def test_an_index_is_named(world: World) -> None:
    documents = world.mongo("registry").documents("things")
    await documents.index([("place", ASCENDING)], name="place")
    await documents.insert_many([{"_id": str(n), "place": n % 2} for n in range(10)])
    assert await documents.count_up_to(100, {"place": 1}, "place") == 5
    assert await documents.count_up_to(3, {"place": 1}, "place") == 3
    found, _ = await documents.at_moment({"place": 0}, sort=BY_ID, limit=2, hint="place")
    assert [each["_id"] for each in found] == ["0", "2"]
