"""A list read page by page is one list: nothing that stood through is left out or shown twice, whatever is written."""

import base64
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from deploy.local.stack import Stack
from services.registry.domain import Center, Organization, order_of
from services.registry.store import RegistryStore
from shared.thai.calendar import now_in_bangkok
from shared.thai.collation import thai_sorted
from tests.integration.registry.conftest import open_registry
from tests.integration.registry.reading.conftest import Library
from tests.integration.registry.test_bad_input import is_problem
from tests.plans import Silent
from tests.world import World

PATH = ("00", "58", "5801", "6580103")
NAMES = [f"ศูนย์พัฒนาเด็กเล็กบ้าน{letter}หนองบัว" for letter in "กขคงจฉชซดตถทนบปผพฟมยรลวสหอ"]
Write = Callable[[RegistryStore, Center], Awaitable[None]]


def named(code: str, name: str) -> Center:
    return Center(
        code=code, name=name, lao=PATH[-1], path=PATH, subdistrict="580104", rounds=("all",), order=order_of(name, code)
    )  # fmt: skip


async def insert(store: RegistryStore, seen: Center, name: str) -> None:
    code = f"new-{secrets.token_hex(4)}"
    await store.centers.create(code, named(code, name), [], now_in_bangkok())


async def rename(store: RegistryStore, center: Center, name: str) -> None:
    stored = await store.centers.load(center.code)
    assert stored is not None
    after = stored.state.model_copy(update={"name": name, "order": order_of(name, center.code)})
    await store.centers.save(stored, after, [], now_in_bangkok())


async def close(store: RegistryStore, center: Center) -> None:
    stored = await store.centers.load(center.code)
    assert stored is not None
    await store.centers.save(stored, stored.state.model_copy(update={"state": "closed"}), [], now_in_bangkok())


@pytest.fixture(scope="module")
async def shelf(stack: Stack) -> AsyncIterator[Library]:
    """A registry with one LAO and the centers of each test."""
    from contextlib import AsyncExitStack

    import httpx

    from tests.world import run_app

    world = World(stack, f"t{secrets.token_hex(4)}")
    await world.open()
    app = open_registry(world)
    async with AsyncExitStack() as open_:
        await open_.enter_async_context(run_app(app))
        http = await open_.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")
        )
        here = Library(http, world, world.mongo("registry"))
        store = RegistryStore(here.mongo, Silent(), now_in_bangkok)
        kinds = ("department", "province", "district", "lao")
        for level, kind in enumerate(kinds):
            node = Organization.model_validate(
                {"code": PATH[level], "kind": kind, "name": kind, "parent": PATH[level - 1] if level else None,
                 "path": PATH[: level + 1], "order": f"{level}"}
            )  # fmt: skip
            await store.organizations.create(node.code, node, [], now_in_bangkok())
        yield here
    await world.close()


@pytest.fixture
async def store(shelf: Library) -> RegistryStore:
    """Its database, with the same centers before every test."""
    found = RegistryStore(shelf.mongo, Silent(), now_in_bangkok)
    await found.centers.documents.delete({})
    for number, name in enumerate(NAMES):
        await found.centers.create(f"c{number:02d}", named(f"c{number:02d}", name), [], now_in_bangkok())
    return found


async def paged(
    shelf: Library,
    between: Callable[[list[dict[str, Any]]], Awaitable[None]],
    path: str = "/v1/centers",
    **query: Any,
) -> list[dict[str, Any]]:
    """Every page of a list, with something done between them."""
    items: list[dict[str, Any]] = []
    while True:
        page = (await shelf.get(path, limit=5, **query)).json()
        items += page["items"]
        if page["next"] is None:
            return items
        query["cursor"] = page["next"]
        await between(items)


QUERIES: list[dict[str, Any]] = [{}, {"within": "58"}, {"q": "หนองบัว"}, {"q": "c"}, {"round": "all"}, {"q": "หนองบวก"}]


@pytest.mark.parametrize("query", QUERIES, ids=str)
async def test_renames_openings_and_closures_between_pages(
    shelf: Library, store: RegistryStore, query: dict[str, Any]
) -> None:
    before = await shelf.codes(**query, limit=500)
    assert len(before) == len(NAMES)

    async def meddle(seen: list[dict[str, Any]]) -> None:
        left = [code for code in before if code not in {each["code"] for each in seen}]
        for code, name in ((seen[-1]["code"], "ศูนย์พัฒนาเด็กเล็กบ้านฮฮหนองบัว"), (left[-1], "ศูนย์พัฒนาเด็กเล็กบ้านกกหนองบัว")):
            await rename(store, named(code, name), name)
        for name in ("ศูนย์พัฒนาเด็กเล็กบ้านกกกหนองบัว", "ศูนย์พัฒนาเด็กเล็กบ้านฮฮฮหนองบัว"):
            await insert(store, named("x", name), name)
        if len(left) > 2:
            await close(store, named(left[1], ""))

    seen = await paged(shelf, meddle, **query)
    assert [each["code"] for each in seen] == before
    assert {each["state"] for each in seen} == {"active"}


async def assess(store: RegistryStore, code: str, year: int) -> None:
    stored = await store.centers.load(code)
    assert stored is not None
    await store.centers.save(stored, stored.state.model_copy(update={"last_assessed": year}), [], now_in_bangkok())


@pytest.mark.parametrize("query", [{}, {"state": "overdue"}, {"round": "all"}, {"within": "5801"}], ids=str)
async def test_who_is_due_stays_so_while_assessments_are_written(
    shelf: Library, store: RegistryStore, query: dict[str, Any]
) -> None:
    for number in range(len(NAMES)):
        await assess(store, f"c{number:02d}", 2555 + number % 5)
    asked = {"fiscal_year": 2569, **query}
    before = [each["code"] for each in await shelf.found("/v1/due", limit=500, **asked)]
    assert len(before) == len(NAMES)

    async def meddle(seen: list[dict[str, Any]]) -> None:
        left = [code for code in before if code not in {each["code"] for each in seen}]
        await assess(store, seen[-1]["code"], 2563)
        await assess(store, left[-1], 2550)
        await insert(store, named("x", ""), "ศูนย์พัฒนาเด็กเล็กบ้านใหม่")
        if len(left) > 2:
            await close(store, named(left[1], ""))

    seen = await paged(shelf, meddle, "/v1/due", **asked)
    assert [each["code"] for each in seen] == before


async def test_a_cursor_of_the_due_is_of_its_own_question_alone(shelf: Library, store: RegistryStore) -> None:
    cursor = (await shelf.get("/v1/due", fiscal_year=2569, limit=5)).json()["next"]
    for query in ({"fiscal_year": 2570}, {"state": "never"}, {"round": "all"}, {"within": "58"}):
        answer = await shelf.get("/v1/due", cursor=cursor, **({"fiscal_year": 2569} | query))
        assert is_problem(answer, 400, "bad-cursor", "query.cursor")


@pytest.mark.parametrize("query", [{}, {"as_of": "2025-01-01"}], ids=str)
async def test_the_centers_of_an_office_page_too(shelf: Library, store: RegistryStore, query: dict[str, Any]) -> None:
    path = f"/v1/organizations/{PATH[-1]}/centers"
    before = [each["code"] for each in await shelf.found(path, limit=500, **query)]
    assert before == [f"c{number:02d}" for number in range(len(NAMES))]

    async def meddle(seen: list[dict[str, Any]]) -> None:
        if not query:
            await rename(store, named(seen[-1]["code"], ""), "ศูนย์พัฒนาเด็กเล็กบ้านฮฮหนองบัว")

    assert [each["code"] for each in await paged(shelf, meddle, path, **query)] == before
    cursor = (await shelf.get(path, limit=5, **query)).json()["next"]
    other = {"as_of": "2024-01-01"}
    assert is_problem(await shelf.get(path, cursor=cursor, **other), 400, "bad-cursor", "query.cursor")


async def test_the_next_list_shows_what_was_written(shelf: Library, store: RegistryStore) -> None:
    await rename(store, named("c03", ""), "ศูนย์พัฒนาเด็กเล็กบ้านอื่น")
    found = await shelf.found(q="บ้านอื่น", near=False)
    assert [each["code"] for each in found] == ["c03"]
    assert "c03" not in await shelf.codes(q="งหนองบัว", near=False)
    names = [each["name"] for each in await shelf.found(limit=7)]
    assert names == thai_sorted(names)


def forgotten(cursor: str) -> str:
    """A cursor of a moment that the database has no memory of."""
    version, place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    mark, manner, _, *key = json.loads(place)
    text = json.dumps([version, json.dumps([mark, manner, "1.1", *key])])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("query", QUERIES, ids=str)
async def test_a_reader_who_comes_back_late_goes_on_behind_the_same_place(
    shelf: Library, store: RegistryStore, query: dict[str, Any]
) -> None:
    first = (await shelf.get("/v1/centers", limit=10, **query)).json()
    seen = [each["code"] for each in first["items"]]
    await insert(store, named("x", ""), "ศูนย์พัฒนาเด็กเล็กบ้านกกหนองบัว")
    await insert(store, named("x", ""), "ศูนย์พัฒนาเด็กเล็กบ้านฮฮหนองบัว")
    rest = await shelf.codes(cursor=forgotten(first["next"]), limit=500, **query)
    stood = [code for code in seen + rest if code.startswith("c")]
    assert sorted(stood) == [f"c{number:02d}" for number in range(len(NAMES))]


async def test_a_cursor_is_of_its_own_list_alone(shelf: Library, store: RegistryStore) -> None:
    cursor = (await shelf.get("/v1/centers", limit=5)).json()["next"]
    for query in ({"within": "58"}, {"q": "หนอง"}, {"state": "active"}, {"round": "all"}, {"bbox": "97,5,106,21"}):
        assert is_problem(await shelf.get("/v1/centers", cursor=cursor, **query), 400, "bad-cursor", "query.cursor")
    assert is_problem(await shelf.get("/v1/organizations", cursor=cursor), 400, "bad-cursor", "query.cursor")


async def test_the_longest_name_fits_a_cursor(shelf: Library, store: RegistryStore) -> None:
    for number in range(3):
        await insert(store, named("x", ""), f"ศูนย์พัฒนาเด็กเล็ก{'น้ำ' * 60}{number}")
    assert len(await shelf.codes(limit=1, q="น้ำน้ำ")) == 3


async def test_what_an_older_version_wrote_is_found_after_a_start(shelf: Library, store: RegistryStore) -> None:
    await store.centers.documents.update({"_id": "c05"}, {"$unset": {"find": ""}})
    await store.centers.documents.update({"_id": "c06"}, {"$set": {"find.version": 0, "find.plain": "old"}})
    assert {"c05", "c06"}.isdisjoint(await shelf.codes(q="หนองบัว", near=False))
    await store.center_lists.prepare()
    assert {"c05", "c06"} <= set(await shelf.codes(q="หนองบัว", near=False))
