"""`If-Match` and `If-None-Match` of a draft: which revision a change follows (RFC 9110, section 13)."""

import re
from typing import Annotated, Final

from fastapi import Header

from services.submissions.summary import problems

_TAG: Final = re.compile(r'"(\d{1,9})"')
NEVER: Final = -1
"""A revision that no draft has: whatever was asked for is not what stands."""


def etag(revision: int) -> str:
    """The ETag of a draft at this revision."""
    return f'"{revision}"'


class Condition:
    """What a request says of the draft that it follows. A dependency."""

    def __init__(
        self,
        if_match: Annotated[str | None, Header(max_length=200, description="ETag of the draft that was read")] = None,
        if_none_match: Annotated[
            str | None, Header(max_length=200, description="`*`: only if there is no draft yet")
        ] = None,
    ) -> None:
        self._match, self._none = if_match, if_none_match

    def revision(self, stands: int) -> int:
        """The revision that the request follows, where `stands` is the one there is (0 for none).

        Without a condition only a first draft is taken. Raises the 428 problem.
        """
        if self._match is not None:
            return self._named(self._match.strip(), stands)
        if self._none is not None:
            return 0 if self._none.strip() == "*" else NEVER
        if stands:
            raise problems.CONDITION_MISSING.problem(where="header.If-Match")
        return 0

    def _named(self, given: str, stands: int) -> int:
        if given == "*":
            return stands or NEVER
        tags = [_TAG.fullmatch(part.strip()) for part in given.split(",")]
        named = [int(tag.group(1)) for tag in tags if tag]
        return stands if stands in named else (named[0] if named else NEVER)
