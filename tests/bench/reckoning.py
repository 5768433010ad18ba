"""What came of the deadline evening: what the clients were told against what the database has, and the figures."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from deploy.local.crowd.waiting import Insight
from tests.bench.senders import Sent

LONGEST_COMPLETE = 5.0
"""Seconds that 99 of 100 may wait for their receipt."""
AIM = 0.7
"""Throughput beside the object store alone, in the same run."""
LONGER = 1.05
TAIL = 20.0
"""How much longer than asked for it may last: a share, and the seconds that the last to come need for themselves, two
servers having been away.
"""


@dataclass(frozen=True)
class Plan:
    centers: int
    minutes: float
    burst: int
    at_once: int
    seed: int
    faults: bool
    deep: bool


@dataclass
class Evening:
    """What happened."""

    plan: Plan
    round: str
    sent: list[Sent] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    seconds: float = 0.0
    burst: list[Sent] = field(default_factory=list)
    burst_seconds: float = 0.0
    raw_paced: list[float] = field(default_factory=list)
    raw_paced_seconds: float = 0.0
    raw_burst_seconds: float = 0.0
    inspected_after: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    outages: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


async def compare(insight: Insight, evening: Evening) -> list[str]:
    """What the clients were told against what the database has."""
    every = [*evening.sent, *evening.burst]
    faults = [f"{one.center}: {one.trouble}" for one in every if one.trouble]
    faults += [f"{one.center} did not find its upload again" for one in every if one.dropped and not one.resumed]
    stands: dict[str, list[tuple[str, str]]] = {}
    documents = insight.mongos["submissions"].documents("submissions")
    async for found in documents.each({"round": evening.round}, fields=["center", "reports"]):
        stands[found["center"]] = [(report["receipt"], report["signed"]) for report in found["reports"]]
    for one in every:
        if one.receipt and stands.get(one.center) != [(one.receipt, one.signed)]:
            faults.append(f"{one.center} holds receipt {one.receipt}, and the database has {stands.get(one.center)}")
    receipts = [receipt for reports in stands.values() for receipt, _ in reports]
    if len(receipts) != len(set(receipts)):
        faults.append(f"{len(receipts) - len(set(receipts))} receipts stand twice")
    faults += slow(evening)
    return faults


def slow(evening: Evening) -> list[str]:
    """Whether it lasted longer than it was to, or one in a hundred had to wait."""
    faults, asked = [], evening.plan.minutes * 60
    longest = asked * LONGER + TAIL
    if evening.seconds > longest:
        faults.append(f"it lasted {evening.seconds:.0f} s, {asked:.0f} s were asked for and {longest:.0f} s allowed")
    waited = percentile([one.complete for one in evening.sent if not one.trouble], 0.99)
    if waited >= LONGEST_COMPLETE:
        faults.append(f"one in a hundred waited {waited:.1f} s for complete")
    return faults


def missed(evening: Evening) -> list[str]:
    """Where the throughput was further below that of the store alone than we aim at."""
    return [
        f"{what}: {ours.good:.2f} of what the store does alone"
        for what, ours in (("at the pace of the evening", paced(evening)), ("as fast as it goes", burst(evening)))
        if ours.good < AIM
    ]


@dataclass(frozen=True)
class Compared:
    """Megabytes a second, ours beside the store alone in one run. `good` is 1 where ours is as fast."""

    ours: float
    raw: float

    @property
    def good(self) -> float:
        return self.ours / self.raw if self.raw else 0.0

    def __str__(self) -> str:
        return f"{self.ours:.1f} / {self.raw:.1f} MB/s: {self.good:.2f}"


def paced(evening: Evening) -> Compared:
    """What came in while the evening lasted, with all that happened, and the store at the same pace."""
    raw = megabytes(evening.burst) / (evening.raw_paced_seconds or 1.0)
    return Compared(received(evening.sent) / (evening.seconds or 1.0), raw)


def burst(evening: Evening) -> Compared:
    """What came in from all who sent at once, and the store alone."""
    raw = megabytes(evening.burst) / (evening.raw_burst_seconds or 1.0)
    return Compared(received(evening.burst) / (evening.burst_seconds or 1.0), raw)


def megabytes(sent: Sequence[Sent]) -> float:
    return sum(one.size for one in sent) / 1e6


def received(sent: Sequence[Sent]) -> float:
    """Megabytes of those that have their receipt."""
    return megabytes([one for one in sent if not one.trouble])


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share lies below."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def tell(console: Console, evening: Evening) -> None:
    plan, sent = evening.plan, [one for one in evening.sent if not one.trouble]
    made = Table(title="The deadline evening", show_header=False)
    complete = [one.complete for one in sent]
    rate = len(sent) / evening.seconds
    for name, value in (
        ("reports received", f"{len(sent):,} of {len(evening.sent):,}, {megabytes(sent):,.0f} MB"),
        ("lines that broke, uploads resumed", f"{sum(o.dropped for o in sent)}, {sum(o.resumed for o in sent)}"),
        ("took", f"{evening.seconds:.0f} s for {plan.minutes * 60:.0f} s of arrivals: {rate:.1f} a second"),
        ("killed and started again", "; ".join(evening.outages) or "nothing"),
        ("complete, repeats and outages included", spread(complete)),
        ("complete, each asking that was answered", spread(evening.answers)),
        ("inspection done after", f"{evening.inspected_after:.0f} s more"),
        ("PUT of the bytes, median, ours / raw", f"{median([o.put for o in sent])} / {median(evening.raw_paced)}"),
        ("at the pace of the evening, ours / raw", str(paced(evening))),
        ("as fast as it goes, ours / raw", str(burst(evening))),
        *((f"CPU a report, {name}", f"{v / len(sent) * 1e3:.1f} ms") for name, v in by_use(evening.cpu)),
    ):
        made.add_row(name, value)
    console.print(made)
    for fault in evening.faults[:50]:
        console.print(f"[red]✗[/] {fault}", highlight=False, soft_wrap=True)
    for aim in missed(evening):
        console.print(f"[yellow]aim of {AIM} missed[/] {aim}", highlight=False, soft_wrap=True)


def median(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds or [0.0]) * 1e3:.0f} ms"


def spread(values: Sequence[float]) -> str:
    """Median, p99 and longest, in seconds."""
    longest = max(values, default=0.0)
    return f"p50 {percentile(values, 0.5):.2f} s, p99 {percentile(values, 0.99):.2f} s, longest {longest:.2f} s"


def by_use(cpu: dict[str, float]) -> list[tuple[str, float]]:
    """The processes that used most, first."""
    return sorted(cpu.items(), key=lambda pair: -pair[1])
