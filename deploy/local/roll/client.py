"""Sends a roll to a registry and reads its answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PATIENCE_SECONDS = 300.0
"""A national roll takes seconds; a loaded machine may take longer."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the registry says of a roll it read: its answer as it came."""

    content: Mapping[str, Any]

    @property
    def rejected(self) -> int:
        """Rows that count for nothing until a person settles them."""
        return int(self.content["rows"]["rejected"])


@dataclass(frozen=True, slots=True)
class Refused:
    """The registry refused the request: its problem document (or what else it sent), and the status."""

    status: int
    problem: Mapping[str, Any]


class UnreachableError(Exception):
    """No registry answered at the address."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"ติดต่อทะเบียนไม่ได้ / no answer from {url}: {reason}")


def send_roll(file: Path, *, url: str, token: str, round_id: str, dry_run: bool) -> Report | Refused:
    """Send a file as the round's roll; with `dry_run` nothing changes. Raises `UnreachableError`, `OSError`.

    Repeating it is safe: a roll that says nothing new changes nothing.
    """
    address = f"{url.rstrip('/')}/v1/rounds/{round_id}/roll"
    with file.open("rb") as content:
        try:
            answer = httpx.post(
                address,
                params={"dry_run": dry_run},
                content=content,
                headers={"Authorization": f"Bearer {token}", "Content-Length": str(file.stat().st_size)},
                timeout=PATIENCE_SECONDS,
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise UnreachableError(url, type(error).__name__) from None
    try:
        found = answer.json()
    except ValueError:
        found = {}
    return Report(found) if answer.is_success else Refused(answer.status_code, found)
