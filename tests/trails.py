"""The trail of a running service as an auditor has it: copied from the bus, verified by the command."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from deploy.local.tools import audit
from shared.contracts.topics import AUDIT, Service
from shared.security.ledger import Ledger
from tests.world import World, eventually


async def copied(world: World, service: Service, file: Path) -> None:
    """Copy the trail from the bus, once everything that is in the service's database is anchored there."""
    mongo = world.mongo(service)

    async def anchored() -> bool:
        documents = mongo.documents("audit")
        return await documents.count({}) > 0 and await documents.count({"unanchored": True}) == 0

    await eventually(anchored, within=60)

    async def whole() -> bool:
        ledger = Ledger()
        await audit._read_bus(ledger, world.environment, world.namespace)
        found = ledger.findings()
        return found.breaks == [] and found.unanchored == 0 and found.entries > 0

    await eventually(whole)
    lines = [audit._line(record) for record in await world.records(AUDIT)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def verify(file: Path, *words: str) -> tuple[int, str]:
    """Exit code and words of `saraban audit verify`."""
    result = CliRunner().invoke(audit.audit_app, ["verify", str(file), *words])
    return result.exit_code, result.output


def without_the_newest(file: Path, chain: str) -> str:
    """Takes the newest link of a chain out of the copy, as who cuts a tail would; where it stood."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line]
    found: list[tuple[int, int]] = []
    for place, line in enumerate(lines):
        data: dict[str, Any] = json.loads(line)["data"]
        if data.get("chain") == chain:
            found.append((data["number"], place))
    number, place = max(found)
    file.write_text("\n".join(lines[:place] + lines[place + 1 :]) + "\n", encoding="utf-8")
    return f"{chain} #{number}"
