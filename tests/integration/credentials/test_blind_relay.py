"""Blind relay: every tier sees where credentials stand, and no route gives a secret to anybody but its holder."""

import asyncio
import io
import itertools
import json
import secrets
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.sealing.sending import seal_lines
from shared.contracts.events import NoticeDelivered
from shared.paper import Paper
from shared.security.principals import Role
from tests.integration.credentials.conftest import PATH, Round, Vault, lao_state, seals_of
from tests.integration.credentials.sending import Onesqa, line
from tests.unit.paper.seeing import codes_on, text_of
from tests.world import eventually

METHODS = ("get", "post", "put", "patch", "delete")
CALLERS: list[Role | None] = [*Role, None]
NEEDS_CODE = {"/v1/claims/{claim}/verify", "/v1/claims/{claim}/reveal", "/v1/claims/{claim}/confirm"}
"""What only goes on with the number from the registered mailbox."""
SENDERS = {Role.PUBLISHER, Role.ASSESSOR}


async def tree(vault: Vault, what: Round) -> None:
    """The organizations above the LAOs, as the registry tells them."""
    kinds = ("department", "province", "district")
    told = []
    for depth, (code, kind) in enumerate(zip(PATH, kinds, strict=True), start=1):
        above = {"code": code, "kind": kind, "path": PATH[:depth], "name": f"{kind} {code}", "parent": None}
        told.append((code, 1, lao_state(what, what.laos[0]).model_copy(update=above)))
    await vault.world.publish("registry", *told)

    async def known() -> bool:
        return await vault.mongo.documents("organizations").count({"_id": {"$in": list(PATH)}}) == len(PATH)

    await eventually(known)


async def every_secret(vault: Vault, what: Round, master_key: Path) -> set[str]:
    """What no answer may hold: every username and password that is sealed now."""
    found = set()
    async with seals_of(vault, master_key) as seals:
        for document in await vault.mongo.documents("credentials").find({"round": what.id}):
            if not document["sealed"]:
                continue
            label = {key: document[key] for key in ("round", "holder", "kind", "credential")}
            secret = await seals.open(document["sealed"], {**label, "version": document["edition"]})
            found |= {secret["username"], secret["password"]}
    return found


def readable(answer: httpx.Response) -> str:
    """All that a caller can read of an answer: headers, text, and what stands in documents and archives."""
    kind, body = answer.headers.get("content-type", ""), answer.content
    words = [repr(answer.headers.raw)]
    if kind == "application/zip" or "openxmlformats" in kind:
        archive = zipfile.ZipFile(io.BytesIO(body))
        held = [(name, archive.read(name)) for name in archive.namelist()]
        words += [text_of(each) if name.endswith(".pdf") else each.decode(errors="replace") for name, each in held]
    elif kind == "application/pdf":
        words.append(text_of(body))
    else:
        words.append(answer.text)
    return "\n".join(words)


def bodies(what: Round, center: str, role: Role | None, sealed: str) -> dict[str, Any]:
    """What is sent to each route; a sender of batches sends one."""
    renewal = {"round": what.id, "reason": "lost"}
    return {
        "/v1/rounds/{round}/credentials": {"sealed": sealed} if role in SENDERS else {"generate": True},
        "/v1/rounds/{round}/batches": {"way": "file"},
        "/v1/claims": {"round": what.id, "holder": center},
        "/v1/claims/{claim}/verify": {"code": "000000"},
        "/v1/holders/{code}/credential/sheet": {"round": what.id},
        "/v1/rounds/{round}/sheets": {"within": what.laos[0]},
        "/v1/holders/{code}/credential/rotate": renewal,
        "/v1/holders/{code}/credential/revoke": renewal,
        "/v1/holders/{code}/credential/reissue": renewal,
        "/v1/holders/{code}/credential/erase": {"reason": "closed"},
        "/v1/audit/people/{reference}/forget": {"reason": "asked"},
    }


@dataclass
class Ground:
    """One caller's round: the most that a stranger may know of, and every secret in it, word for word."""

    what: Round
    claim: str
    """Has shown its code."""
    request: str
    batch: str
    sealed: str
    """A sealed batch that was not handed in yet."""
    erasures: dict[str, str]
    """Open requests to erase, by what is to become of each."""
    secrets: set[str]

    @classmethod
    async def made(cls, vault: Vault, master_key: Path) -> "Ground":
        what = Round.of(7, per_lao=7)
        center, claiming, lost, _, *erased = what.centers
        await vault.seal(what)
        await tree(vault, what)
        onesqa = Onesqa(vault, what)
        sent = await onesqa.send([line(code, f"Planted-{code}-1") for code in (center, claiming)])
        assert sent["counts"] == {"sealed": 2}
        coming = {f"Planted-{code}-2": line(code, f"Planted-{code}-2", "lao") for code in what.laos}
        sealed = seal_lines(await onesqa.open(), list(coming.values()), onesqa.sender)
        secrets = await every_secret(vault, what, master_key)
        assert {f"Planted-{center}-1", f"Planted-{claiming}-1"} <= secrets
        claim = await vault.verified(what, "center", claiming)
        # Only what was opened and never confirmed can be lost.
        await vault.reveal(await vault.verified(what, "center", lost), "center", lost)
        wish, headers = {"round": what.id, "reason": "leaked"}, vault.headers("center", center)
        asked = await vault.http.post(f"/v1/holders/{center}/credential/rotate", json=wish, headers=headers)
        erasures = {}
        for step, holder in zip(("approve", "refuse", "withdraw"), (*erased[:2], center), strict=True):
            wished = await vault.http.post(
                f"/v1/holders/{holder}/credential/erase",
                json={"reason": "other"},
                headers=vault.headers("center", holder),
            )
            erasures[step] = wished.json()["id"]
        renewal = asked.json()["renewal"]["id"]
        return cls(what, claim, renewal, sent["batch"], sealed, erasures, secrets | coming.keys())


class Walk:
    """One caller's way over every route. `reference` is a person in the trail."""

    def __init__(self, vault: Vault, ground: Ground, reference: str) -> None:
        self.vault, self.what, self.sealed = vault, ground.what, ground.sealed
        self.center, self.erasures = self.what.centers[0], ground.erasures
        self.places = {
            "{round}": self.what.id, "{code}": self.center, "{claim}": ground.claim, "{request}": ground.request,
            "{reference}": reference, "{batch}": ground.batch,
        }  # fmt: skip

    async def __call__(self, role: Role | None, template: str, method: str) -> httpx.Response:
        path = template.replace("{code}", self.what.centers[2]) if template.endswith("/reissue") else template
        if template.endswith("/credential/erase"):
            path = template.replace("{code}", self.what.centers[3])  # whose other requests are not in the way
        for step, erasure in self.erasures.items():
            path = path.replace("{erasure}", erasure) if path.endswith(step) else path
        for name, value in self.places.items():
            path = path.replace(name, value)
        orgs = {Role.PROVINCE: "58", Role.DISTRICT: "5801", Role.LAO: self.what.laos[0], Role.CENTER: self.center}
        orgs |= {Role.PUBLISHER: "onesqa"}
        headers = {"Idempotency-Key": f"key-of-{role}-{method}"}
        if role is not None:
            headers |= self.vault.headers(role.value, orgs.get(role, "00"))
        return await self.vault.http.request(
            method.upper(),
            path,
            params={"subject": f"center/{self.center}"} if template.startswith("/v1/audit") else None,
            json=bodies(self.what, self.center, role, self.sealed).get(template) if method == "post" else None,
            headers=headers,
        )


async def test_no_route_gives_any_caller_a_secret(vault: Vault, master_key: Path) -> None:
    """Every route of the document, by every role and by nobody, each on fresh credentials whose secrets are known."""
    document = (await vault.http.get("/openapi.json")).json()
    routes = [
        (template, method)
        for template, operations in document["paths"].items()
        for method in METHODS
        if method in operations
    ]
    went: dict[str, set[int]] = defaultdict(set)
    handed_in: set[int] = set()
    printed: dict[str, set[str]] = {}
    answers: list[tuple[Any, str, str]] = []
    await vault.world.publisher()  # one for all, started before they ask for it at once
    grounds = await asyncio.gather(*(Ground.made(vault, master_key) for _ in CALLERS))
    for role, ground in zip(CALLERS, grounds, strict=True):
        people = await vault.mongo.documents("people").find({})
        walk = Walk(vault, ground, people[0]["reference"])
        mine = []
        for template, method in routes:
            answer = await walk(role, template, method)
            went[f"{method} {template}"].add(answer.status_code)
            if role in SENDERS and (method, template) == ("post", "/v1/rounds/{round}/credentials"):
                handed_in.add(answer.status_code)
            mine.append((f"{role}: {method} {template}", readable(answer)))
            for code in _codes(answer):
                printed.setdefault(code, set()).add(f"{role}: {method} {template}")
        secrets = ground.secrets | await every_secret(vault, ground.what, master_key)
        assert len(secrets) >= 8
        for where, text in mine:
            assert not any(secret in text for secret in secrets), where
        answers += [(role, where, text) for where, text in mine]
    for code, places in printed.items():
        seen = {where for _, where, text in answers if code in text}
        assert seen <= places, "a claim code stands on the sheet that was asked for, and nowhere else"
    assert {place.split(":")[0] for place in itertools.chain(*printed.values())} == {"department", "operator", "lao"}
    # The walk must have come in everywhere, or it proves nothing.
    closed = {route for route, statuses in went.items() if not any(200 <= status < 300 for status in statuses)}
    assert {route.split()[1] for route in closed} <= NEEDS_CODE
    assert len(went) == len(routes)
    assert 202 in handed_in, "a sealed batch was taken in on the way"


def _codes(answer: httpx.Response) -> list[str]:
    kind = answer.headers.get("content-type", "")
    if kind == "application/zip":
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        found = [code for name in archive.namelist() for code in codes_on(archive.read(name))]
    else:
        found = codes_on(answer.content) if kind == "application/pdf" else []
    return [code.partition("#")[2] for code in found]


def document_with(word: str) -> bytes:
    paper = Paper("x", made_at=datetime(2025, 1, 1, tzinfo=UTC))
    paper.paragraph(word)
    pdf = paper.pdf()
    assert word.encode() not in pdf
    return pdf


def archive_with(word: str) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("a.pdf", document_with(word))
    return kept.getvalue()


def test_the_search_finds_what_stands_in_documents_and_archives() -> None:
    documents = ("application/pdf", document_with("hunter2")), ("application/zip", archive_with("hunter2"))
    for kind, body in documents:
        assert "hunter2" in readable(httpx.Response(200, headers={"content-type": kind}, content=body))


# What they do see


async def holders(vault: Vault, what: Round, role: str, org: str, **params: Any) -> httpx.Response:
    return await vault.http.get(f"/v1/rounds/{what.id}/holders", params=params, headers=vault.headers(role, org))


async def counts(vault: Vault, what: Round, role: str, org: str, **params: Any) -> dict[str | None, dict[str, int]]:
    answer = await vault.http.get(
        f"/v1/rounds/{what.id}/holders/counts", params=params, headers=vault.headers(role, org)
    )
    assert answer.status_code == 200, answer.text
    return {item["code"]: item["states"] for item in answer.json()["items"]}


async def test_an_officer_sees_who_has_claimed_and_who_was_reached_in_its_own_part(vault: Vault) -> None:
    what = Round.of(4)
    first, second, third, _ = what.centers
    await vault.seal(what)
    await tree(vault, what)
    claim = await vault.verified(what, "center", first)
    await vault.reveal(claim, "center", first)
    await vault.http.post(f"/v1/claims/{claim}/confirm", headers=vault.headers("center", first))
    await vault.reveal(await vault.verified(what, "center", second), "center", second)
    credential = await vault.mongo.documents("credentials").one({"_id": what.credential("center", third)})
    assert credential
    notice = NoticeDelivered(
        notice=f"n-{what.tag}", kind="credential_ready", round=what.id, recipient=third, path=what.path_of(third),
        cause="e", channel="mail", delivered_at=credential["issued_at"],
    )  # fmt: skip
    await vault.world.publish("notifier", (notice.notice, 1, notice))

    async def reached() -> bool:
        return (await counts(vault, what, "district", "5801")) == {
            "5801": {"confirmed": 1, "claimed": 1, "notified": 1, "sealed": 3}
        }

    await eventually(reached)
    by_lao = await counts(vault, what, "province", "58", by="lao")
    assert by_lao == {
        what.laos[0]: {"confirmed": 1, "claimed": 1, "sealed": 1},
        what.laos[1]: {"notified": 1, "sealed": 2},
    }
    listed = (await holders(vault, what, "district", "5801", state="notified")).json()["items"]
    assert [(item["holder"], item["name"], item["reachable"]) for item in listed] == [(third, f"ศพด. {third}", True)]
    assert await counts(vault, what, "lao", what.laos[1], by="lao") == {what.laos[1]: by_lao[what.laos[1]]}


async def test_a_list_comes_in_pages_without_gaps_or_repeats(vault: Vault) -> None:
    what = Round.of(7)
    await vault.seal(what)
    await tree(vault, what)
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        page = (await holders(vault, what, "province", "58", limit=3, **({"cursor": cursor} if cursor else {}))).json()
        seen += [item["holder"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted([*what.centers, *what.laos])
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    ("role", "org", "within", "status"),
    [
        ("province", "58", "5801", 200),
        ("province", "57", "5801", 403),
        ("district", "5802", "5801", 403),
        ("district", "5801", "58", 403),
        ("department", "00", None, 200),
        ("auditor", "00", "58", 200),
        ("operator", "00", "no-such", 403),
        ("center", "c1", None, 403),
        ("publisher", "onesqa", None, 403),
    ],
)
async def test_a_list_is_of_ones_own_part_of_the_tree(
    vault: Vault, role: str, org: str, within: str | None, status: int
) -> None:
    what = Round.of(1)
    await vault.seal(what)
    await tree(vault, what)
    params = {"within": within} if within else {}
    assert (await holders(vault, what, role, org, **params)).status_code == status


async def test_who_reaches_for_another_part_of_the_tree_is_entered_with_what_it_wanted(vault: Vault) -> None:
    what = Round.of(1)
    await vault.seal(what)
    await tree(vault, what)
    district = str(5700 + secrets.randbelow(90))
    wanted = {
        f"/v1/rounds/{what.id}/holders": ("credential.list", f"{what.id} out_of_scope"),
        f"/v1/rounds/{what.id}/holders/counts": ("credential.list", f"{what.id} out_of_scope"),
        f"/v1/rounds/{what.id}/alarms": ("alarm.list", f"{what.id} out_of_scope"),
        "/v1/renewals": ("renewal.look", "out_of_scope"),
        "/v1/erasures": ("erasure.look", "out_of_scope"),
    }
    for path in wanted:
        answer = await vault.http.get(path, params={"within": "58"}, headers=vault.headers("district", district))
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:saraban:problem:out-of-scope")
    mine = {"chain": f"district/{district}", "subject": "organization/58"}
    entries = await vault.mongo.documents("audit").find(mine, sort=[("number", 1)])
    assert [(each["action"], each["detail"]) for each in entries] == list(wanted.values())


async def test_what_is_seen_of_a_holder_is_where_it_stands_and_nothing_else(vault: Vault) -> None:
    what = Round.of(1)
    await vault.seal(what)
    await tree(vault, what)
    (item, _) = (await holders(vault, what, "district", "5801")).json()["items"]
    assert set(item) == {
        *("holder", "kind", "name", "path", "state", "version", "must_change", "successor", "reachable"),
        *("issued_at", "notified_at", "claimed_at", "confirmed_at"),
    }
    assert what.mail_of(what.centers[0]) not in json.dumps(item)
