"""The registry merges centers: their submissions follow, and so do the offices over them."""

from __future__ import annotations

import hashlib
from typing import Any

from deploy.local.crowd.papers import paper
from shared.contracts.events import ObligationChanged, ReportCarried
from shared.contracts.topics import SUBMISSIONS
from tests.integration.blobs.sending import send
from tests.integration.submissions.conftest import PATH, Office, center, round_
from tests.integration.submissions.test_deciding import told
from tests.world import eventually

ELSEWHERE = ("00", "58", "5802", "6580202")
THIRD = ("00", "58", "5803", "6580303")


def obligation(office: Office, code: str, **changes: Any) -> tuple[str, int, ObligationChanged]:
    facts = {"round": office.round, "center": code, "lao": PATH[-1], "path": PATH, "owed": True}
    sequence = changes.pop("sequence", 2)
    return f"{office.round}/{code}", sequence, ObligationChanged(**{**facts, **changes})


async def merge(office: Office, *, path: tuple[str, ...] = ELSEWHERE) -> None:
    """`center` is closed and merged into `other`, which hangs under another district."""
    await office.tell(
        (office.other, 2, center(office.other, path)),
        (office.center, 2, center(office.center).model_copy(update={"state": "closed", "successor": office.other})),
        obligation(office, office.other, path=path, lao=path[-1]),
        obligation(office, office.center, owed=False, successor=office.other),
    )


async def until(office: Office, code: str, **wanted: Any) -> dict[str, Any]:
    async def stands() -> dict[str, Any] | None:
        found = await office.submission(code)
        return found if all(found.get(name) == value for name, value in wanted.items()) else None

    found: dict[str, Any] | None = await eventually(stands)
    assert found is not None
    return found


async def test_the_survivor_has_what_the_closed_center_sent_and_the_receipt_stays_good(office: Office) -> None:
    receipt = await office.bring(paper("a", 200_000))
    await office.decided()
    await merge(office)
    found = await until(office, office.other, state="accepted")
    (carried,) = found["carried"]
    assert (carried["origin"], carried["reports"][0]["receipt"]) == (office.center, receipt["code"])
    assert found["reports"] == []

    history = await office.ask(
        "GET", f"/v1/rounds/{office.round}/centers/{office.other}/submission/history", org=office.other
    )
    assert [(one["what"], one["origin"]) for one in history.json()["happenings"]] == [
        ("received", office.center),
        ("accepted", office.center),
    ]
    old = await office.ask("GET", f"/v1/receipts/{receipt['code']}", role="auditor", org="a")
    assert (old.status_code, old.json()["center"]) == (200, office.center)
    assert old.json()["signed"] == receipt["signed"]


async def test_the_offices_over_the_survivor_see_it_and_those_over_the_closed_center_no_longer(office: Office) -> None:
    await office.bring(paper("a", 200_000))
    await office.decided()
    await merge(office)
    await until(office, office.other, state="accepted")
    for code in (office.center, office.other):
        path = f"/v1/rounds/{office.round}/centers/{code}/submission"
        assert (await office.ask("GET", path, role="district", org="5802")).status_code == 200
        assert (await office.ask("GET", path, role="district", org="5801")).status_code == 403
    old = await office.ask("GET", f"/v1/rounds/{office.round}/centers/{office.center}/submission", org=office.other)
    assert old.json()["successor"] == office.other, "the survivor may look at what it has taken over"


async def test_what_is_decided_after_the_merge_is_carried_as_well(office: Office) -> None:
    data = paper("a", 200_000)
    upload = (await office.open(data)).json()
    await office.send_parts(upload, data)
    await merge(office)
    await until(office, office.center, state="uploading")
    assert (await office.complete(upload)).status_code == 200
    await until(office, office.other, state="accepted")
    carried = [data for _, _, data in await told(office, SUBMISSIONS) if isinstance(data, ReportCarried)]
    assert carried[-1].delivered


async def test_a_verdict_on_the_old_center_falls_on_the_survivor(office: Office) -> None:
    receipt = await office.bring(paper("a", 200_000))
    await office.decided()
    await merge(office)
    await until(office, office.other, state="accepted")
    body = {"receipt": receipt["code"], "verdict": "returned", "reasons": [{"code": "unsigned"}]}
    path = f"/v1/rounds/{office.round}/centers/{office.center}/review"
    answer = await office.ask("POST", path, role="assessor", org="onesqa", json=body)
    assert (answer.status_code, answer.json()["center"]) == (200, office.other), answer.text
    await until(office, office.other, state="returned")
    shown = (await office.ask("GET", f"/v1/receipts/{receipt['code']}")).json()
    assert (shown["center"], shown["state"]) == (office.center, "returned")
    assert shown["reviewed_at"]
    assert "returned by ONESQA" in (await office.ask("GET", f"/r/{receipt['code']}")).text
    again = await office.bring(paper("b", 200_000), center=office.other)
    assert again["version"] == 1
    await until(office, office.other, state="accepted")


async def test_a_merge_that_is_undone_takes_it_back(office: Office) -> None:
    await office.bring(paper("a", 200_000))
    await office.decided()
    await merge(office)
    await until(office, office.other, state="accepted")
    await office.tell((office.center, 3, center(office.center)), obligation(office, office.center, sequence=3))
    await until(office, office.other, state="awaited", carried=[])
    await until(office, office.center, state="accepted", successor=None)
    path = f"/v1/rounds/{office.round}/centers/{office.center}/submission"
    assert (await office.ask("GET", path, role="district", org="5801")).status_code == 200


async def under(office: Office, code: str, path: tuple[str, ...]) -> None:
    """Wait until a center's record lies under these offices."""
    key = {"_id": f"{office.round}/{code}", "path": list(path)}
    await eventually(lambda: office.world.mongo("submissions").documents("submissions").one(key))


async def read_by(office: Office, receipt: str, **who: str) -> set[int]:
    """How the closed center's submission and its receipt on paper are answered."""
    paths = f"/v1/rounds/{office.round}/centers/{office.center}/submission", f"/v1/receipts/{receipt}/paper"
    return {(await office.ask("GET", path, **who)).status_code for path in paths}


async def test_merges_after_one_another_carry_on(office: Office) -> None:
    receipt = (await office.bring(paper("a", 200_000)))["code"]
    await office.decided()
    await merge(office)
    await until(office, office.other, state="accepted")
    await office.tell(
        (office.idle, 2, center(office.idle, THIRD)),
        obligation(office, office.idle, path=THIRD, lao=THIRD[-1]),
        obligation(office, office.other, sequence=3, owed=False, successor=office.idle),
    )
    found = await until(office, office.idle, state="accepted")
    assert [one["origin"] for one in found["carried"]] == [office.center]
    await under(office, office.center, THIRD)
    for code in (office.center, office.other, office.idle):
        assert await read_by(office, receipt, org=code) == {200}
    assert await read_by(office, receipt, role="district", org="5803") == {200}
    for district in ("5801", "5802"):
        assert await read_by(office, receipt, role="district", org=district) == {403}

    # The last merge is taken back: the first stands, and so what it carried is the other's again.
    await office.tell(obligation(office, office.other, sequence=4, path=ELSEWHERE, lao=ELSEWHERE[-1]))
    await until(office, office.idle, state="awaited", carried=[])
    await under(office, office.other, ELSEWHERE)
    await under(office, office.center, ELSEWHERE)
    assert await read_by(office, receipt, role="district", org="5803") == {403}


async def test_a_survivor_that_moves_takes_along_what_was_carried_to_it(office: Office) -> None:
    receipt = (await office.bring(paper("a", 200_000)))["code"]
    await office.decided()
    await merge(office)
    await until(office, office.other, state="accepted")
    await office.tell(
        (office.other, 3, center(office.other, THIRD)),
        obligation(office, office.other, sequence=3, path=THIRD, lao=THIRD[-1]),
    )
    for code in (office.other, office.center):
        await under(office, code, THIRD)
    assert await read_by(office, receipt, role="lao", org=THIRD[-1]) == {200}
    assert await read_by(office, receipt, role="lao", org=ELSEWHERE[-1]) == {403}


async def test_a_center_that_moves_takes_its_submission_to_its_new_offices(office: Office) -> None:
    await office.bring(paper("a", 200_000))
    await office.decided()
    await office.tell(
        (office.center, 2, center(office.center, ELSEWHERE)),
        obligation(office, office.center, path=ELSEWHERE, lao=ELSEWHERE[-1]),
    )

    async def listed() -> bool:
        path = f"/v1/rounds/{office.round}/submissions"
        page = await office.ask("GET", path, role="district", org="5802")
        return bool(page.json()["items"])

    await eventually(listed)


async def test_in_a_closed_round_a_center_that_moved_is_its_new_offices_to_help(office: Office) -> None:
    """The registry moves no obligation of a closed round. What was returned comes by whoever is over the center now."""
    await office.bring(paper("a", 200_000))
    (first,) = (await office.decided())["reports"]
    body = {"receipt": first["receipt"], "verdict": "returned", "reasons": [{"code": "unsigned"}]}
    path = f"/v1/rounds/{office.round}/centers/{office.center}"
    assert (await office.ask("POST", f"{path}/review", role="assessor", org="onesqa", json=body)).status_code == 200
    await office.tell((office.round, 2, round_(office.round, state="closed")))
    await office.tell((office.center, 2, center(office.center, ELSEWHERE)))
    before, after = {"role": "lao", "org": PATH[-1]}, {"role": "lao", "org": ELSEWHERE[-1]}

    data = paper("b", 200_000)
    assert (await office.open(data, **before)).status_code == 403
    upload = (await office.open(data, **after)).json()
    at = f"/v1/uploads/{upload['id']}"
    parts = {"parts": [{"number": 1, "sha256": hashlib.sha256(data).hexdigest()}]}
    for ways in (("POST", f"{at}/complete", None), ("POST", f"{at}/parts", parts), ("DELETE", at, None)):
        assert (await office.ask(ways[0], ways[1], json=ways[2], **before)).status_code == 403, ways
    for who in (before, after):
        assert (await office.ask("GET", at, **who)).status_code == 200, "what the round counts there they may read"
        assert (await office.ask("GET", f"{path}/submission", **who)).status_code == 200
    assert (await office.ask("GET", at, role="lao", org=THIRD[-1])).status_code == 403
    (part,) = (await office.ask("POST", f"{at}/parts", json=parts, **after)).json()["parts"]
    assert (await send("PUT", part["url"], part["headers"], data))[0] == 200
    assert (await office.ask("POST", f"{at}/complete", **after)).status_code == 200
