"""Claim codes: hard to guess, easy to type, and a slip of the finger is told at once."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretBytes

from services.credentials.activating import codes
from services.credentials.activating.codes import ALPHABET, Mistyped

drawn = st.builds(codes.draw)
KEY = SecretBytes(b"k" * 32)


def test_a_code_holds_at_least_112_random_bits() -> None:
    assert codes.GROUPS * 4 * math.log2(len(ALPHABET)) >= 112
    assert len({codes.draw() for _ in range(2_000)}) == 2_000


@given(drawn)
def test_a_code_is_read_however_it_was_typed(code: str) -> None:
    spoken = code.replace("0", "o").replace("1", "l").lower()
    for typed in (code, code.lower(), code.replace("-", " "), code.replace("-", ""), spoken, f" {code}\n"):
        assert codes.read(typed) == code


@given(drawn, st.integers(0, 5), st.integers(0, 4), st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_found_in_its_group(code: str, group: int, place: int, letter: str) -> None:
    groups = code.split("-")
    right = groups[group]
    groups[group] = right[:place] + letter + right[place + 1 :]
    expected = code if letter == right[place] else Mistyped((group + 1,))
    assert codes.read("-".join(groups)) == expected


@given(drawn, st.integers(0, 5), st.integers(0, 3))
def test_two_letters_that_changed_places_are_found_in_their_group(code: str, group: int, place: int) -> None:
    groups = code.split("-")
    right = groups[group]
    groups[group] = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    expected = code if groups[group] == right else Mistyped((group + 1,))
    assert codes.read("-".join(groups)) == expected


@given(drawn, st.integers(0, 5), st.integers(0, 5))
def test_groups_that_changed_places_are_found(code: str, one: int, other: int) -> None:
    groups = code.split("-")
    groups[one], groups[other] = groups[other], groups[one]
    assert isinstance(codes.read("-".join(groups)), Mistyped) or "-".join(groups) == code


@pytest.mark.parametrize("typed", ["", "ABCDE", "A" * 31, "ก" * 30, "U" * 30, "0" * 81, "-" * 30])
def test_what_is_no_code_is_told_as_none(typed: str) -> None:
    assert isinstance(codes.read(typed), Mistyped)


@given(st.text(max_size=100))
def test_reading_never_fails(typed: str) -> None:
    assert isinstance(codes.read(typed), str | Mistyped)


@given(drawn)
def test_what_is_kept_of_a_code_tells_nothing_without_the_key(code: str) -> None:
    kept = codes.digest(code, KEY)
    assert kept == codes.digest(code, KEY)
    assert kept != codes.digest(code, SecretBytes(b"l" * 32))
    assert not any(group in kept.upper() for group in code.split("-"))
