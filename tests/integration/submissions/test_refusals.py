"""Bad input: each has its own problem type, names the place, and changes nothing."""

from __future__ import annotations

import hashlib
from typing import Any

from deploy.local.crowd.papers import paper
from tests.integration.submissions.conftest import Office, round_

SHA = hashlib.sha256(b"x").hexdigest()
GOOD = {"size": 1000, "sha256": SHA}


def uploads(center_: str = "{0.center}", round_id: str = "{0.round}") -> str:
    """The address to open an upload at; `{0}` stands for the office."""
    return f"/v1/rounds/{round_id}/centers/{center_}/uploads"


REFUSED: dict[str, tuple[int, str, str | None, dict[str, Any]]] = {
    "a picture": (415, "wrong-file-type", "body.type", {"json": {**GOOD, "type": "image/png"}}),
    "a file of 200 MB": (413, "file-too-large", "body.size", {"json": {**GOOD, "size": 200_000_000}}),
    "an empty file": (422, "invalid-request", "body.size", {"json": {**GOOD, "size": 0}}),
    "no digest": (422, "invalid-request", "body.sha256", {"json": {"size": 5}}),
    "a digest of another kind": (422, "invalid-request", "body.sha256", {"json": {**GOOD, "sha256": SHA.upper()}}),
    "a field nobody knows": (422, "invalid-request", "body.name", {"json": {**GOOD, "name": "ด.ช."}}),
    "no JSON": (
        400,
        "body-not-json",
        "body, character 1",
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
    ),
    "a form": (415, "wrong-media-type", "header.Content-Type", {"data": {"size": "5"}}),
    "an unknown round": (404, "round-unknown", "path.round", {"path": uploads(round_id="1999"), "json": GOOD}),
    "a round that is not open": (
        409,
        "round-not-open",
        "path.round",
        {"path": uploads(round_id="{0.draft}"), "json": GOOD},
    ),
    "an unknown center": (404, "center-unknown", "path.center", {"path": uploads("nobody"), "json": GOOD}),
    "another's center": (403, "out-of-scope", "path.center", {"path": uploads("{0.other}"), "json": GOOD}),
    "a foreign organization": (
        403,
        "out-of-scope",
        "path.center",
        {"role": "lao", "org": "6580202", "json": GOOD},
    ),
    "a center that owes nothing": (
        409,
        "nothing-owed",
        "path.center",
        {"path": uploads("{0.idle}"), "org": "{0.idle}", "json": GOOD},
    ),
    "a role that sends nothing": (403, "forbidden", None, {"role": "auditor", "org": "x", "json": GOOD}),
    "an expired token": (401, "token-expired", "header.Authorization", {"ttl": -60, "json": GOOD}),
    "no token": (401, "sign-in-required", "header.Authorization", {"bare": True, "json": GOOD}),
}


async def test_each_bad_opening_is_refused_in_its_own_way_and_leaves_nothing(office: Office) -> None:
    for name, (status, slug, where, given) in REFUSED.items():
        answer = await ask(office, dict(given))
        assert answer.status_code == status, (name, answer.text)
        problem = answer.json()
        assert problem["type"] == f"urn:saraban:problem:{slug}", name
        assert problem.get("where") == where, name
        assert problem["title"], name
        assert problem["title_en"], name
    documents = office.world.mongo("submissions").documents("submissions")
    assert await documents.count({"round": {"$in": [office.round, office.draft, "1999"]}}) == 0


async def ask(office: Office, given: dict[str, Any]) -> Any:
    path = given.pop("path", uploads()).format(office)
    given = {name: value.format(office) if isinstance(value, str) else value for name, value in given.items()}
    if given.pop("bare", False):
        return await office.http.post(path, **given)
    if ttl := given.pop("ttl", None):
        token = office.world.token("center", office.center, ttl=ttl)
        return await office.http.post(path, headers={"Authorization": f"Bearer {token}"}, **given)
    return await office.ask("POST", path, **given)


async def test_a_replayed_key_with_another_body_is_refused(office: Office) -> None:
    key = {"Idempotency-Key": "0123456789"}
    first = await office.ask("POST", uploads().format(office), json=GOOD, headers=key)
    again = await office.ask("POST", uploads().format(office), json=GOOD, headers=key)
    other = await office.ask("POST", uploads().format(office), json={**GOOD, "size": 1001}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["type"]) == (409, "urn:saraban:problem:idempotency-key-reused")
    assert other.json()["where"] == "header.Idempotency-Key"
    assert len((await office.submission())["uploads"]) == 1


async def test_bytes_that_are_not_the_file_that_was_declared_are_not_received(office: Office) -> None:
    """Two sound parts, but not the file whose digest was told: only reading it all again can find that out."""
    data, other = paper("a", 6_000_000), paper("b", 6_000_000)
    upload = (await office.open(data)).json()
    await office.send_parts(upload, data, 1)
    await office.send_parts(upload, other[: len(data)].ljust(len(data)), 2)
    refused = await office.complete(upload)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:saraban:problem:not-as-declared")
    found = await office.ask("GET", f"/v1/uploads/{upload['id']}")
    assert (found.json()["state"], found.json()["reason"]) == ("failed", "digest_mismatch")
    assert found.json()["failure"]["code"] == "digest_mismatch"
    assert "เริ่มส่งไฟล์ใหม่" in found.json()["failure"]["sentence"]
    assert "make sure the file does not change" in found.json()["failure"]["sentence_en"]
    assert (await office.submission())["reports"] == []

    receipt = await office.bring(data)
    assert receipt["version"] == 1


async def test_parts_are_held_to_what_was_told(office: Office) -> None:
    upload = (await office.open(paper("a", 6_000_000))).json()
    address = f"/v1/uploads/{upload['id']}/parts"

    async def told(*parts: dict[str, Any]) -> tuple[int, str]:
        answer = await office.ask("POST", address, json={"parts": list(parts)})
        return answer.status_code, answer.json().get("type", "").rpartition(":")[2]

    assert await told({"number": 3, "sha256": SHA}) == (422, "part-unknown")
    assert await told({"number": 3}) == (422, "part-unknown")
    assert await told({"number": 1}) == (422, "part-digest-missing")
    assert await told({"number": 1, "sha256": SHA}) == (200, "")
    assert await told({"number": 1, "sha256": "0" * 64}) == (409, "part-digest-changed")
    assert await told() == (422, "invalid-request")


async def test_what_is_not_there_or_not_ones_own_is_told_apart(office: Office) -> None:
    upload = (await office.open(paper("a", 200_000))).json()
    receipt = await office.bring(paper("b", 200_000), center=office.other)

    async def got(path: str, **who: str) -> tuple[int, str]:
        answer = await office.ask("GET", path, **who)
        return answer.status_code, answer.json()["type"].rpartition(":")[2]

    assert await got("/v1/uploads/none") == (404, "upload-unknown")
    assert await got(f"/v1/uploads/{upload['id']}", org=office.other) == (403, "out-of-scope")
    assert await got("/v1/receipts/AAAA-AAAA-AAAA") == (404, "receipt-unknown")
    assert await got(f"/v1/receipts/{receipt['code']}/paper") == (403, "out-of-scope")
    assert await got("/v1/receipts/AAAA-AAAA-AAAA/paper") == (404, "receipt-unknown")
    assert await got(f"/v1/rounds/{office.round}/centers/{office.other}/submission") == (403, "out-of-scope")
    assert await got(f"/v1/rounds/{office.round}/centers/{office.idle}/submission", org=office.idle) == (
        404,
        "nothing-sent",
    )
    listing = f"/v1/rounds/{office.round}/submissions"
    assert await got(listing) == (403, "forbidden")
    assert await got(f"{listing}?cursor=x", role="province", org="58") == (400, "bad-cursor")
    assert await got(f"{listing}?within=99", role="province", org="58") == (404, "organization-unknown")
    assert await got(f"{listing}?within=00", role="province", org="58") == (403, "out-of-scope")
    assert await got(f"{listing}?within=5801", role="province", org="57") == (403, "out-of-scope")
    for tier in ("province", "district", "lao"):  # a lower tier whose token names the root does not see the country
        assert await got(listing, role=tier, org="00") == (403, "out-of-scope")
        assert await got(f"{listing}?within=5801", role=tier, org="00") == (403, "out-of-scope")
    assert await got("/v1/rounds/1999/submissions", role="province", org="58") == (404, "round-unknown")


async def test_when_the_round_closes_nobody_may_begin_but_whoever_began_may_finish(office: Office) -> None:
    data = paper("a", 200_000)
    upload = (await office.open(data)).json()
    await office.tell((office.round, 2, round_(office.round, state="closed")))

    refused = await office.open(paper("b", 200_000))
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:saraban:problem:round-not-open")
    await office.send_parts(upload, data)
    assert (await office.complete(upload)).status_code == 200
