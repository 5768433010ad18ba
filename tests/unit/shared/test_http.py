"""What every service answers alike."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, File, UploadFile
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shared.failures import Unavailable
from shared.http import (
    Check,
    Page,
    PageQuery,
    Probes,
    ProblemKind,
    Router,
    create_app,
    heartbeat,
    requires,
    route_options,
    write_cursor,
)
from shared.security.principals import Principal, Role
from shared.security.tokens import TokenVerifier
from tests.unit.shared.issuer import URL, Issuer

TEAPOT = ProblemKind("teapot", 409, "กาน้ำชา", "A teapot", "ชง", "Brew.")


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=5)
    code: SecretStr | None = None


Operator = Annotated[Principal, Depends(requires(Role.OPERATOR))]
Anyone = Annotated[Principal, Depends(requires())]
router = Router(prefix="/v1")


@router.post("/orders", status_code=201)
async def order(principal: Operator, wanted: Order) -> dict[str, str]:
    if wanted.name == "boom":
        raise RuntimeError("inner secret")
    if wanted.name == "later":
        raise Unavailable("the database")
    if wanted.name == "tea":
        raise TEAPOT.problem("ใช้ไม่ได้", "Not for coffee.", where="body.name")
    return {"name": wanted.name, "by": principal.subject}


@router.post("/files")
@route_options(max_body=10_000)
async def files(principal: Operator, file: Annotated[UploadFile, File()]) -> dict[str, int]:
    return {"size": len(await file.read())}


@router.get("/things/{code}")
async def thing(principal: Anyone, code: str) -> dict[str, str]:
    return {"code": code}


@router.get("/list")
async def listed(page: Annotated[PageQuery, Depends()]) -> Page[int]:
    start = int(page.after() or 0)
    return Page(items=list(range(start, start + page.limit)), next=write_cursor(str(start + page.limit)))


class Health:
    def __init__(self) -> None:
        self.name = "loop"
        self.silent: str | None = None
        self.reason: str | None = None

    def problem(self, longest_s: float) -> str | None:
        return self.silent if longest_s == 5 else "asked for another silence"

    async def ask(self) -> str | None:
        if self.reason == "raise":
            raise ConnectionError("mongodb://u:p@h")
        if self.reason == "hang":
            await asyncio.Event().wait()
        return self.reason


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def client(issuer: Issuer, health: Health) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        service="tester",
        title="ทดสอบ",
        routers=[router],
        verifier=TokenVerifier(URL, "saraban", issuer.http()),
        probes=Probes(live=[heartbeat(health, 5)], ready=[Check("store", health.ask)]),
        asyncapi={
            "asyncapi": "3.0.0",
            "channels": {"c": {"address": "saraban.x", "messages": {"m": {}}}},
            "operations": {"o": {"action": "send", "channel": {"$ref": "#/channels/c"}}},
        },
        unavailable=[ZeroDivisionError],
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as made:
        yield made


@pytest.fixture
def operator(issuer: Issuer) -> dict[str, str]:
    return {"Authorization": "Bearer " + issuer.token("operator", "00")}


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    told: dict[str, Any] = answer.json()
    assert told["type"] == f"urn:saraban:problem:{slug}"
    assert told["status"] == status
    assert told["title"]
    assert told["title_en"].isascii()
    assert len(told["trace_id"]) == 32
    return told


async def test_a_good_request_is_answered(client: httpx.AsyncClient, operator: dict[str, str]) -> None:
    answer = await client.post("/v1/orders", json={"name": "nam"}, headers=operator)
    assert (answer.status_code, answer.json()) == (201, {"name": "nam", "by": "operator-00"})
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer "}])
async def test_without_a_token_one_is_asked_to_sign_in(client: httpx.AsyncClient, header: dict[str, str]) -> None:
    answer = await client.post("/v1/orders", json={"name": "nam"}, headers=header)
    problem(answer, 401, "sign-in-required")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_two_authorization_headers_are_none(client: httpx.AsyncClient, issuer: Issuer) -> None:
    twice = [("Authorization", "Bearer " + issuer.token()), ("Authorization", "Bearer " + issuer.token("center", "c"))]
    problem(await client.get("/v1/things/a", headers=twice), 401, "sign-in-required")


async def test_an_expired_token_is_told_apart(client: httpx.AsyncClient, issuer: Issuer) -> None:
    stale = {"Authorization": "Bearer " + issuer.token(exp=1)}
    problem(await client.get("/v1/things/a", headers=stale), 401, "token-expired")


async def test_a_forged_token_is_refused(client: httpx.AsyncClient, issuer: Issuer) -> None:
    forged = {"Authorization": "Bearer " + issuer.token(aud="else")}
    problem(await client.get("/v1/things/a", headers=forged), 401, "token-refused")


async def test_another_role_is_forbidden(client: httpx.AsyncClient, issuer: Issuer) -> None:
    center = {"Authorization": "Bearer " + issuer.token("center", "c1")}
    problem(await client.post("/v1/orders", json={"name": "nam"}, headers=center), 403, "forbidden")


async def test_an_issuer_out_of_reach_is_our_trouble(client: httpx.AsyncClient, issuer: Issuer) -> None:
    issuer.down = True
    answer = await client.get("/v1/things/a", headers={"Authorization": "Bearer " + issuer.token()})
    problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "2"


async def test_an_invalid_body_names_each_place_and_shows_no_value(
    client: httpx.AsyncClient, operator: dict[str, str]
) -> None:
    answer = await client.post("/v1/orders", json={"name": "too-long-secret", "x": 1}, headers=operator)
    told = problem(answer, 422, "invalid-request")
    assert told["where"] == "body.name"
    assert {place["where"] for place in told["errors"]} == {"body.name", "body.x"}
    assert "too-long-secret" not in answer.text


async def test_a_torn_body_is_not_json(client: httpx.AsyncClient, operator: dict[str, str]) -> None:
    headers = {**operator, "Content-Type": "application/json"}
    problem(await client.post("/v1/orders", content=b'{"name": ', headers=headers), 400, "body-not-json")


async def test_another_content_type_is_refused(client: httpx.AsyncClient, operator: dict[str, str]) -> None:
    headers = {**operator, "Content-Type": "text/plain"}
    told = problem(await client.post("/v1/orders", content=b"x", headers=headers), 415, "wrong-media-type")
    assert told["where"] == "header.Content-Type"
    problem(await client.post("/v1/files", json={}, headers=operator), 415, "wrong-media-type")


async def test_a_multipart_file_is_taken(client: httpx.AsyncClient, operator: dict[str, str]) -> None:
    answer = await client.post("/v1/files", files={"file": ("a.bin", b"x" * 5000)}, headers=operator)
    assert answer.json() == {"size": 5000}


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_past_the_ceiling_is_not_read_on(
    client: httpx.AsyncClient, operator: dict[str, str], declared: bool
) -> None:
    pulled = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pulled
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        while pulled < 200:
            pulled += 1
            yield b"x" * 1000

    headers = {**operator, "Content-Type": "multipart/form-data; boundary=x"}
    if declared:
        headers["Content-Length"] = "200000000"
    answer = await client.post("/v1/files", content=endless(), headers=headers)
    problem(answer, 413, "body-too-large")
    assert pulled < 20


async def test_a_token_is_checked_before_the_body_is_read(client: httpx.AsyncClient) -> None:
    read = False

    async def watched() -> AsyncIterator[bytes]:
        nonlocal read
        read = True
        yield b""

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    problem(await client.post("/v1/files", content=watched(), headers=headers), 401, "sign-in-required")
    assert not read


async def test_a_failure_nobody_foresaw_shows_nothing_of_the_inside(
    client: httpx.AsyncClient, operator: dict[str, str]
) -> None:
    answer = await client.post("/v1/orders", json={"name": "boom"}, headers=operator)
    problem(answer, 500, "internal")
    assert "inner secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_server_away_asks_to_come_again(client: httpx.AsyncClient, operator: dict[str, str]) -> None:
    answer = await client.post("/v1/orders", json={"name": "later"}, headers=operator)
    problem(answer, 503, "unavailable")
    assert "database" not in answer.text


async def test_a_problem_of_a_service_is_told_in_both_languages(
    client: httpx.AsyncClient, operator: dict[str, str]
) -> None:
    told = problem(await client.post("/v1/orders", json={"name": "tea"}, headers=operator), 409, "teapot")
    assert (told["detail"], told["detail_en"], told["where"]) == ("ใช้ไม่ได้", "Not for coffee.", "body.name")
    assert (told["hint"], told["hint_en"]) == ("ชง", "Brew.")


def test_two_kinds_of_problem_may_not_share_a_name() -> None:
    with pytest.raises(ValueError, match="teapot"):
        ProblemKind("teapot", 418, "x", "x")


async def test_unknown_places_and_methods_are_problems_too(client: httpx.AsyncClient) -> None:
    problem(await client.get("/nothing/here"), 404, "not-found")
    answer = await client.delete("/v1/orders")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


async def test_a_refused_method_names_all_that_the_address_knows() -> None:
    one, other = Router(prefix="/v1"), Router(prefix="/v1")

    @one.get("/things/{code}")
    async def look(code: str) -> str:
        return code

    @other.patch("/things/{code}")
    async def mend(code: str) -> str:
        return code

    @other.delete("/things/{code}")
    async def drop(code: str) -> str:
        return code

    @other.post("/things")
    async def make() -> str:
        return ""

    app = create_app(service="tester", title="t", routers=[one, other])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        for method in ("PUT", "POST", "OPTIONS"):
            answer = await http.request(method, "/v1/things/x")
            problem(answer, 405, "method-not-allowed")
            assert answer.headers["allow"] == "DELETE, GET, PATCH"
        assert (await http.put("/livez")).headers["allow"] == "GET"


async def test_lists_come_in_pages(client: httpx.AsyncClient) -> None:
    first = (await client.get("/v1/list", params={"limit": 3})).json()
    second = (await client.get("/v1/list", params={"limit": 3, "cursor": first["next"]})).json()
    assert [first["items"], second["items"]] == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("cursor", ["x", "ก", "WzIsICJhIl0", "bnVsbA", "W1tbW1tb"])
async def test_a_made_up_cursor_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    problem(await client.get("/v1/list", params={"cursor": cursor}), 400, "bad-cursor")


async def test_a_limit_out_of_bounds_is_refused(client: httpx.AsyncClient) -> None:
    told = problem(await client.get("/v1/list", params={"limit": 501}), 422, "invalid-request")
    assert told["where"] == "query.limit"


async def test_probes_follow_what_they_ask(client: httpx.AsyncClient, health: Health) -> None:
    assert (await client.get("/readyz")).status_code == 200
    health.reason = "still filling"
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["store"] == "still filling"
    assert (await client.get("/livez")).status_code == 200


async def test_a_check_that_raises_fails_by_its_class_alone(client: httpx.AsyncClient, health: Health) -> None:
    health.reason = "raise"
    answer = await client.get("/readyz")
    assert answer.json()["checks"]["store"] == "ConnectionError"


async def test_a_loop_with_a_problem_is_not_alive(client: httpx.AsyncClient, health: Health) -> None:
    assert (await client.get("/livez")).status_code == 200
    health.silent = "silent for 60 s"
    for probe in ("/livez", "/readyz"):
        answer = await client.get(probe)
        assert (answer.status_code, answer.json()["checks"]["loop"]) == (503, "silent for 60 s")


async def test_metrics_count_by_template_not_by_path(client: httpx.AsyncClient, operator: dict[str, str]) -> None:
    await client.get("/v1/things/very-special-code", headers=operator)
    told = (await client.get("/metrics")).text
    assert 'route="/v1/things/{code}"' in told
    assert "very-special-code" not in told


async def test_the_pages_need_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    for page in ("/docs", "/asyncapi"):
        answer = await client.get(page)
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "http://" not in answer.text
        assert "https://" not in answer.text
    assert "/v1/orders" in (await client.get("/docs")).text
    assert "saraban.x" in (await client.get("/asyncapi")).text
    assert (await client.get("/asyncapi.json")).json()["asyncapi"] == "3.0.0"


async def test_every_operation_documents_its_problems(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    placed = document["paths"]["/v1/orders"]["post"]
    for status in ("400", "401", "403", "409", "413", "415", "422", "429", "500", "503"):
        assert list(placed["responses"][status]["content"]) == ["application/problem+json"]
    assert placed["security"]
    assert any(each["name"] == "Idempotency-Key" for each in placed["parameters"])
    assert "ValidationError" not in json.dumps(document["components"]["schemas"])


async def test_a_route_without_our_guard_is_not_accepted() -> None:
    from fastapi import APIRouter

    stranger = APIRouter()
    stranger.get("/x")(thing)
    with pytest.raises(TypeError):
        create_app(service="tester", title="t", routers=[stranger])  # type: ignore[list-item]
