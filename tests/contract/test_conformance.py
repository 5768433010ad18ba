"""The conformance run itself: it passes what is documented and catches what is not."""

import asyncio

import pytest
from fastapi import Response
from schemathesis.core.failures import FailureGroup

from shared.http import Router, create_app
from shared.http.problems import CENTER_UNKNOWN
from tests.contract.conformance import conform, listening, unread

router = Router(prefix="/v1")


@router.get("/documented/{name}")
async def documented(name: str) -> dict[str, str]:
    return {"name": name}


liar = Router(prefix="/v1")


@liar.get("/documented/{name}")
async def undocumented_status(name: str) -> Response:
    return Response(status_code=418)


choosy = Router(prefix="/v1")


@choosy.get("/documented/{name}")
async def only_one(name: str, of: str | None = None) -> dict[str, str]:
    if name != "stands" or of is not None:
        raise CENTER_UNKNOWN.problem(where="path.name")
    return {"name": name}


async def test_what_is_documented_passes() -> None:
    async with listening(create_app(service="tester", title="t", routers=[router])) as address:
        assert list(await asyncio.to_thread(conform, address, {})) == ["GET /v1/documented/{name}"]


async def test_what_is_not_documented_is_caught() -> None:
    async with listening(create_app(service="tester", title="t", routers=[liar])) as address:
        with pytest.raises(FailureGroup):
            await asyncio.to_thread(conform, address, {})


async def test_what_never_gave_anything_is_named() -> None:
    async with listening(create_app(service="tester", title="t", routers=[choosy])) as address:
        assert unread(await asyncio.to_thread(conform, address, {})) == ["GET /v1/documented/{name}"]
        there = await asyncio.to_thread(conform, address, {}, lambda _: {"name": "stands"})
    assert unread(there) == []
