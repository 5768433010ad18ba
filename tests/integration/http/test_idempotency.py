"""`Idempotency-Key` on the real database: one request runs, its repeats see the same answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, File, UploadFile
from pydantic import BaseModel

from shared.failures import Unavailable
from shared.http import ProblemKind, Router, create_app, requires, route_options
from shared.http.idempotency import Answer, Begun, Running
from shared.mongo import UNAVAILABLE, Mongo
from shared.mongo.idempotency import MongoIdempotency
from shared.security.principals import Principal
from shared.security.tokens import TokenVerifier
from tests.unit.shared.issuer import URL, Issuer
from tests.world import World, eventually

NOT_YET = ProblemKind("test-not-yet", 404, "ยัง", "Not yet")


class Order(BaseModel):
    name: str


class Kitchen:
    """Counts what really ran, and can hold a request back."""

    def __init__(self) -> None:
        self.ran = 0
        self.ready = asyncio.Event()
        self.ready.set()
        self.failing: Exception | None = None

    async def work(self) -> int:
        self.ran += 1
        number = self.ran
        await self.ready.wait()
        if self.failing is not None:
            raise self.failing
        return number


def routes(kitchen: Kitchen) -> Router:
    router = Router(prefix="/v1")
    anyone = Depends(requires())

    @router.post("/orders", status_code=201)
    async def order(_who: Annotated[Principal, anyone], wanted: Order) -> dict[str, Any]:
        return {"name": wanted.name, "number": await kitchen.work()}

    @router.post("/orders/{code}")
    async def other(_who: Annotated[Principal, anyone], code: str) -> dict[str, Any]:
        return {"code": code, "number": await kitchen.work()}

    @router.post("/secrets")
    @route_options(remember=False)
    async def secret(_who: Annotated[Principal, anyone]) -> dict[str, Any]:
        return {"secret": "canary-3f1c", "number": await kitchen.work()}

    @router.post("/files")
    @route_options(max_body=8 * 1024 * 1024)
    async def files(_who: Annotated[Principal, anyone], file: Annotated[UploadFile, File()]) -> dict[str, Any]:
        return {"size": file.size, "number": await kitchen.work()}

    return router


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


@pytest.fixture
async def mongo(world: World) -> Mongo:
    return world.mongo("credentials")


@pytest.fixture
async def store(mongo: Mongo) -> MongoIdempotency:
    made = MongoIdempotency(mongo)
    await made.prepare()
    return made


@pytest.fixture
async def http(kitchen: Kitchen, store: MongoIdempotency) -> AsyncIterator[httpx.AsyncClient]:
    issuer = Issuer()
    app = create_app(
        service="tester",
        title="t",
        routers=[routes(kitchen)],
        verifier=TokenVerifier(URL, "saraban", issuer.http()),
        idempotency=store,
        unavailable=UNAVAILABLE,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as made:
        made.headers["Authorization"] = "Bearer " + issuer.token("operator", "00")
        made.issuer = issuer  # type: ignore[attr-defined]
        yield made


def keyed(key: str = "key-00000001") -> dict[str, str]:
    return {"Idempotency-Key": key}


async def test_a_repeat_gets_the_same_answer_and_nothing_runs_twice(http: httpx.AsyncClient, kitchen: Kitchen) -> None:
    first = await http.post("/v1/orders", json={"name": "a"}, headers=keyed())
    again = await http.post("/v1/orders", json={"name": "a"}, headers=keyed())
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replay"] == "true"
    assert "idempotent-replay" not in first.headers
    assert kitchen.ran == 1


async def test_the_key_with_another_body_is_refused(http: httpx.AsyncClient, kitchen: Kitchen) -> None:
    await http.post("/v1/orders", json={"name": "a"}, headers=keyed())
    other = await http.post("/v1/orders", json={"name": "b"}, headers=keyed())
    assert (other.status_code, other.json()["type"]) == (409, "urn:saraban:problem:idempotency-key-reused")
    assert kitchen.ran == 1


async def test_a_repeat_while_the_first_runs_is_told_to_wait(http: httpx.AsyncClient, kitchen: Kitchen) -> None:
    kitchen.ready.clear()
    first = asyncio.create_task(http.post("/v1/orders", json={"name": "a"}, headers=keyed()))

    async def running() -> bool:
        return kitchen.ran == 1

    await eventually(running)
    meanwhile = await http.post("/v1/orders", json={"name": "a"}, headers=keyed())
    kitchen.ready.set()
    assert (await first).status_code == 201
    assert (meanwhile.status_code, meanwhile.headers["retry-after"]) == (409, "1")
    assert meanwhile.json()["type"] == "urn:saraban:problem:request-in-flight"
    assert kitchen.ran == 1


async def test_fifty_at_once_run_once(http: httpx.AsyncClient, kitchen: Kitchen) -> None:
    answers = await asyncio.gather(*(http.post("/v1/orders", json={"name": "a"}, headers=keyed()) for _ in range(50)))
    assert kitchen.ran == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json().get("number", 1) for answer in answers} == {1}


@pytest.mark.parametrize("differs", ["caller", "route", "key"])
async def test_another_caller_route_or_key_is_another_request(
    http: httpx.AsyncClient, kitchen: Kitchen, differs: str
) -> None:
    await http.post("/v1/orders/a", headers=keyed())
    headers = keyed("key-00000002" if differs == "key" else "key-00000001")
    if differs == "caller":
        headers["Authorization"] = "Bearer " + http.issuer.token("operator", "00", sub="someone else")  # type: ignore[attr-defined]
    answer = await http.post("/v1/orders/b" if differs == "route" else "/v1/orders/a", headers=headers)
    assert answer.json()["number"] == 2


async def test_a_failure_of_ours_is_not_kept(http: httpx.AsyncClient, kitchen: Kitchen) -> None:
    kitchen.failing = RuntimeError("boom")
    assert (await http.post("/v1/orders", json={"name": "a"}, headers=keyed())).status_code == 500
    kitchen.failing = Unavailable("away")
    assert (await http.post("/v1/orders", json={"name": "a"}, headers=keyed())).status_code == 503
    kitchen.failing = None
    assert (await http.post("/v1/orders", json={"name": "a"}, headers=keyed())).status_code == 201


async def test_a_refusal_that_may_pass_is_not_kept(http: httpx.AsyncClient, kitchen: Kitchen) -> None:
    kitchen.failing = NOT_YET.problem()
    assert (await http.post("/v1/orders", json={"name": "a"}, headers=keyed())).status_code == 404
    kitchen.failing = None
    assert (await http.post("/v1/orders", json={"name": "a"}, headers=keyed())).status_code == 201


async def test_a_refusal_that_always_comes_is_kept(http: httpx.AsyncClient) -> None:
    first = await http.post("/v1/orders", json={"nom": "a"}, headers=keyed())
    again = await http.post("/v1/orders", json={"nom": "a"}, headers=keyed())
    assert (first.status_code, again.status_code) == (422, 422)
    assert again.headers["idempotent-replay"] == "true"
    assert again.headers["content-type"] == "application/problem+json"


async def test_a_secret_is_never_stored(http: httpx.AsyncClient, kitchen: Kitchen, mongo: Mongo) -> None:
    for _ in range(2):
        await http.post("/v1/secrets", headers=keyed())
    assert kitchen.ran == 2
    assert await mongo.documents("idempotency").count({}) == 0


async def test_a_short_code_in_a_body_cannot_be_guessed_from_the_store(http: httpx.AsyncClient, mongo: Mongo) -> None:
    import hashlib

    await http.post("/v1/orders", json={"name": "123456"}, headers=keyed())
    (kept,) = await mongo.documents("idempotency").find({})
    assert kept["answer"]["digest"] != hashlib.sha256(b'{"name":"123456"}').digest()
    assert b"key-00000001" not in str(kept).encode()


async def test_a_large_upload_is_told_apart_by_its_bytes(http: httpx.AsyncClient, kitchen: Kitchen) -> None:
    one, other = b"x" * 4_000_000, b"x" * 3_999_999 + b"y"

    async def send(content: bytes) -> httpx.Response:
        body = b'--q\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + content + b"\r\n--q--\r\n"
        headers = {**keyed(), "Content-Type": "multipart/form-data; boundary=q"}
        return await http.post("/v1/files", content=body, headers=headers)

    assert [(await send(content)).status_code for content in (one, one, other)] == [200, 200, 409]
    assert kitchen.ran == 1


@pytest.mark.parametrize("key", ["short", "x" * 129, "with space in", "ไทยไทยไทย".encode()])
async def test_an_unusable_key_is_refused(http: httpx.AsyncClient, kitchen: Kitchen, key: str | bytes) -> None:
    answer = await http.post("/v1/orders", json={"name": "a"}, headers=[("Idempotency-Key", key)])  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["where"]) == (400, "header.Idempotency-Key")
    assert kitchen.ran == 0


async def test_a_claim_whose_process_died_goes_to_the_next_who_asks(store: MongoIdempotency) -> None:
    assert await store.begin(b"i", "first", 0, 60) == Begun("first")
    assert await store.begin(b"i", "second", 60, 60) == Begun("second")
    assert isinstance(await store.begin(b"i", "third", 60, 60), Running)
    answer = Answer(b"d", 200, ((b"content-type", b"x"),), b"body")
    await store.finish(b"i", "first", answer)
    assert isinstance(await store.begin(b"i", "fourth", 60, 60), Running)
    await store.finish(b"i", "second", answer)
    assert await store.begin(b"i", "fifth", 60, 60) == answer


async def test_an_answer_past_its_time_no_longer_counts(store: MongoIdempotency) -> None:
    await store.begin(b"i", "first", 60, 0)
    await store.finish(b"i", "first", Answer(b"d", 200, (), b""))
    assert await store.begin(b"i", "second", 60, 60) == Begun("second")
