"""Lists for those who chase: every center that owes, by state, by cause, in numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.crowd.papers import paper
from shared.contracts.events import Extension, ObligationChanged
from tests.integration.submissions.conftest import PATH, Office, center, round_
from tests.world import eventually

PROVINCE = {"role": "province", "org": "58"}


async def listed(office: Office, **params: Any) -> list[tuple[str, str, list[str]]]:
    who = params.pop("who", PROVINCE)
    answer = await office.ask("GET", f"/v1/rounds/{office.round}/submissions", params=params, **who)
    assert answer.status_code == 200, answer.text
    return [(one["center"], one["state"], one["causes"]) for one in answer.json()["items"]]


async def more(office: Office, count: int) -> list[str]:
    """So many more centers that owe a report, under another district."""
    path = (*PATH[:2], "5802", "6580202")
    codes = [f"{office.center}-{number:02}" for number in range(count)]
    await office.tell(*((code, 1, center(code, path)) for code in codes))
    owed = {"round": office.round, "lao": path[-1], "path": path, "owed": True}
    await office.tell(*((f"{office.round}/{code}", 1, ObligationChanged(center=code, **owed)) for code in codes))
    return codes


async def test_who_has_sent_nothing_stands_on_the_list_with_its_name_and_day(office: Office) -> None:
    answer = await office.ask("GET", f"/v1/rounds/{office.round}/submissions", **PROVINCE)
    first, second = answer.json()["items"]
    assert [one["center"] for one in (first, second)] == [office.center, office.other], "the idle one owes nothing"
    assert (first["state"], first["since"], first["name"]) == ("awaited", None, "ศพด. บ้านสวน")
    assert (first["causes"], first["reports"], first["uploads"]) == (["not_begun"], [], [])
    assert datetime.fromisoformat(first["deadline"]) > datetime.now(UTC)


async def test_each_state_and_cause_has_its_list(office: Office) -> None:
    good, torn, returned, stalled, *rest = await more(office, 6)
    for code in (good, returned):
        await office.bring(paper(code, 200_000), center=code)
        await office.decided(code)
    await office.bring(b"%PDF-1.7 torn", center=torn)
    await office.decided(torn)
    await office.open(paper("x", 200_000), center=stalled)
    receipt = (await office.submission(returned))["reports"][0]["receipt"]
    body = {"receipt": receipt, "verdict": "returned", "reasons": [{"code": "unsigned"}]}
    path = f"/v1/rounds/{office.round}/centers/{returned}/review"
    assert (await office.ask("POST", path, role="assessor", org="o", json=body)).status_code == 200
    extension = Extension(organization="5802", deadline=datetime.now(UTC) + timedelta(days=9))
    over = datetime.now(UTC) - timedelta(hours=3)
    await office.tell((office.round, 2, round_(office.round, deadline=over, extensions=(extension,))))

    async def overdue() -> bool:
        return len(await listed(office, cause="overdue", state="awaited")) == 2

    await eventually(overdue)
    assert await listed(office, state="accepted") == [(good, "accepted", [])]
    assert await listed(office, cause="returned") == [(returned, "returned", ["returned"])]
    assert await listed(office, cause="rejected") == [(torn, "rejected", ["rejected", "extended"])]
    assert await listed(office, cause="stalled") == [(stalled, "uploading", ["stalled", "extended"])]
    assert [code for code, _, _ in await listed(office, cause="extended")] == [torn, stalled, *rest]
    assert await listed(office, cause="overdue") == [
        (office.center, "awaited", ["not_begun", "overdue"]),
        (office.other, "awaited", ["not_begun", "overdue"]),
    ]
    assert await listed(office, cause="overdue", who={"role": "district", "org": "5802"}) == []
    assert await listed(office, within="5802", state="accepted") == [(good, "accepted", [])]

    counts = (await office.ask("GET", f"/v1/rounds/{office.round}/submissions/counts", **PROVINCE)).json()
    assert (counts["owing"], counts["delivered"], counts["late"], counts["within"]) == (8, 1, 2, "58")
    assert counts["states"] == {"awaited": 4, "accepted": 1, "rejected": 1, "returned": 1, "uploading": 1}
    assert counts["causes"] == {
        "not_begun": 4,
        "stalled": 1,
        "rejected": 1,
        "returned": 1,
        "extended": 4,
        "overdue": 2,
    }
    part = await office.ask(
        "GET", f"/v1/rounds/{office.round}/submissions/counts", params={"within": "5802"}, **PROVINCE
    )
    assert part.json()["owing"] == 6


async def test_pages_join_without_gap_or_repeat_whatever_is_asked_for(office: Office) -> None:
    codes = await more(office, 7)
    path = f"/v1/rounds/{office.round}/submissions"
    questions: list[dict[str, Any]] = [{}, {"cause": "not_begun"}, {"state": "awaited", "within": "5802"}]
    for params in questions:
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            asked: dict[str, Any] = {**params, "limit": 2, **({"cursor": cursor} if cursor else {})}
            page = (await office.ask("GET", path, params=asked, **PROVINCE)).json()
            seen += [one["center"] for one in page["items"]]
            cursor = page["next"]
        assert seen == ([] if "within" in params else [office.center]) + (
            codes if "within" in params else sorted([*codes, office.other])
        )


async def test_a_district_sees_its_own_alone_and_bad_questions_are_refused(office: Office) -> None:
    await more(office, 1)
    assert len(await listed(office, who={"role": "district", "org": "5802"})) == 1
    assert len(await listed(office, who={"role": "lao", "org": "6580101"})) == 2
    assert await listed(office, who={"role": "district", "org": "5702"}) == []
    for path in ("submissions", "submissions/counts"):
        for params, who, status in (
            ({"within": "5801"}, {"role": "district", "org": "5802"}, 403),
            ({"within": "00"}, PROVINCE, 403),
            ({"within": "99"}, PROVINCE, 404),
            ({}, {"role": "center", "org": office.center}, 403),
        ):
            answer = await office.ask("GET", f"/v1/rounds/{office.round}/{path}", params=params, **who)
            assert answer.status_code == status, (path, params, answer.text)
    for bad in ("cause=lazy", "state=gone", "limit=0", "cursor=x"):
        answer = await office.ask("GET", f"/v1/rounds/{office.round}/submissions?{bad}", **PROVINCE)
        assert answer.status_code in {400, 422}, bad
