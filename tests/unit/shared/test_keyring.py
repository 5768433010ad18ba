"""A ring of keys of which single ones are destroyed."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.security.keyring import NODE_BYTES, Keyring

NAMES = st.binary(min_size=1, max_size=20)
SEEDS = st.binary(min_size=NODE_BYTES, max_size=NODE_BYTES)


@settings(max_examples=30)
@given(SEEDS, st.lists(NAMES, unique=True, min_size=1, max_size=8), st.data())
def test_destroyed_keys_are_gone_and_every_other_key_stays_what_it_was(seed, names, data) -> None:
    ring = Keyring.grown_from(seed)
    before = {name: ring.key(name) for name in names}
    destroyed = data.draw(st.sets(st.sampled_from(names)))
    left = ring
    for name in destroyed:
        left = left.without(name)
    assert {name: left.key(name) for name in names} == {
        name: None if name in destroyed else key for name, key in before.items()
    }


@settings(max_examples=30)
@given(SEEDS, st.lists(NAMES, max_size=5))
def test_a_ring_read_back_is_the_same_ring(seed, destroyed) -> None:
    ring = Keyring.grown_from(seed)
    for name in destroyed:
        ring = ring.without(name)
    again = Keyring.unpacked(ring.packed())
    assert again.packed() == ring.packed()
    assert again.key(b"another") == ring.key(b"another")


@given(SEEDS)
@settings(max_examples=20)
def test_no_node_that_is_kept_leads_to_the_destroyed_key(seed) -> None:
    ring = Keyring.grown_from(seed)
    lost = ring.key(b"erased")
    left = ring.without(b"erased")
    assert lost
    assert seed not in left.packed()
    for place, node in left._nodes.items():
        assert Keyring({place: node}).key(b"erased") is None
        # Nor does any of them serve as another node that would: a key is bound to its node's place.
        assert Keyring.grown_from(node).key(b"erased") != lost


def test_destroying_twice_changes_nothing_and_costs_at_most_two_kibibytes() -> None:
    ring = Keyring.grown_from(os.urandom(32))
    once = ring.without(b"a")
    assert once.without(b"a") is once
    assert len(once.packed()) <= 64 * 41
    assert len(once.without(b"b").packed()) < 2 * len(once.packed())


def test_keys_differ_by_name_and_by_ring() -> None:
    one, other = Keyring.grown_from(os.urandom(32)), Keyring.grown_from(os.urandom(32))
    assert len({one.key(b"a"), one.key(b"b"), other.key(b"a"), other.key(b"b")}) == 4


@pytest.mark.parametrize("packed", [b"", b"x", bytes(40), bytes(42)])
def test_what_is_no_ring_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="not a keyring"):
        Keyring.unpacked(packed)


def test_a_short_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring.grown_from(b"short")
