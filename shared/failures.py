"""Two kinds of failure that every room tells apart: what will pass, and what never will."""


class Unavailable(Exception):  # noqa: N818
    """A server this process needs did not answer in time. The same call may succeed later."""


class BadData(Exception):  # noqa: N818
    """Input that can never be processed, however often it is tried.

    `code` is stable and safe to log; `place` says where (a header, a field), never what the value was.
    """

    def __init__(self, code: str, place: str = "") -> None:
        super().__init__(f"{code} at {place}" if place else code)
        self.code, self.place = code, place
