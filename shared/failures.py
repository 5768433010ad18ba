"""Kinds of failure that every room tells apart: what will pass, what never will, and what an operator must settle."""


class Unavailable(Exception):  # noqa: N818
    """A server this process needs did not answer in time. The same call may succeed later."""


class BadData(Exception):  # noqa: N818
    """Input that can never be processed, however often it is tried.

    `code` is stable and safe to log; `place` says where (a header, a field), never what the value was.
    """

    def __init__(self, code: str, place: str = "") -> None:
        super().__init__(f"{code} at {place}" if place else code)
        self.code, self.place = code, place


class Misconfigured(Exception):  # noqa: N818
    """A setting does not fit what is there, so the process must not start. The text is one plain line that names it."""
