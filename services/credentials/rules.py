"""What usernames and passwords the target system takes: what is made here, and what may come from outside.

Pure but for the randomness of what is made. The letters are silent on the form of an e-SAR password, so each round may
have a rule of its own, from a file that the operator writes.
"""

import secrets
import string
from collections.abc import Mapping
from itertools import combinations
from math import log2
from typing import Final, Literal

from pydantic import Field, model_validator

from services.credentials.domain import Frozen

Kind = Literal["capital", "small", "digit", "symbol"]
KINDS: Final[tuple[Kind, ...]] = ("capital", "small", "digit", "symbol")
CONFUSING: Final = "0OoQ1lI|5S2Z8B`'\".,:;"
"""Marks that are taken for each other when read aloud or copied by hand."""
LEAST_PASSWORD_BITS: Final = 40.0
"""NIST SP 800-63B wants 20 bits behind a limit on guesses; the target system's limit is not ours to know."""
LEAST_USERNAME_BITS: Final = 30.0
_LEAST_CHANCE: Final = 1 / 1_000
_PRINTABLE: Final = frozenset(string.ascii_letters + string.digits + string.punctuation)


class Made(Frozen):
    """How a text is made: so long, of these marks without the `confusing` ones, with one of each `required` kind."""

    length: int = Field(ge=4, le=64)
    capital: str = string.ascii_uppercase
    small: str = string.ascii_lowercase
    digit: str = string.digits
    symbol: str = ""
    required: frozenset[Kind] = frozenset()
    confusing: str = CONFUSING

    def marks(self, kind: Kind) -> str:
        """The marks of a kind that may be used."""
        given: str = getattr(self, kind)
        return "".join(sorted(set(given) - set(self.confusing)))

    @property
    def alphabet(self) -> str:
        """All marks that may be used."""
        return "".join(sorted({mark for kind in KINDS for mark in self.marks(kind)}))

    @property
    def chance(self) -> float:
        """How many of the texts that could be drawn have every required kind, as a share."""
        total, share = len(self.alphabet), 0.0
        if not total:
            return 0.0
        for count in range(len(self.required) + 1):
            for missing in combinations(sorted(self.required), count):
                without = total - len({mark for kind in missing for mark in self.marks(kind)})
                share += (-1) ** count * (without / total) ** self.length
        return share

    @property
    def bits(self) -> float:
        """How hard a text is to guess: every one that fits is as likely as any other."""
        return self.length * log2(len(self.alphabet)) + log2(self.chance) if self.chance > 0 else 0.0

    @model_validator(mode="after")
    def _can_be_made(self) -> "Made":
        if any(not self.marks(kind) for kind in self.required):
            raise ValueError("requires a kind of mark of which it allows none")
        if not set(self.alphabet) <= _PRINTABLE:
            raise ValueError("allows marks that are not printable ASCII")
        if self.chance < _LEAST_CHANCE:
            raise ValueError("leaves hardly any text that fits")
        return self


class Accepted(Frozen):
    """What may come from outside. Without `characters`, any printable ASCII but the space."""

    least: int = Field(4, ge=1, le=256)
    most: int = Field(128, ge=1, le=256)
    required: frozenset[Kind] = frozenset()
    characters: str = ""

    def faults(self, text: str) -> list[str]:
        """What is wrong with a text, as codes: `too_short`, `too_long`, `character`, `no_capital` …; else nothing."""
        found = []
        if len(text) < self.least:
            found.append("too_short")
        if len(text) > self.most:
            found.append("too_long")
        if not set(text) <= (frozenset(self.characters) or _PRINTABLE):
            found.append("character")
        return found + [f"no_{kind}" for kind in KINDS if kind in self.required and not any(map(_IS[kind], text))]


_IS: Final = {
    "capital": lambda mark: "A" <= mark <= "Z",
    "small": lambda mark: "a" <= mark <= "z",
    "digit": lambda mark: "0" <= mark <= "9",
    "symbol": lambda mark: mark in string.punctuation,
}


class TextRule(Frozen):
    """Both sides of one text. What is made here would be accepted from outside."""

    made: Made
    accepted: Accepted = Accepted()

    @model_validator(mode="after")
    def _made_is_accepted(self) -> "TextRule":
        made, accepted = self.made, self.accepted
        allowed = frozenset(accepted.characters) or _PRINTABLE
        fits = accepted.least <= made.length <= accepted.most and set(made.alphabet) <= allowed
        if not fits or not accepted.required <= made.required:
            raise ValueError("makes what it would not accept")
        return self


class SecretRule(Frozen):
    """The rule of a round."""

    username: TextRule = TextRule(made=Made(length=10, capital=""))
    password: TextRule = TextRule(made=Made(length=16, required=frozenset({"capital", "small", "digit"})))

    @model_validator(mode="after")
    def _hard_to_guess(self) -> "SecretRule":
        if self.password.made.bits < LEAST_PASSWORD_BITS:
            raise ValueError(
                f"makes passwords of {self.password.made.bits:.0f} bits; {LEAST_PASSWORD_BITS:.0f} are needed"
            )
        if self.username.made.bits < LEAST_USERNAME_BITS:
            raise ValueError("makes usernames that will soon repeat")
        return self

    def faults(self, username: str, password: str) -> list[str]:
        """What is wrong with a secret from outside, as codes; empty if nothing."""
        return [f"username_{fault}" for fault in self.username.accepted.faults(username)] + [
            f"password_{fault}" for fault in self.password.accepted.faults(password)
        ]


class SecretRules(Frozen):
    """The rules of all rounds: those that have their own, and the one of all others."""

    default: SecretRule = SecretRule()
    rounds: Mapping[str, SecretRule] = Field(default_factory=dict)

    def of(self, round_id: str) -> SecretRule:
        """The rule of a round."""
        return self.rounds.get(round_id, self.default)


def generate(rule: SecretRule) -> dict[str, str]:
    """A new username and password. Every one that fits the rule is as likely as any other."""
    return {"username": _drawn(rule.username.made), "password": _drawn(rule.password.made)}


def _drawn(made: Made) -> str:
    alphabet, needed = made.alphabet, [set(made.marks(kind)) for kind in sorted(made.required)]
    while True:
        text = draw(alphabet, made.length)
        if all(not kind.isdisjoint(text) for kind in needed):
            return text


def draw(letters: str, length: int) -> str:
    """Letters drawn evenly: a byte past the last whole multiple of the alphabet is thrown away."""
    drawn, fair = "", 256 - 256 % len(letters)
    while len(drawn) < length:
        drawn += "".join(letters[byte % len(letters)] for byte in secrets.token_bytes(2 * length) if byte < fair)
    return drawn[:length]
