"""What an offline verification finds: any one entry, order or tail that was touched, with the bus's copy alone."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.events import AuditAnchored, AuditHead, AuditRecorded
from shared.security.anchors import Signer, anchored, verify_anchors
from shared.security.audit import Deed, link
from shared.security.ledger import ANCHORS, Findings, Ledger

START = datetime(2025, 10, 1, 3, 0, 0, 123000, tzinfo=UTC)
SOURCE = "/saraban/credentials"
SIGNER = Signer(b"s" * 32)

Entry = dict[str, Any]


def chains_of(lengths: list[int]) -> list[list[AuditRecorded]]:
    made: list[list[AuditRecorded]] = []
    for number, length in enumerate(lengths):
        name, links = f"center/c{number}", list[AuditRecorded]()
        for at in range(length):
            deed = Deed("p-a", "center", "credential.look", name, "allowed", f"d{at}", org=f"58{at % 2 or ''}")
            links.append(link(links[-1] if links else None, name, deed, START + timedelta(seconds=at)))
        made.append(links)
    return made


def head_of(entry: AuditRecorded) -> AuditHead:
    return AuditHead(chain=entry.chain, number=entry.number, hash=entry.hash)


def anchors_of(chains: list[list[AuditRecorded]], each: int = 2) -> list[AuditAnchored]:
    """Anchors as if one was made whenever `each` more links stood in every chain."""
    made: list[AuditAnchored] = []
    longest = max(map(len, chains), default=0)
    for until in range(each, longest + each, each):
        heads = [head_of(links[min(until, len(links)) - 1]) for links in chains if len(links) > until - each]
        made.append(anchored(made[-1] if made else None, "credentials", heads, (), START, SIGNER))
    return made


def plain(chains: list[list[AuditRecorded]]) -> list[Entry]:
    return [json.loads(entry.model_dump_json()) for links in chains for entry in links]


def found(entries: list[Entry], anchors: list[AuditAnchored], **options: Any) -> Findings:
    ledger = Ledger()
    for entry in entries:
        ledger.enter(SOURCE, entry)
    for anchor in anchors:
        ledger.anchor(SOURCE, anchor)
    return ledger.findings(**options)


def faults(findings: Findings) -> set[str]:
    return {each.fault for _, each in findings.breaks}


lengths = st.lists(st.integers(1, 7), min_size=1, max_size=5)


@given(lengths, st.randoms(use_true_random=False))
def test_untouched_chains_hold_in_whatever_order_they_come(of: list[int], chance: random.Random) -> None:
    chains = chains_of(of)
    entries, anchors = plain(chains), anchors_of(chains)
    entries += chance.sample(entries, len(entries) // 2)  # the bus may tell twice
    chance.shuffle(entries)
    chance.shuffle(anchors)
    findings = found(entries, anchors, keys={SOURCE: SIGNER.key})
    assert findings.breaks == []
    assert findings.chains == len(of)
    assert findings.unanchored == 0


CHANGES: dict[str, Any] = {
    "actor": "p-b", "role": "lao", "action": "credential.reveal", "subject": "center/x", "outcome": "refused",
    "detail": "else", "org": "57", "time": "2020-01-01T00:00:00Z", "previous": "f" * 64, "hash": "e" * 64,
    "number": 99, "chain": "center/elsewhere",
}  # fmt: skip


@settings(max_examples=200)
@given(lengths, st.sampled_from(sorted(CHANGES)), st.data())
def test_any_one_field_of_any_one_entry_changed_is_found(of: list[int], field: str, data: st.DataObject) -> None:
    chains = chains_of(of)
    entries, anchors = plain(chains), anchors_of(chains)
    at = data.draw(st.integers(0, len(entries) - 1))
    entries[at][field] = CHANGES[field]
    assert found(entries, anchors).breaks


@settings(max_examples=200)
@given(lengths, st.data())
def test_any_one_entry_taken_out_is_found_the_last_of_a_chain_too(of: list[int], data: st.DataObject) -> None:
    chains = chains_of(of)
    entries, anchors = plain(chains), anchors_of(chains)
    del entries[data.draw(st.integers(0, len(entries) - 1))]
    assert found(entries, anchors).breaks


@settings(max_examples=200)
@given(lengths, st.data())
def test_a_chain_rewritten_from_any_entry_on_with_good_hashes_is_found(of: list[int], data: st.DataObject) -> None:
    """What an insider with the database does: change one entry and hash the rest of the chain anew."""
    chains = chains_of(of)
    anchors = anchors_of(chains)
    chain = data.draw(st.integers(0, len(chains) - 1))
    at = data.draw(st.integers(0, len(chains[chain]) - 1))
    links = chains[chain][:at]
    for old in chains[chain][at:]:
        deed = Deed("p-b", old.role, old.action, old.subject, old.outcome, old.detail, old.org)
        links.append(link(links[-1] if links else None, old.chain, deed, old.time))
    chains[chain] = links
    findings = found(plain(chains), anchors)
    assert faults(findings) == {"head-differs"}


@given(lengths, st.data())
def test_two_entries_that_changed_places_are_found(of: list[int], data: st.DataObject) -> None:
    chains = [links for links in chains_of(of) if len(links) > 1]
    if not chains:
        return
    anchors = anchors_of(chains)
    links = data.draw(st.sampled_from(chains))
    at = data.draw(st.integers(0, len(links) - 2))
    entries = plain(chains)
    a, b = (e for e in entries if e["chain"] == links[0].chain and e["number"] in {at + 1, at + 2})
    a["number"], b["number"] = b["number"], a["number"]
    assert found(entries, anchors).breaks


def test_a_whole_chain_removed_is_found() -> None:
    chains = chains_of([3, 2])
    assert faults(found(plain(chains[:1]), anchors_of(chains))) == {"head-missing"}


def test_a_place_taken_twice_is_found() -> None:
    chains, others = chains_of([3]), chains_of([3])
    deed = Deed("p-b", "center", "credential.look", "center/c0", "allowed")
    others[0][2] = link(others[0][1], "center/c0", deed, START)
    assert "forked" in faults(found(plain(chains) + plain(others), anchors_of(chains)))


def test_entries_newer_than_any_anchor_hold_and_are_counted() -> None:
    chains = chains_of([3, 2])
    short = [links[:1] for links in chains]
    findings = found(plain(chains), anchors_of(short, each=1))
    assert (findings.breaks, findings.unanchored) == ([], 3)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_anchor_taken_out_is_found_unless_it_was_the_first(at: int) -> None:
    """Old anchors leave the bus with their time; so the first may be gone. The last is missed by who noted its hash."""
    chains = chains_of([6])
    anchors = anchors_of(chains)
    newest = found(plain(chains), anchors).newest
    left = anchors[:at] + anchors[at + 1 :]
    assert bool(found(plain(chains), left).breaks) == (at == 1)
    assert bool(found(plain(chains), left, known=newest).breaks) == (at != 0)


@given(st.sampled_from(["heads", "purged", "time", "service", "previous", "key", "signature"]))
def test_an_anchor_changed_is_found(field: str) -> None:
    chains = chains_of([4, 4])
    anchors = anchors_of(chains)
    change: dict[str, Any] = {
        "heads": anchors[1].heads[:1],
        "purged": anchors[1].heads[:1],
        "time": START + timedelta(days=1),
        "service": "registry",
        "previous": "f" * 64,
        "key": Signer(b"t" * 32).key,
        "signature": anchors[0].signature,
    }
    anchors[1] = anchors[1].model_copy(update={field: change[field]})
    assert verify_anchors(ANCHORS, anchors)


def test_anchors_by_another_hand_are_found_by_who_knows_the_key() -> None:
    forged = [anchored(None, "credentials", [], [], START, Signer(b"t" * 32))]
    assert verify_anchors(ANCHORS, forged) == []
    assert verify_anchors(ANCHORS, forged, key=SIGNER.key)


@given(st.integers(1, 6), st.integers(0, 6), st.booleans())
def test_a_first_part_removed_in_its_time_leaves_a_chain_that_holds(
    removed: int, more: int, copy_has_all: bool
) -> None:
    chains = chains_of([removed + more])
    anchors = anchors_of(chains)
    anchors.append(anchored(anchors[-1], "credentials", (), [head_of(chains[0][removed - 1])], START, SIGNER))
    left = chains if copy_has_all else [chains[0][removed:]]
    assert found(plain(left), anchors).breaks == []


@given(st.integers(1, 5), st.data())
def test_more_removed_than_was_signed_for_is_found(removed: int, data: st.DataObject) -> None:
    chains = chains_of([7])
    anchors = anchors_of(chains)
    anchors.append(anchored(anchors[-1], "credentials", (), [head_of(chains[0][removed - 1])], START, SIGNER))
    too_many = data.draw(st.integers(removed + 1, 7))
    assert found(plain([chains[0][too_many:]]), anchors).breaks


def test_an_old_entry_without_an_organization_keeps_its_hash() -> None:
    old = json.loads(link(None, "center/c1", Deed("a", "center", "reveal", "c1", "allowed"), START).model_dump_json())
    assert old.pop("org") == ""
    assert found([old], []).breaks == []
