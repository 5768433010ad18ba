"""A ceiling on request bodies, kept while they stream in: nothing is read past it."""

from typing import Final

from starlette.types import Message, Receive, Scope

from shared.http import problems

DEFAULT_BODY: Final = 1024 * 1024


def limited(scope: Scope, receive: Receive, most: int) -> Receive:
    """A `receive` that raises the 413 problem once the body is known, by header or by count, to exceed `most` bytes."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    taken = 0

    async def receive_within() -> Message:
        nonlocal taken
        if declared.isdigit() and int(declared) > most:
            raise too_large(most)
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > most:
                raise too_large(most)
        return message

    return receive_within


def too_large(most: int) -> problems.Problem:
    """The 413 problem, naming the ceiling."""
    size = f"{most // 1024 // 1024} MiB" if most >= 1024 * 1024 else f"{most // 1024} KiB"
    return problems.BODY_TOO_LARGE.problem(
        f"ส่งได้ไม่เกิน {size}", f"At most {size} may be sent here.", where="body", headers={"Connection": "close"}
    )
