"""Which officers hear of an alarm, and what they read."""

from datetime import timedelta
from typing import Any

import pytest

from services.notifier.alarms import alarmed, officers
from services.notifier.letters import Letter, compose
from shared.contracts.events import ClaimAlarmed
from tests.unit.notifier.facts import NOW, PATH, known


def alarm(**changes: Any) -> ClaimAlarmed:
    return ClaimAlarmed(
        **{
            "round": "2569",
            "holder": "c1",
            "holder_kind": "center",
            "credential": "cr-c1",
            "version": 1,
            "path": PATH,
            "cause": "already_claimed",
            "claim": "a-claim",
            "attempted_at": NOW,
            "attempted_role": "center",
            "attempted_org": "c1",
            "attempted_with": "sheet",
            "claimed_at": NOW - timedelta(hours=1),
            "claimed_role": "center",
            "claimed_with": "token",
            **changes,
        }
    )


def letters(data: ClaimAlarmed) -> list[Letter]:
    return [compose(one, known()) for one in alarmed(data, "e1", None, NOW).values()]


@pytest.mark.parametrize(
    ("kind", "path", "told"),
    [
        ("center", PATH, ["6580101", "5801"]),
        ("lao", PATH, ["5801"]),
        ("center", ("00", "58", "2580101"), ["2580101", "58"]),
        ("lao", ("00", "58", "2580101"), ["58"]),
        ("lao", ("00", "6580101"), []),
    ],
)
def test_the_parent_lao_and_the_office_above_it_are_told(kind: str, path: tuple[str, ...], told: list[str]) -> None:
    data = alarm(holder_kind=kind, path=path)
    assert [one[-1] for one in officers(data)] == told
    made = alarmed(data, "e1", None, NOW)
    assert sorted((one.recipient, one.path[-1], one.kind, one.state) for one in made.values()) == sorted(
        (code, code, "claim_alarmed", "queued") for code in told
    )


def test_each_alarm_is_told_once_to_each_office() -> None:
    first = alarmed(alarm(), "e1", None, NOW)
    assert alarmed(alarm(), "e1", None, NOW + timedelta(days=1)).keys() == first.keys()
    assert not alarmed(alarm(), "e2", None, NOW).keys() & first.keys()


def test_the_officer_reads_when_and_what_to_do_and_nothing_that_could_hurt() -> None:
    for letter in letters(alarm()):
        assert "c1" in letter.subject
        assert "พยายามเปิดอีกครั้ง" in letter.text
        assert "คำขอออกรหัสใหม่" in letter.text
        assert "somebody tried again" in letter.text
        assert "a-claim" not in letter.text
        assert "cr-c1" not in letter.text
        assert "http" not in letter.text


def test_guesses_are_told_as_guesses() -> None:
    for letter in letters(alarm(cause="locked", claimed_at=None, claimed_role=None, claimed_with=None)):
        assert "ล็อก" in letter.text
        assert "guessed at until it locked" in letter.text
