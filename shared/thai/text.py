"""Normalisation of Thai text: the same word, however it was typed, copied or scanned.

NFC only. NFKC splits ำ into two characters and never joins them again, so it is not used anywhere.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

_UPPER_LOWER_VOWELS = "ัิีึืฺุู"
_TONES = "่้๊๋"
_ABOVE_TONE_PLACE = f"{_TONES}์๎"
_NEVER_TWICE = f"ะาำแ-ไ็ํ{_UPPER_LOWER_VOWELS}{_ABOVE_TONE_PLACE}"

# Zero-width characters, soft hyphens, bidirectional controls, the byte order mark and control characters:
# a person never sees them, and a comparison always does. Tab and line ends are white space, not invisible.
_INVISIBLE = (
    "\u200b-\u200f\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff\u00ad\u034f\u180e\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
)

# What scanners and people put for a Thai letter, by shape. A letter that could stand for two (l for เ or ล,
# w for ผ or พ) is not here: it is reported as foreign and left for a person.
_LOOK_ALIKES = {
    "a": "า", "n": "ก", "u": "น", "U": "บ", "W": "พ", "s": "ร", "J": "ง",
    "а": "า", "п": "ก", "и": "น", "л": "ล",
}  # fmt: skip
_LONGEST_MISREADING = 2
"""A longer run of foreign letters is a word of its own (`ระบบSARใหม่`), not a misreading."""

_FOREIGN = "[A-Za-z\u00c0-\u024f\u0370-\u052f]+"
_THAI = "[ก-๎]"


class RepairKind(StrEnum):
    """What was wrong with the text."""

    INVISIBLE = "invisible"
    SPACE = "space"
    COMPOSITION = "composition"
    LOOK_ALIKE = "look_alike"
    SARA_AM = "sara_am"
    SARA_AE = "sara_ae"
    ORDER = "order"
    DOUBLED = "doubled"


@dataclass(frozen=True, slots=True)
class Repair:
    """One kind of repair, how often it was made, and the first place: `was` became `now`."""

    kind: RepairKind
    was: str
    now: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text in the one form that is compared and stored, with the raw one beside it.

    `repairs` is empty exactly when `text == raw`. `foreign` holds the runs of Latin, Greek or Cyrillic
    letters that still touch a Thai letter, in order: they were not understood, so a person has to look.
    """

    raw: str
    text: str
    repairs: tuple[Repair, ...] = ()
    foreign: tuple[str, ...] = ()

    def was_repaired(self, *kinds: RepairKind) -> bool:
        """Tell whether a repair of one of these kinds was made; without kinds, whether any was."""
        return any(not kinds or repair.kind in kinds for repair in self.repairs)


def normalise(raw: str) -> Normalised:
    """Bring one line of text (a name, a cell) into its one form and say what was repaired.

    Repairs: NFC, ํ+า→ำ, เเ→แ, a tone typed before its vowel, doubled marks, invisible characters, look-alike
    letters inside a Thai word, white space (trimmed, runs and line ends to one space). Doing it twice changes
    nothing more.
    """
    if _is_plainly_right(raw):
        return Normalised(raw, raw)
    text, repairs = _repaired(raw)
    return Normalised(raw, text, tuple(repairs.values()), tuple(_TOUCHING.findall(text)))


def _look_alike(match: re.Match[str]) -> str:
    run = match.group()
    if len(run) > _LONGEST_MISREADING:
        return run
    return "".join(_LOOK_ALIKES.get(letter, letter) for letter in run)


_Rule = tuple[RepairKind, re.Pattern[str], str | Callable[[re.Match[str]], str]]

_RULES: tuple[_Rule, ...] = (
    (RepairKind.INVISIBLE, re.compile(f"[{_INVISIBLE}]+"), ""),
    (RepairKind.SPACE, re.compile(r"\A\s+|\s+\Z"), ""),
    (RepairKind.SPACE, re.compile(r"\s{2,}|[^\S ]"), " "),
    (RepairKind.LOOK_ALIKE, re.compile("(?<=[๐-๙])[oOоО]|[oOоО](?=[๐-๙])"), "๐"),
    (RepairKind.LOOK_ALIKE, re.compile(f"(?<={_THAI}){_FOREIGN}(?={_THAI})"), _look_alike),
    (RepairKind.SARA_AM, re.compile(f"ํ([{_TONES}]*)า"), r"\1ำ"),
    (RepairKind.SARA_AE, re.compile("เเ"), "แ"),
    (RepairKind.ORDER, re.compile(f"([{_ABOVE_TONE_PLACE}]+)([{_UPPER_LOWER_VOWELS}]+)"), r"\2\1"),
    (RepairKind.ORDER, re.compile(f"([ะาำ])([{_TONES}]+)"), r"\2\1"),
    (RepairKind.DOUBLED, re.compile(f"(?P<twin>[{_NEVER_TWICE}])(?P=twin)+"), r"\g<twin>"),
)  # fmt: skip

_ODD_CHARACTER = re.compile(rf"[{_INVISIBLE}]|[^\S ]|{_FOREIGN}")
_SEQUENCES = tuple(
    pattern
    for kind, pattern, _ in _RULES
    if kind in {RepairKind.SARA_AM, RepairKind.SARA_AE, RepairKind.ORDER, RepairKind.DOUBLED}
)
_TOUCHING = re.compile(f"(?<={_THAI}){_FOREIGN}|{_FOREIGN}(?={_THAI})")


def _is_plainly_right(raw: str) -> bool:
    """Decide in some 2 µs, for nearly every cell of a roll, that no rule can find anything."""
    if raw != raw.strip() or "  " in raw:
        return False
    if raw.isascii():
        return raw.isprintable()
    return (
        unicodedata.is_normalized("NFC", raw)
        and not _ODD_CHARACTER.search(raw)
        and not any(pattern.search(raw) for pattern in _SEQUENCES)
    )


def _repaired(raw: str) -> tuple[str, dict[RepairKind, Repair]]:
    """Apply every rule until none finds anything: one repair can uncover another (ํ + zero width + า)."""
    repairs: dict[RepairKind, Repair] = {}

    def note(kind: RepairKind, was: str, now: str) -> None:
        known = repairs.get(kind)
        repairs[kind] = Repair(kind, was, now) if known is None else replace(known, count=known.count + 1)

    text, before = raw, None
    while text != before:
        before = text
        text = unicodedata.normalize("NFC", text)
        if text != before:
            note(RepairKind.COMPOSITION, before, text)
        for kind, pattern, replacement in _RULES:
            text = _apply(kind, pattern, replacement, text, note)
    return text, repairs


def _apply(
    kind: RepairKind,
    pattern: re.Pattern[str],
    replacement: str | Callable[[re.Match[str]], str],
    text: str,
    note: Callable[[RepairKind, str, str], None],
) -> str:
    def put(match: re.Match[str]) -> str:
        was = match.group()
        now = replacement(match) if callable(replacement) else match.expand(replacement)
        if now != was:
            note(kind, was, now)
        return now

    return pattern.sub(put, text)
