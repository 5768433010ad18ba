"""Why a center is behind, as far as the service that takes reports knows."""

from __future__ import annotations

from typing import Any

import pytest

from services.submissions.chasing.causes import Place, causes_of
from shared.contracts.events import Extension
from tests.unit.submissions.sent import DAY, DEADLINE, GRACE, NOW, PATH, owes

OVER = DEADLINE + GRACE + DAY
LATER = (Extension(organization="5801", deadline=DEADLINE + 7 * DAY),)


def place(standing: Any, **changes: Any) -> Place:
    facts = {"center": "c1", "path": PATH, "since": None, "late": False, "due_again": None}
    return Place(**{**facts, "standing": standing, **changes})


@pytest.mark.parametrize(
    ("stands", "duty", "now", "causes"),
    [
        (place("awaited"), owes(), NOW, ("not_begun",)),
        (place("awaited"), owes(), OVER, ("not_begun", "overdue")),
        (place("awaited"), owes(), DEADLINE + GRACE, ("not_begun",)),
        (place("awaited"), owes(extensions=LATER), OVER, ("not_begun", "extended")),
        (place("awaited"), owes(extensions=LATER), OVER + 7 * DAY, ("not_begun", "extended", "overdue")),
        (place("uploading"), owes(), NOW, ("stalled",)),
        (place("rejected"), owes(), OVER, ("rejected", "overdue")),
        (place("rejected", due_again=OVER + DAY), owes(), OVER, ("rejected",)),
        (place("rejected", due_again=OVER + DAY), owes(extensions=LATER), OVER, ("rejected", "extended")),
        (place("returned", due_again=OVER + DAY), owes(), OVER, ("returned",)),
        (place("returned", due_again=DEADLINE), owes(), OVER, ("returned", "overdue")),
        (place("received"), owes(), OVER, ()),
        (place("accepted", late=True), owes(), OVER, ()),
        (place("approved"), owes(), OVER, ()),
    ],
)
def test_every_cause_that_applies_is_named(stands: Place, duty: Any, now: Any, causes: tuple[str, ...]) -> None:
    assert causes_of(stands, duty, now) == causes
