"""Every route of every service, asked by every role and by nobody: no answer holds what is its holder's alone."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import httpx
import pytest

from shared.contracts.topics import SERVICES
from shared.security.principals import Role
from tests.e2e.canary import Canaries, Secret
from tests.e2e.conftest import Round
from tests.integration.credentials.test_blind_relay import CALLERS, METHODS, archive_with, document_with, readable

AT_ONCE = 8
OF_TWO = {"/v1/deliveries": ("recipient",)}
"""Where one of two parameters must be given, which the document cannot say."""
NEEDS_MORE = (
    "{plan}",
    "/clusters/{id}",
    "/requests/{id}",
    "/orders/{id}",
    "/maps/",
    "/framework",
    "/summary",
    "/summaries/table",
    "submissions get /v1/audit/anchors",
)
"""What is about things that a rehearsal has none of: plans of clusters, waiting rolls, orders, summaries, and in the
submissions' trail an entry that could be anchored."""


@dataclass(frozen=True)
class Route:
    """One operation of a service's document."""

    service: str
    address: str
    template: str
    method: str
    asked: tuple[str, ...]
    """Query parameters that must be given."""

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.template}"


async def routes(http: httpx.AsyncClient, addresses: dict[str, str]) -> list[Route]:
    found = []
    for service, address in addresses.items():
        document = (await http.get(f"{address}/openapi.json")).json()
        for template, operations in document["paths"].items():
            for method in METHODS:
                if method in operations:
                    given = operations[method].get("parameters", [])
                    asked = tuple(each["name"] for each in given if each["in"] == "query" and each.get("required"))
                    found.append(Route(service, address, template, method, asked))
    return found


class Walk:
    """One way over every route, with what stands in this round for each name in a path."""

    def __init__(self, finished: Round, places: dict[str, str], path: list[str]) -> None:
        self._finished, self._places = finished, places
        department, province, district, lao = path
        self._orgs = {
            Role.DEPARTMENT: department, Role.PROVINCE: province, Role.DISTRICT: district, Role.LAO: lao,
            Role.CENTER: places["{center}"], Role.PUBLISHER: "onesqa", Role.ASSESSOR: "onesqa",
        }  # fmt: skip
        self._params = {
            "subject": f"center/{places['{center}']}", "fiscal_year": "2569", "format": "csv", "name": "letter",
            "recipient": places["{center}"],
        }  # fmt: skip
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, role: Role | None, route: Route) -> httpx.Response:
        path = route.template.replace("/receipts/{code}", "/receipts/" + self._places["{receipt}"])
        path = path.replace("/organizations/{code}", "/organizations/" + self._places["{lao}"])
        for name, value in self._places.items():
            path = path.replace(name, value)
        headers = {"Idempotency-Key": f"walk-{role}-{route.method}"}
        if role is not None:
            token = await self._finished.doors.bearer(role.value, self._orgs.get(role, "00"))
            headers["Authorization"] = f"Bearer {token}"
        async with self._gate:
            return await self._finished.doors.http.request(
                route.method,
                route.address + path,
                params={name: self._params[name] for name in (*route.asked, *OF_TWO.get(route.template, ()))},
                json={} if route.method in {"post", "put", "patch"} else None,
                headers=headers,
            )


async def places_of(finished: Round, batch: str) -> tuple[dict[str, str], list[str]]:
    """What this round has for each name in a path, and the path of organizations above the center in it."""
    mongos = finished.insight.mongos
    story = next(each for each in finished.outcome.stories if each.person.habit == "plain")
    code = story.person.code
    center = await mongos["registry"].documents("centers").one({"_id": code})
    submission = await mongos["submissions"].documents("submissions").one({"center": code})
    delivery = await mongos["notifier"].documents("deliveries").one({"recipient": code})
    person = await mongos["credentials"].documents("people").one({})
    assert center
    assert submission
    assert delivery
    assert person
    letter = await finished.doors.ask(
        ("department", "00"),
        "POST",
        f"{finished.doors.registry}/v1/rounds/{finished.outcome.round}/documents",
        params={"name": "letter", "kind": "letter"},
        content=document_with("letter"),
        headers={"Content-Type": "application/pdf"},
    )
    names = {
        "{round}": finished.outcome.round, "{code}": code, "{center}": code, "{version}": "1",
        "{receipt}": story.receipt, "{lao}": center["lao"], "{upload}": submission["uploads"][0]["id"],
        "{notice}": delivery["notice"], "{reference}": person["reference"], "{batch}": batch, "{province}": "58",
        "{id}": str(letter["id"]), "{plan}": "none", "{claim}": "nobody-s-claim-0000", "{request}": "nobody-s",
    }  # fmt: skip
    return names, list(center["path"])


@pytest.mark.campaign
async def test_no_route_of_any_service_gives_any_role_what_is_its_holders_alone(finished, planted):
    addresses: dict[str, str] = {service: finished.stack.servers[service].address for service in SERVICES}
    every = await routes(finished.doors.http, addresses)
    assert {route.service for route in every} == set(SERVICES)
    names, path = await places_of(finished, planted.batch)
    walk = Walk(finished, names, path)
    # What changes something comes last, so that everything is there when it is looked at.
    looks = [route for route in every if route.method == "get"]
    changes = [route for route in every if route.method != "get"]
    answers: list[tuple[Role | None, Route, httpx.Response]] = []
    for part in (looks, changes):
        asked = list(itertools.product(CALLERS, part))
        got = await asyncio.gather(*(walk(role, route) for role, route in asked))
        answers += [(role, route, answer) for (role, route), answer in zip(asked, got, strict=True)]

    # Claims and searches of the walk itself may have changed secrets: all that are sealed now count too.
    canaries = Canaries([*planted.secrets, *await planted.sealed_now()], planted.numbers)
    assert list(found_in(canaries, answers)) == []
    assert not any(answer.status_code >= 500 for _, _, answer in answers)

    went: dict[Route, set[int]] = defaultdict(set)
    for _, route, answer in answers:
        went[route].add(answer.status_code)
    closed = [str(route) for route in looks if not any(200 <= status < 300 for status in went[route])]
    assert [each for each in closed if not any(word in each for word in NEEDS_MORE)] == []
    assert sum(401 in went[route] for route in every) > len(every) * 0.9, "nobody gets in almost nowhere"

    # The search is able to find: an answer with a planted word in it, in a document in an archive.
    planted_answer = httpx.Response(200, headers={"content-type": "application/zip"}, content=archive_with("Plant-1x"))
    assert list(found_in(Canaries([Secret("control", "Plant-1x")]), [(None, every[0], planted_answer)]))


def found_in(canaries: Canaries, answers: Iterable[tuple[Role | None, Route, httpx.Response]]) -> Iterable[str]:
    for role, route, answer in answers:
        for sighting in canaries.sightings("", readable(answer).encode() + b"\0" + answer.content):
            yield f"{sighting.kind} as {sighting.disguise} to {role} by {route}"
