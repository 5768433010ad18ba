"""What the department does: a round, its roll, the opening, the sealing."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from deploy.local.crowd.doors import PASSING, Doors, RefusedError

DEPARTMENT = ("department", "00")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Tick = Callable[[int, int], None]


@dataclass
class Campaign:
    """One round, seen from the department's desk."""

    doors: Doors
    round: str

    async def create(self, deadline: datetime, *, fiscal_year: int = 2569, academic_year: int = 2567) -> None:
        """Create the round, in draft. A repeat whose first answer was lost finds it there: that is what was wanted."""
        new = {
            "round": self.round,
            "fiscal_year": fiscal_year,
            "academic_year": academic_year,
            "deadline": deadline.isoformat(),
            "grace_minutes": 0,
        }
        try:
            await self.doors.ask(DEPARTMENT, "POST", f"{self.doors.registry}/v1/rounds", json=new)
        except RefusedError as refused:
            if refused.slug != "round-exists":
                raise

    async def import_roll(self, file: Path) -> dict[str, Any]:
        """Send the roll; the registry's report."""
        url = f"{self.doors.registry}/v1/rounds/{self.round}/roll"
        body = await asyncio.to_thread(file.read_bytes)
        report: dict[str, Any] = await self.doors.ask(
            DEPARTMENT, "POST", url, content=body, headers={"Content-Type": XLSX}
        )
        return report

    async def open(self) -> dict[str, Any]:
        """Open the round: from now on every listed center owes its report."""
        url = f"{self.doors.registry}/v1/rounds/{self.round}/open"
        # A repeat after a lost answer finds the round open: that is what was wanted.
        key = secrets.token_hex(12)
        opened: dict[str, Any] = await self.doors.ask(DEPARTMENT, "POST", url, key=key)
        return opened

    async def seal(self, tick: Tick, *, within: float = 900.0) -> dict[str, Any]:
        """Seal a credential for every holder, and wait until it is done. The vault's last word on the job."""
        url = f"{self.doors.credentials}/v1/rounds/{self.round}/credentials"
        # 404: the vault has not heard of the round yet, its projection is a moment behind.
        await self.doors.ask(DEPARTMENT, "POST", url, json={"generate": True}, passing=PASSING | {404})
        until = time.monotonic() + within
        while True:
            job: dict[str, Any] = await self.doors.ask(DEPARTMENT, "GET", url)
            tick(job["credentials"], job["holders"])
            if job["state"] == "done":
                return job
            if time.monotonic() > until:
                raise TimeoutError(f"sealing: {job['credentials']} of {job['holders']} after {within:.0f} s")
            await asyncio.sleep(0.5)

    async def remind(self, organization: str, *, rehearse: bool) -> dict[str, Any]:
        """Remind the centers below an organization that have not sent yet; with `rehearse`, only say whom."""
        answer: dict[str, Any] = await self.doors.ask(
            DEPARTMENT,
            "POST",
            f"{self.doors.notifier}/v1/notices",
            params={"rehearse": str(rehearse).lower()},
            json={"round": self.round, "kind": "reminder", "within": organization},
            passing=PASSING | {404},
        )
        return answer
