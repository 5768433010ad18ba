"""How fast a copy of the trail is verified, in processor time: `python -m tests.bench.trail [entries]`.

Exit code 1 below 50,000 entries a second, as the median of the runs.
"""

import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from deploy.local.tools import audit as command
from shared.contracts.events import AuditAnchored, AuditHead, AuditRecorded
from shared.contracts.topics import source_of
from shared.security.anchors import HEADS_EACH, Signer, anchored
from shared.security.audit import Deed, link
from shared.security.ledger import Ledger

LEAST = 50_000
RUNS = 3
NOW = datetime(2025, 10, 1, 3, tzinfo=UTC)


def copy_of_a_trail(file: Path, entries: int, chains: int) -> None:
    """A copy as `saraban audit export` makes it: entries of many chains, mixed, and anchors that name their heads."""
    heads: dict[str, AuditRecorded] = {}
    signer, source = Signer(b"s" * 32), source_of("credentials")
    last: AuditAnchored | None = None
    with file.open("w", encoding="utf-8") as out:
        for number in range(entries):
            chain = f"center/{number % chains:08d}"
            deed = Deed("p-" + "a" * 24, "district", "credential.look", chain, "allowed", "2569", org="5801")
            heads[chain] = link(heads.get(chain), chain, deed, NOW + timedelta(milliseconds=number))
            line = {"source": source, "type": command.ENTRY, "data": json.loads(heads[chain].model_dump_json())}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
        named = [AuditHead(chain=each.chain, number=each.number, hash=each.hash) for each in heads.values()]
        for start in range(0, len(named), HEADS_EACH):
            last = anchored(last, "credentials", named[start : start + HEADS_EACH], (), NOW, signer)
            line = {"source": source, "type": command.ANCHOR, "data": json.loads(last.model_dump_json())}
            out.write(json.dumps(line) + "\n")


def measure(size: int) -> float:
    """How many entries a second of processor time are read, hashed, linked and held against their anchors."""
    rates = []
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "audit.jsonl"
        copy_of_a_trail(file, size, chains=17_696)
        megabytes = file.stat().st_size / 1e6
        for _ in range(RUNS):
            began = time.process_time()
            ledger = Ledger()
            for line in command._lines([file]):
                command._take(ledger, line)
            found = ledger.findings()
            took = time.process_time() - began
            assert (found.breaks, found.entries, found.unanchored) == ([], size, 0)
            rates.append(size / took)
            Console(width=130).print(
                f"{size:,} entries, {found.chains:,} chains, {found.anchors} anchors, {megabytes:.0f} MB: "
                f"{took:.2f} s CPU, {size / took:,.0f} entries/s"
            )
    return statistics.median(rates)


if __name__ == "__main__":
    sys.exit(0 if measure(int(sys.argv[1]) if sys.argv[1:] else 300_000) >= LEAST else 1)
