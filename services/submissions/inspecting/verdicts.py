"""How the end of an inspector's child is read: a verdict on its file, or none. Pure rules."""

import json
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import TypeAdapter, ValidationError

from services.submissions.domain import Seen
from services.submissions.inspecting.findings import FINDINGS, NOTES, Finding
from services.submissions.inspecting.inspector.confine import Limits
from services.submissions.inspecting.inspector.zygote import LONGEST_ANSWER

_MOST_PAGES: Final = 100_000
_SEEN: Final = TypeAdapter(Seen)
_MOST_OF_ITS_TIME: Final = 0.5
"""Of its processor time. Who used less when the wall clock ran out had mostly waited for its turn."""


@dataclass(frozen=True, slots=True)
class Clean:
    """Nothing wrong was found."""

    seen: Seen


@dataclass(frozen=True, slots=True)
class Stalled:
    """It came to no end, and no limit of the file's own says why. Ask again.

    `spent`: the wall clock ran out on a child that had used most of its processor time. `waited`: it had not; it slept,
    or the machine was busy elsewhere. `killed`: somebody else ended it, as the kernel does when memory runs short.
    """

    why: Literal["spent", "waited", "killed"]


Verdict = Clean | Finding | Stalled


def verdict_of(outcome: dict[str, Any], limits: Limits) -> Verdict:
    """What an ended child means. Its own words count only if they are exactly what a sound child would write.

    Too much memory ends in an answer, too much processor time in SIGXCPU and, a second later, in SIGKILL. Any other
    SIGKILL is the machine's.
    """
    if outcome["timed_out"]:
        return Stalled("spent" if outcome["cpu"] >= _MOST_OF_ITS_TIME * limits.cpu else "waited")
    if outcome["signal"] == signal.SIGXCPU:
        return FINDINGS["too_complex"]
    if outcome["signal"] == signal.SIGKILL:
        return FINDINGS["too_complex"] if outcome["cpu"] >= limits.cpu else Stalled("killed")
    answer = str(outcome["answer"])
    if outcome["signal"] or len(answer) > LONGEST_ANSWER:
        return FINDINGS["unreadable"]
    return _said(answer)


def _said(answer: str) -> Clean | Finding:
    said: object = None
    with suppress(ValueError, RecursionError):
        said = json.loads(answer)
    match said:
        case {"finding": str(code), **rest} if code in FINDINGS and not rest:
            return FINDINGS[code]
        case {"pages": _, **rest} if rest.keys() <= Seen.model_fields.keys():
            with suppress(ValidationError):
                seen = _SEEN.validate_json(answer, strict=True)
                if 0 < seen.pages <= _MOST_PAGES and set(seen.notes) <= NOTES.keys():
                    return Clean(seen)
    return FINDINGS["unreadable"]
