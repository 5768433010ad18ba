"""The rules of usernames and passwords: what is made fits, evenly, and what comes is judged."""

import string
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.credentials.rules import (
    CONFUSING,
    KINDS,
    Accepted,
    Made,
    SecretRule,
    SecretRules,
    TextRule,
    draw,
    generate,
)

T = TypeVar("T")


@st.composite
def made_rules(draw_from) -> Made:
    """Rules that can be kept; those that cannot are refused when they are read."""
    given_marks = {
        "capital": draw_from(st.text(string.ascii_uppercase, max_size=26)),
        "small": draw_from(st.text(string.ascii_lowercase, max_size=26)),
        "digit": draw_from(st.text(string.digits, max_size=10)),
        "symbol": draw_from(st.text(string.punctuation, max_size=8)),
    }
    required = draw_from(st.sets(st.sampled_from(KINDS)))
    confusing = draw_from(st.sampled_from(["", CONFUSING]))
    length = draw_from(st.integers(4, 64))
    return _if_valid(lambda: Made(length=length, required=frozenset(required), confusing=confusing, **given_marks))


def _if_valid(make: Callable[[], T]) -> T:
    try:
        return make()
    except ValidationError:
        reject()


@settings(max_examples=200, deadline=None)
@given(made_rules())
def test_whatever_the_rule_what_is_made_keeps_it(made: Made) -> None:
    rule = _if_valid(lambda: SecretRule(password=TextRule(made=made)))
    password = generate(rule)["password"]
    assert len(password) == made.length
    assert set(password) <= set(made.alphabet)
    assert set(password).isdisjoint(made.confusing)
    for kind in made.required:
        assert set(password) & set(getattr(made, kind))
    assert rule.faults("someone", password) == []


@settings(max_examples=100, deadline=None)
@given(made_rules())
def test_the_share_of_texts_that_fit_is_what_is_drawn(made: Made) -> None:
    """`chance` counts by inclusion and exclusion; here by drawing."""
    drawn = [draw(made.alphabet, made.length) for _ in range(400)]
    fits = sum(all(set(text) & set(made.marks(kind)) for kind in made.required) for text in drawn)
    assert abs(fits / 400 - made.chance) < 0.15


def test_by_default_a_password_has_every_kind_and_nothing_that_misreads() -> None:
    for _ in range(300):
        made = generate(SecretRule())
        assert len(made["password"]) == 16
        assert set(made["password"] + made["username"]).isdisjoint(CONFUSING)
        assert any(mark.isupper() for mark in made["password"])
        assert made["username"] == made["username"].lower()


def test_by_default_a_password_is_too_hard_to_guess() -> None:
    assert SecretRule().password.made.bits > 80
    assert SecretRule().username.made.bits > 45


def test_no_two_credentials_are_the_same() -> None:
    made = [generate(SecretRule()) for _ in range(2000)]
    assert len({each["password"] for each in made}) == len({each["username"] for each in made}) == 2000


def test_letters_are_drawn_evenly() -> None:
    letters = "ACDEFGHJKMNPRTUVWXYabcdefghijkmnpqrstuvwxyz34679"
    counted = Counter(draw(letters, 48_000))
    assert set(counted) == set(letters)
    # Each is expected a thousand times; ten standard deviations is no accident.
    expected = 48_000 / len(letters)
    assert all(abs(times - expected) < 10 * expected**0.5 for times in counted.values())


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"password": {"made": {"length": 6}}}, "bits"),
        ({"password": {"made": {"length": 12, "symbol": "", "required": ["symbol"]}}}, "requires a kind"),
        ({"password": {"made": {"length": 12, "digit": "01", "required": ["digit"]}}}, "requires a kind"),
        ({"password": {"made": {"length": 12, "small": "ก"}}}, "not printable ASCII"),
        ({"password": {"made": {"length": 12}, "accepted": {"most": 8}}}, "would not accept"),
        ({"password": {"made": {"length": 12}, "accepted": {"required": ["symbol"]}}}, "would not accept"),
        ({"username": {"made": {"length": 4}}}, "repeat"),
    ],
)
def test_a_rule_that_cannot_be_kept_or_protects_nothing_is_refused(rule: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        SecretRule.model_validate(rule)


@pytest.mark.parametrize(
    ("password", "faults"),
    [
        ("Abcdef1!", []),
        ("Ab1!", ["too_short"]),
        ("Ab1!" * 10, ["too_long"]),
        ("Abcdef 1!", ["character"]),
        ("รหัสผ่านAb1!", ["character"]),
        ("abcdefgh", ["no_capital", "no_digit", "no_symbol"]),
        ("", ["too_short", "no_capital", "no_digit", "no_symbol"]),
    ],
)
def test_what_comes_from_outside_is_judged_by_code(password: str, faults: list[str]) -> None:
    accepted = Accepted(least=8, most=20, required=frozenset({"capital", "digit", "symbol"}))
    assert accepted.faults(password) == faults


def test_a_round_may_have_a_rule_of_its_own() -> None:
    own = SecretRule(password=TextRule(made=Made(length=20)))
    rules = SecretRules(rounds={"2569": own})
    assert rules.of("2569") == own
    assert rules.of("2570") == SecretRule()
