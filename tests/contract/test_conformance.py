"""The conformance run itself: it passes what is documented and catches what is not."""

import asyncio

import pytest
from fastapi import Response
from schemathesis.core.failures import FailureGroup

from shared.http import Router, create_app
from tests.contract.conformance import conform, listening

router = Router(prefix="/v1")


@router.get("/documented/{name}")
async def documented(name: str) -> dict[str, str]:
    return {"name": name}


liar = Router(prefix="/v1")


@liar.get("/documented/{name}")
async def undocumented_status(name: str) -> Response:
    return Response(status_code=418)


async def test_what_is_documented_passes() -> None:
    async with listening(create_app(service="tester", title="t", routers=[router])) as address:
        assert await asyncio.to_thread(conform, address, {}) == 1


async def test_what_is_not_documented_is_caught() -> None:
    async with listening(create_app(service="tester", title="t", routers=[liar])) as address:
        with pytest.raises(FailureGroup):
            await asyncio.to_thread(conform, address, {})
