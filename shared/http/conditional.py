"""Single things that are read again and again: a tag of their state, 304 for who has that state (RFC 9110, 13.1)."""

from typing import Annotated, Any, Final

from fastapi import Header, Response

IfNoneMatch = Annotated[
    str | None,
    Header(max_length=1024, description="the ETag of what you have; 304 if it is still so", examples=['"7"']),
]
NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "It is as you have it."}}
"""How a route documents it: `responses=NOT_MODIFIED`."""

_KEEP: Final = "private, no-cache"
"""Whoever asked may keep the answer, and must ask again before using it."""


def unchanged(response: Response, if_none_match: str | None, tag: str) -> Response | None:
    """Mark the answer with the tag of its state; the 304 to give instead, if the caller has that state.

    Ask after the caller was found to be allowed to see it. `tag` holds no quotes.
    """
    headers = {"ETag": f'"{tag}"', "Cache-Control": _KEEP}
    response.headers.update(headers)
    known = {given.strip().removeprefix("W/") for given in (if_none_match or "").split(",")}
    return Response(status_code=304, headers=headers) if known & {f'"{tag}"', "*"} else None
