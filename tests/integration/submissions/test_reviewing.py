"""ONESQA accepts a report or returns it, by route and by published event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.crowd.papers import paper
from shared.contracts.events import (
    ReportReturned,
    ReviewAccepted,
    ReviewGiven,
    ReviewReason,
    ReviewRefused,
)
from shared.contracts.topics import STATUS, SUBMISSIONS, dead_letters
from tests.integration.submissions.conftest import Office, round_
from tests.integration.submissions.test_deciding import told
from tests.world import eventually

ONESQA = {"role": "assessor", "org": "onesqa"}


def address(office: Office, center: str = "", rest: str = "review") -> str:
    return f"/v1/rounds/{office.round}/centers/{center or office.center}/{rest}"


async def judge(office: Office, receipt: str, verdict: str = "returned", *, center: str = "", **more: Any) -> Any:
    body: dict[str, Any] = {"receipt": receipt, "verdict": verdict}
    if verdict == "returned":
        body["reasons"] = [{"code": "incomplete", "note": "ขาดหน้า ๓–๕"}]
    body |= more.pop("body", {})
    return await office.ask("POST", address(office, center), json=body, **{**ONESQA, **more})


async def delivered(office: Office, seed: str = "a", center: str = "") -> str:
    """The receipt of a report that passed its inspection."""
    receipt: str = (await office.bring(paper(seed, 200_000), center=center))["code"]
    await office.decided(center)
    return receipt


async def test_a_returned_report_comes_back_corrected_and_the_history_tells_it_all(office: Office) -> None:
    first = await delivered(office)
    answer = await judge(office, first)
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert (given["standing"], given["review"]["by"]) == ("returned", "onesqa")
    assert given["review"]["reasons"][0]["sentence"].startswith("รายงานขาดบางส่วน")
    due = datetime.fromisoformat(given["due_again"])
    assert due.utcoffset() == timedelta(hours=7)
    assert timedelta(days=14) < due - datetime.now(UTC) < timedelta(days=16)

    found = await office.submission()
    assert (found["state"], found["due_again"]) == ("returned", given["due_again"])
    second = await delivered(office, "b")
    accepted = await judge(office, second, "accepted")
    assert accepted.json()["standing"] == "approved"
    refused = await office.open(paper("c", 200_000))
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:saraban:problem:report-approved")

    for who in ({}, {"role": "district", "org": "5801"}, ONESQA):
        history = (await office.ask("GET", address(office, rest="submission/history"), **who)).json()
        assert [(one["what"], one["version"]) for one in history["happenings"]] == [
            ("received", 1),
            ("accepted", 1),
            ("returned", 1),
            ("received", 2),
            ("accepted", 2),
            ("approved", 2),
        ]
    assert history["happenings"][2]["review"]["reasons"][0]["note"] == "ขาดหน้า ๓–๕"
    events = [data for _, _, data in await told(office, SUBMISSIONS)]
    (returned,) = [one for one in events if isinstance(one, ReportReturned)]
    (approved,) = [one for one in events if isinstance(one, ReviewAccepted)]
    assert (returned.receipt, approved.receipt) == (first, second)
    stages = [data.state for _, key, data in await told(office, STATUS) if office.center in key]
    assert stages == ["uploading", "received", "accepted", "returned", "received", "accepted", "approved"]


async def test_the_same_verdict_twice_is_one_and_another_must_name_the_first(office: Office) -> None:
    receipt = await delivered(office)
    once, again = await judge(office, receipt), await judge(office, receipt)
    assert once.json() == again.json()
    other = await judge(office, receipt, "accepted")
    assert (other.status_code, other.json()["type"]) == (409, "urn:saraban:problem:reviewed-already")
    corrected = await judge(office, receipt, "accepted", body={"replaces": once.json()["review"]["id"]})
    assert corrected.json()["standing"] == "approved"
    written = await judge(office, f"{receipt[:4].lower()}-{receipt[4:8]}-{receipt[8:]}", "accepted")
    assert written.status_code == 200, "a code counts however it is written"


async def test_each_bad_verdict_is_refused_in_its_own_way_and_changes_nothing(office: Office) -> None:
    first = await delivered(office)
    second = await delivered(office, "b")
    before = await office.submission()
    soon = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    cases: list[tuple[int, str, str | None, Any]] = [
        (409, "review-overtaken", "body.receipt", judge(office, first)),
        (404, "report-unknown", "body.receipt", judge(office, "A" * 12)),
        (422, "reasons-missing", "body.reasons", judge(office, second, body={"reasons": []})),
        (422, "invalid-request", "body.reasons.0.code", judge(office, second, body={"reasons": [{"code": "ugly"}]})),
        (
            422,
            "invalid-request",
            "body.reasons.0.note",
            judge(office, second, body={"reasons": [{"code": "other", "note": "\u200b "}]}),
        ),
        (422, "invalid-request", "body.due", judge(office, second, body={"due": soon[:-6]})),
        (422, "due-unusable", "body.due", judge(office, second, body={"due": "2020-01-01T00:00:00Z"})),
        *((422, "due-unusable", "body.due", judge(office, second, body={"due": due})) for due in IMPOSSIBLE),
        (422, "invalid-request", "body.verdict", judge(office, second, "perhaps")),
        (422, "invalid-request", "body.name", judge(office, second, body={"name": "สมศรี"})),
        (404, "nothing-sent", "path.center", judge(office, second, center=office.other)),
        (404, "center-unknown", "path.center", judge(office, second, center="nobody")),
        *((403, "forbidden", None, judge(office, second, role=role, org=org)) for role, org in OTHERS),
    ]
    for status, slug, where, asking in cases:
        answer = await asking
        problem = answer.json()
        assert (answer.status_code, problem["type"]) == (status, f"urn:saraban:problem:{slug}"), problem
        assert problem.get("where") == where, problem
        assert problem["title"], slug
        assert problem["title_en"], slug
    assert await office.submission() == before


IMPOSSIBLE = ["0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.9999999Z"]
"""Times that JSON can say and that no database keeps, or no clock in Thailand shows."""
OTHERS = [("center", "x"), ("lao", "6580101"), ("department", "00"), ("auditor", "a"), ("publisher", "onesqa")]


async def test_verdicts_and_refused_ones_stand_in_the_audit_trail(office: Office) -> None:
    first = await delivered(office)
    second = await delivered(office, "b")
    await judge(office, first)
    await judge(office, second)
    subject = {"subject": f"center/{office.center}"}
    entries = (await office.ask("GET", "/v1/audit", role="auditor", org="a", params=subject)).json()["items"]
    assert [(one["action"], one["outcome"], one["detail"]) for one in entries] == [
        ("report.review", "refused", f"{office.round} returned {first} overtaken"),
        ("report.review", "allowed", f"{office.round} returned {second}"),
    ]
    assert (await office.ask("GET", "/v1/audit", params=subject)).json()["items"] == entries
    assert (await office.ask("GET", "/v1/audit", org=office.other, params=subject)).status_code == 403
    assert (await office.ask("GET", "/v1/audit", role="district", org="5801", params=subject)).status_code == 403


# By published event


def published(
    office: Office, receipt: str, review: str, verdict: Any = "returned", center: str = "", due: datetime | None = None
) -> Any:
    center = center or office.center
    given = ReviewGiven(
        review=review,
        round=office.round,
        center=center,
        receipt=receipt,
        verdict=verdict,
        reasons=(ReviewReason(code="unsigned", note="หน้าสุดท้าย"),) if verdict == "returned" else (),
        due=due,
    )
    return f"{office.round}/{center}", 1, given


async def events_of(office: Office, kind: type) -> list[Any]:
    return [data for _, _, data in await told(office, SUBMISSIONS) if isinstance(data, kind)]


async def test_a_published_verdict_counts_once_however_often_it_comes(office: Office) -> None:
    receipt = await delivered(office)
    await office.world.publish_signed(published(office, receipt, "q-1"), ids="x")
    await office.world.publish_signed(published(office, receipt, "q-1"), ids="x")
    await office.world.publish_signed(published(office, receipt, "q-1"), ids="y")

    async def returned() -> bool:
        return bool((await office.submission())["state"] == "returned")

    await eventually(returned)
    second = await delivered(office, "b")
    await office.world.publish_signed(published(office, second, "q-2", "accepted"), ids="z")

    async def approved() -> bool:
        return bool((await office.submission())["state"] == "approved")

    await eventually(approved)
    assert len(await events_of(office, ReportReturned)) == 1
    history = (await office.ask("GET", address(office, rest="submission/history"))).json()
    assert [one["review"]["by"] for one in history["happenings"] if one["review"]] == ["/onesqa"] * 2
    subject = {"subject": f"center/{office.center}"}
    entries = (await office.ask("GET", "/v1/audit", params=subject)).json()["items"]
    assert [(one["role"], one["outcome"]) for one in entries] == [("publisher", "allowed")] * 2


async def test_a_published_verdict_on_an_old_version_is_answered_and_changes_nothing(office: Office) -> None:
    first = await delivered(office)
    second = await delivered(office, "b")
    for _ in range(2):
        await office.world.publish_signed(published(office, first, "q-1"))

    async def answered() -> list[Any] | None:
        return await events_of(office, ReviewRefused) or None

    (refused,) = await eventually(answered) or []
    assert (refused.review, refused.code, refused.current) == ("q-1", "overtaken", second)
    assert (await office.submission())["state"] == "accepted"
    history = (await office.ask("GET", address(office, rest="submission/history"))).json()
    assert history["happenings"][-1]["what"] == "review_refused"


async def test_a_published_day_that_nobody_can_keep_is_answered_and_holds_up_nobody(office: Office) -> None:
    receipt = await delivered(office)
    days = [datetime.fromisoformat(one) for one in IMPOSSIBLE]
    bad = [published(office, receipt, f"q-{number}", due=due) for number, due in enumerate(days)]
    await office.world.publish_signed(*bad, published(office, receipt, "good"))

    async def returned() -> bool:
        return bool((await office.submission())["state"] == "returned")

    await eventually(returned)
    refused = await events_of(office, ReviewRefused)
    assert [(one.review, one.code) for one in refused] == [(f"q-{number}", "due_unusable") for number in range(3)]
    answer = await office.ask("GET", address(office, rest="submission/history"))
    assert answer.status_code == 200, answer.text
    happened = answer.json()["happenings"]
    assert [one["review"]["due"] for one in happened if one["what"] == "review_refused"] == [None] * 3


async def test_a_verdict_on_what_is_not_here_goes_to_the_dead_letters_and_holds_up_nobody(office: Office) -> None:
    receipt = await delivered(office)
    await office.world.publish_signed(
        published(office, receipt, "q-1", center=office.other),
        published(office, "A" * 12, "q-2"),
        published(office, receipt, "q-3"),
    )

    async def returned() -> bool:
        return bool((await office.submission())["state"] == "returned")

    await eventually(returned)

    assert await letters(office, 2) == ["nothing_sent", "report_unknown"]


async def letters(office: Office, count: int) -> list[str]:
    """Why records about this office's round were buried, once there are so many."""

    async def buried() -> list[str] | None:
        found = await office.world.records(dead_letters("submissions"))
        own = [dict(one.headers) for one in found if (one.key or b"").startswith(f"{office.round}/".encode())]
        return sorted((one["dead_error"] or b"").decode() for one in own) if len(own) == count else None

    found: list[str] | None = await eventually(buried)
    assert found is not None
    return found


async def test_a_verdict_that_nobody_signed_does_not_count(office: Office) -> None:
    receipt = await delivered(office)
    await office.world.publish("submissions", published(office, receipt, "forged"))
    assert await letters(office, 1) == ["unknown_publisher"]
    assert (await office.submission())["state"] == "accepted"


async def test_after_a_return_the_new_day_decides_what_is_late(office: Office) -> None:
    receipt = await delivered(office)
    await judge(office, receipt, body={"due": (datetime.now(UTC) + timedelta(days=2)).isoformat()})
    over = round_(office.round, deadline=datetime.now(UTC) - timedelta(days=1), state="closed")
    await office.tell((office.round, 2, over))
    again = await office.bring(paper("b", 200_000))
    assert again["late"] is False
