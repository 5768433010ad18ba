"""Proposes a roll within a capacity: the longest overdue first, fair to the provinces where not all have room. Pure.

1. Whoever is more years overdue comes before whoever is less; who was never assessed, and nobody knows since when,
   comes before all. So nobody is left out while somebody less due is in.
2. Among equals the provinces take turns by their numbers, as seats are given to parties (Webster, Sainte-Laguë): of n
   centers of a province, the i-th stands at (2i - 1) / n. Each province gets its share of what room there is, to the
   nearest center, and more room never takes a place away.
3. What is still equal is settled by the codes of province and center.

Who owes a report in another round that is open is left out: it is being assessed already, and would be visited twice.
Nothing else counts: the same centers give the same proposal, in whatever order they come.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from services.registry.due.rules import STANDINGS, Candidate, Standing, explain, standing, years_over
from shared.thai.numerals import to_thai

FIRST: Final = 10_000
"""Years: more than anybody can be overdue."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A center of a proposal. It is the `place`-th of the `of` centers of its province that are equally due."""

    rank: int
    code: str
    province: str
    standing: Standing
    years_over: int | None
    place: int
    of: int
    thai: str
    english: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who should be on a roll, the most urgent first, and how many of each standing there are and are proposed.

    `owing` of those that are there were left out because they owe in another round.
    """

    fiscal_year: int
    capacity: int
    entries: tuple[Proposed, ...]
    there: dict[Standing, int]
    proposed: dict[Standing, int]
    owing: int


def propose(
    candidates: Iterable[Candidate], fiscal_year: int, capacity: int, *, include_early: bool = False
) -> Proposal:
    """The proposal for a fiscal year. Those whose five years end later are proposed only with `include_early`."""
    known = list(candidates)
    there = Counter(standing(one.last_assessed, fiscal_year) for one in known)
    free = [one for one in known if not one.owes]
    fit = [one for one in free if include_early or _urgency(one, fiscal_year) >= 0]
    ranked = _ranked(fit, fiscal_year)[: max(capacity, 0)]
    entries = tuple(_entry(rank, one, place, of, fiscal_year) for rank, (one, place, of) in enumerate(ranked, start=1))
    taken = Counter(entry.standing for entry in entries)
    return Proposal(
        fiscal_year,
        capacity,
        entries,
        {name: there[name] for name in STANDINGS},
        {name: taken[name] for name in STANDINGS},
        len(known) - len(free),
    )


def _ranked(candidates: Iterable[Candidate], fiscal_year: int) -> list[tuple[Candidate, int, int]]:
    """In the order of the rule, each with its place among how many of its province that are equally due."""
    groups: dict[tuple[int, str], list[Candidate]] = defaultdict(list)
    for one in candidates:
        groups[-_urgency(one, fiscal_year), one.province].append(one)
    ranked = []
    for (urgency, province), members in groups.items():
        of = len(members)
        for place, one in enumerate(sorted(members, key=lambda found: found.code), start=1):
            ranked.append(((urgency, Fraction(2 * place - 1, of), province, one.code), (one, place, of)))
    return [entry for _, entry in sorted(ranked, key=lambda pair: pair[0])]


def _urgency(one: Candidate, fiscal_year: int) -> int:
    over = years_over(one, fiscal_year)
    return FIRST if over is None else over


def _entry(rank: int, one: Candidate, place: int, of: int, fiscal_year: int) -> Proposed:
    thai, english = explain(one.last_assessed, one.opened, fiscal_year)
    return Proposed(
        rank,
        one.code,
        one.province,
        standing(one.last_assessed, fiscal_year),
        years_over(one, fiscal_year),
        place,
        of,
        f"{thai} (ลำดับที่ {to_thai(place)} จาก {to_thai(of)} แห่งของจังหวัดที่ถึงกำหนดเท่ากัน)",
        f"{english} (Number {place} of {of} in its province that are equally due.)",
    )
