"""The service as an operator meets it."""

import pytest

from shared.contracts.topics import CENTERS, OBLIGATIONS, ORGANIZATIONS, ROUNDS, STATUS


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_it_says_that_it_is_well(shared_registry, path):
    answer = await shared_registry.http.get(path)
    assert answer.status_code == 200, answer.text


async def test_its_routes_are_the_contract(shared_registry):
    document = (await shared_registry.http.get("/openapi.json")).json()
    assert {(method, path) for path, found in document["paths"].items() for method in found} >= {
        ("post", "/v1/rounds"),
        ("get", "/v1/rounds"),
        ("get", "/v1/rounds/{round}"),
        ("post", "/v1/rounds/{round}/roll"),
        ("post", "/v1/rounds/{round}/open"),
        ("get", "/v1/organizations/{code}"),
        ("get", "/v1/organizations/{code}/children"),
        ("get", "/v1/centers"),
        ("get", "/v1/centers/{code}"),
    }


async def test_the_roll_is_described_as_a_file(shared_registry):
    document = (await shared_registry.http.get("/openapi.json")).json()
    content = document["paths"]["/v1/rounds/{round}/roll"]["post"]["requestBody"]["content"]
    assert "text/csv" in content


async def test_it_describes_what_it_publishes(shared_registry):
    channels = (await shared_registry.http.get("/asyncapi", headers={"Accept": "application/json"})).text
    for topic in (ORGANIZATIONS, CENTERS, ROUNDS, OBLIGATIONS, STATUS):
        assert topic.name in channels
