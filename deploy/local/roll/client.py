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

    @property
    def waits(self) -> bool:
        """Whether nothing was changed because a second person must approve first."""
        return bool(self.content["outcome"] == "waiting")


@dataclass(frozen=True, slots=True)
class Refused:
    """The registry refused the request: its problem document (or what else it sent), and the status."""

    status: int
    problem: Mapping[str, Any]


class UnreachableError(Exception):
    """No registry answered at the address."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"ติดต่อทะเบียนไม่ได้ / no answer from {url}: {reason}")


@dataclass(frozen=True, slots=True)
class Sending:
    """Where a roll goes, as whom, and how it is to be taken."""

    url: str
    token: str
    round_id: str
    dry_run: bool
    part: bool = False
    reason: str = ""


def send_roll(file: Path, sending: Sending) -> Report | Refused:
    """Send a file as the round's roll; with `dry_run` nothing changes. Raises `UnreachableError`, `OSError`.

    Repeating it is safe: a roll that says nothing new changes nothing.
    """
    answer = _send(file, sending, "json")
    try:
        found = answer.json()
    except ValueError:
        found = {}
    return Report(found) if answer.is_success else Refused(answer.status_code, found)


def save_report(file: Path, sending: Sending, out: Path) -> Refused | None:
    """Have a file judged without changing anything, and save it with each row's result beside it. Raises as above."""
    rehearsal = Sending(sending.url, sending.token, sending.round_id, dry_run=True, part=sending.part)
    answer = _send(file, rehearsal, "xlsx")
    if not answer.is_success:
        return Refused(answer.status_code, answer.json())
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(answer.content)
    return None


def _send(file: Path, sending: Sending, report: str) -> httpx.Response:
    address = f"{sending.url.rstrip('/')}/v1/rounds/{sending.round_id}/roll"
    asked: dict[str, str | bool] = {
        "dry_run": sending.dry_run,
        "part": sending.part,
        "report": report,
        "reason": sending.reason,
    }
    with file.open("rb") as content:
        try:
            return httpx.post(
                address,
                params=asked,
                content=content,
                headers={"Authorization": f"Bearer {sending.token}", "Content-Length": str(file.stat().st_size)},
                timeout=PATIENCE_SECONDS,
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise UnreachableError(sending.url, type(error).__name__) from None
