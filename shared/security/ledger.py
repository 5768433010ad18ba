"""Verifies audit chains offline, from entries and anchors in any order: a file, a topic, a copy of either.

Built for many entries: an entry is a plain mapping as JSON holds it, is hashed once as it comes, and leaves three
values behind. Nothing here knows of a database.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from shared.contracts.events import AuditAnchored, AuditHead
from shared.security.anchors import hash_of, verify_anchors
from shared.security.audit import GENESIS, Break, canonical

ANCHORS: Final = "(anchors)"
"""Named as the chain where an anchor itself is at fault."""

Place = tuple[str, str]
"""A source and a chain of it: two services may name chains alike."""


@dataclass(frozen=True)
class Findings:
    """What a verification found. `breaks` says where chains do not hold, by source; empty means that all do."""

    entries: int
    chains: int
    anchors: int
    unanchored: int
    """Entries newer than any anchor: a cut among these alone would not be seen yet."""
    breaks: list[tuple[str, Break]] = field(default_factory=list)
    newest: dict[str, AuditHead] = field(default_factory=dict)
    """By source, number and hash of the newest anchor: note it elsewhere, and even lost anchors are missed."""


class Ledger:
    """Takes entries and anchors, then tells what it found."""

    def __init__(self) -> None:
        self._links: defaultdict[Place, list[tuple[int, str, str]]] = defaultdict(list)
        self._anchors: defaultdict[str, dict[int, AuditAnchored]] = defaultdict(dict)
        self._breaks: list[tuple[str, Break]] = []
        self._count = 0

    def enter(self, source: str, entry: Mapping[str, Any]) -> None:
        """An entry as its event carries it, its time as text or as an instant."""
        time = entry["time"]
        fields = entry if isinstance(time, datetime) else {**entry, "time": datetime.fromisoformat(time)}
        found = hashlib.sha256(canonical(fields)).hexdigest()
        if found != entry["hash"]:
            self._breaks.append((source, Break(entry["chain"], entry["number"], "hash-differs")))
        self._links[source, entry["chain"]].append((entry["number"], entry["previous"], entry["hash"]))
        self._count += 1

    def anchor(self, source: str, anchor: AuditAnchored) -> None:
        """An anchor. The same one twice is as good as once; two that differ are a break."""
        known = self._anchors[source].setdefault(anchor.number, anchor)
        if known != anchor:
            self._breaks.append((source, Break(ANCHORS, anchor.number, "forked")))

    def findings(
        self, *, keys: Mapping[str, str] | None = None, known: Mapping[str, AuditHead] | None = None
    ) -> Findings:
        """Walk every chain. By source, `keys` pin who signs the anchors, and `known` are anchors noted elsewhere."""
        breaks = list(self._breaks)
        heads: dict[Place, AuditHead] = {}
        purged: dict[Place, AuditHead] = {}
        newest: dict[str, AuditHead] = {}
        for source, by_number in self._anchors.items():
            anchors = [by_number[number] for number in sorted(by_number)]
            breaks += [(source, each) for each in verify_anchors(ANCHORS, anchors, (keys or {}).get(source))]
            for anchor in anchors:
                heads |= {(source, head.chain): head for head in anchor.heads}
                purged |= {(source, head.chain): head for head in anchor.purged}
            newest[source] = AuditHead(chain=ANCHORS, number=anchors[-1].number, hash=hash_of(anchors[-1]))
        breaks += self._lost_anchors(known or {})
        unanchored = 0
        for place in sorted(self._links.keys() | heads.keys()):
            found, beyond = _walk(place[1], self._links.get(place, []), heads.get(place), purged.get(place))
            breaks += [(place[0], each) for each in found]
            unanchored += beyond
        anchors_seen = sum(map(len, self._anchors.values()))
        return Findings(self._count, len(self._links), anchors_seen, unanchored, breaks, newest)

    def _lost_anchors(self, known: Mapping[str, AuditHead]) -> Iterable[tuple[str, Break]]:
        for source, noted in known.items():
            anchor = self._anchors[source].get(noted.number)
            if anchor is None:
                yield source, Break(ANCHORS, noted.number, "head-missing")
            elif hash_of(anchor) != noted.hash:
                yield source, Break(ANCHORS, noted.number, "head-differs")


def _walk(
    chain: str, links: list[tuple[int, str, str]], head: AuditHead | None, purged: AuditHead | None
) -> tuple[list[Break], int]:
    """The breaks of one chain, and how many of its links are newer than its anchored head.

    Of what was removed from the database this copy may still hold some: those links need not be whole.
    """
    breaks: list[Break] = []
    number, previous = (purged.number, purged.hash) if purged else (0, GENESIS)
    removed = number
    hash_of_head = None
    for at, back, hashed in sorted(set(links)):  # the bus may tell a link twice
        if head is not None and at == head.number:
            hash_of_head = hashed
        if at < removed:
            continue
        if at == number and at == removed:
            if hashed != previous:
                breaks.append(Break(chain, at, "head-differs"))
            continue
        if at == number:
            breaks.append(Break(chain, at, "forked"))
        elif at != number + 1:
            breaks.append(Break(chain, number + 1, "number-differs"))
        elif back != previous:
            breaks.append(Break(chain, at, "predecessor-differs"))
        number, previous = at, hashed
    if head is not None and head.number > removed and hash_of_head != head.hash:
        breaks.append(Break(chain, head.number, "head-missing" if hash_of_head is None else "head-differs"))
    return breaks, max(0, number - max(removed, head.number if head else 0))
