"""Takes what must not be shown out of texts and exceptions."""

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

MASK: Final = "***"

_RULES: Final = (
    # scheme://user:password@host
    (re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://)[^\s/@]+@", re.IGNORECASE), r"\g<keep>" + MASK + "@"),
    # compact JWS/JWE
    (re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*){2,4}"), MASK),
    (re.compile(r"(?P<keep>\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}", re.IGNORECASE), r"\g<keep>" + MASK),
    (
        re.compile(
            r"(?P<keep>[\"']?(?:[\w-]*(?:pass(?:word|wd)|secret|token|api[_-]?key|"
            r"authorization|signature|credential)[\w-]*|\b(?:pass|code|otp|pin))[\"']?\s*[=:]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&\"'}]+)",
            re.IGNORECASE,
        ),
        r"\g<keep>" + MASK,
    ),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), MASK),  # mail addresses
    (re.compile(r"\b\d(?:[ -]?\d){12}\b"), MASK),  # 13 digits: Thai citizen number
    (re.compile(r"\b0\d(?:[ -]?\d){7,8}\b"), MASK),  # Thai telephone numbers
)

_ROOMS: Final = ("services", "shared", "deploy", "tests")


def redact_text(text: str, limit: int = 300) -> str:
    """The text without credentials, tokens, mail, telephone and citizen numbers; at most `limit` long."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass(frozen=True)
class SafeError:
    """An exception without its values: message and locals may hold anything, so neither is kept."""

    kind: str
    """Qualified class name."""
    place: str
    """`services/x/y.py:12 function` of the innermost frame of this project, or of any."""
    causes: tuple[str, ...] = ()
    """Class names down the chain of causes."""


def redact_exception(error: BaseException) -> SafeError:
    """Class and place of an exception, and the classes that caused it."""
    return SafeError(kind(error), _place(error), tuple(kind(cause) for cause in _causes(error)))


def kind(error: BaseException) -> str:
    """Qualified class name of an exception; builtins without their module."""
    cls = type(error)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    following = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while following is not None and id(following) not in seen and len(seen) < 10:  # noqa: PLR2004 deep enough to tell
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _place(error: BaseException) -> str:
    outer = "unknown"
    ours = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        parts = PurePath(frame.f_code.co_filename).parts
        outer = f"{PurePath(*parts[-2:])}:{line} {frame.f_code.co_name}"
        for room in _ROOMS:
            if room in parts and "site-packages" not in parts:
                tail = PurePath(*parts[len(parts) - 1 - parts[::-1].index(room) :])
                ours = f"{tail}:{line} {frame.f_code.co_name}"
    return ours or outer
