"""Lists in pages: an opaque cursor and a limit."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from shared.http import problems

T = TypeVar("T")

MOST_A_PAGE: Final = 500
LONGEST_CURSOR: Final = 4096
"""Characters: a sort key may hold a long Thai name twice."""


class Page(BaseModel, Generic[T]):
    """Part of a list. `next` is the cursor of the following part, or None at the end."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True)
class PageQuery:
    """Which part of a list is asked for. A dependency: `Annotated[PageQuery, Depends()]`."""

    limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 50
    cursor: Annotated[str | None, Query(max_length=LONGEST_CURSOR)] = None

    def after(self) -> str | None:
        """The sort key behind which the page begins, or None at the start. Raises the 400 problem."""
        return None if self.cursor is None else read_cursor(self.cursor)


def write_cursor(last: str) -> str:
    """The cursor of the page after the item whose unique sort key is `last`."""
    return base64.urlsafe_b64encode(json.dumps([1, last], ensure_ascii=False).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """The sort key in a cursor. Raises the 400 problem for anything that is no cursor of ours."""
    try:
        version, last = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise problems.BAD_CURSOR.problem(where="query.cursor") from None
    if version != 1 or not isinstance(last, str):
        raise problems.BAD_CURSOR.problem(where="query.cursor")
    return last
