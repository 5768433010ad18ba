"""What is kept of a name to find it by, and what somebody who searches for it meant. Pure.

Nearly every center is called `ศูนย์พัฒนาเด็กเล็ก…`, so that the words that tell nothing are left out on both sides, and
what people abbreviate (`ศพด.`, `ร.ร.`, `อบต.`, `บ.`) is written out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zlib import crc32

from services.registry.roll.places import places_called
from shared.thai.folding import sounding, unmarked
from shared.thai.numerals import to_arabic
from shared.thai.text import normalise

VERSION: Final = 1
"""Of the form below. A change of the rules raises it, and what is stored in the old form is written again."""

GRAM: Final = 3
"""Letters. Names of 5,849 subdistricts make 20,000 different threes, of which a misspelling spoils three."""

_ABBREVIATIONS: Final = {
    r"ศ\.\s?พ\.\s?ด\.?|ศพด\.?": "ศูนย์พัฒนาเด็กเล็ก",
    r"ร\.\s?ร\.|รร\.|รร(?=\s)": "โรงเรียน",
    r"อ\.\s?บ\.\s?ต\.|อบต\.?": "องค์การบริหารส่วนตำบล",
    r"อ\.\s?บ\.\s?จ\.|อบจ\.?": "องค์การบริหารส่วนจังหวัด",
    r"ท\.\s?ต\.|ทต\.|ทต(?=\s)": "เทศบาลตำบล",
    r"ท\.\s?ม\.|ทม\.|ทม(?=\s)": "เทศบาลเมือง",
    r"ท\.\s?น\.|ทน\.|ทน(?=\s)": "เทศบาลนคร",
    r"ม\.(?=\s?[\d๐-๙])|หมู่ที่": "หมู่",
    r"บ\.": "บ้าน",
    r"ว\.": "วัด",
    r"ต\.": "ตำบล",
    r"อ\.": "อำเภอ",
    r"จ\.": "จังหวัด",
}
_ABBREVIATION: Final = re.compile("(?<![ก-๎])(?:" + "|".join(f"({pattern})" for pattern in _ABBREVIATIONS) + ")")
_LONG_FORMS: Final = tuple(_ABBREVIATIONS.values())
_MAY_ABBREVIATE: Final = re.compile(r"\.|ศพด|รร\s|อบ[ตจ]|ท[ตมน]\s|หมู่ที่")

_SAYING_NOTHING: Final = tuple(map(unmarked, (
    "ศูนย์พัฒนาเด็กก่อนวัยเรียน", "ศูนย์พัฒนาเด็กปฐมวัย", "ศูนย์พัฒนาเด็กเล็ก", "ศูนย์พัฒนาเด็ก", "ศูนย์เด็กเล็ก",
    "ศูนย์อบรมเด็กก่อนเกณฑ์", "ศูนย์",
)))  # fmt: skip
"""How the names of centers begin; a longer one stands before what it begins with."""
_NOTHING: Final = re.compile(f"(?>(?:{'|'.join(_SAYING_NOTHING)})+)(?=.)")

_HEADS: Final = tuple(map(unmarked, (
    "องค์การบริหารส่วนตำบล", "องค์การบริหารส่วนจังหวัด", "เทศบาลตำบล", "เทศบาลเมือง", "เทศบาลนคร", "เทศบาล", "โรงเรียน",
    "ชุมชน", "หมู่บ้าน", "บ้าน", "วัด", "มัสยิด", "ตำบล", "อำเภอ", "จังหวัด", "สำนักสงฆ์", "นิคม",
)))  # fmt: skip
_HEAD: Final = re.compile(f"(?>{'|'.join(_HEADS)})(?=.)")
"""Words behind which another name begins: `หนองบัว` finds `บ้านหนองบัว` and `วัดหนองบัว` as beginnings."""
_NO_NAME: Final = frozenset((*_SAYING_NOTHING, *_HEADS))


@dataclass(frozen=True, slots=True)
class Keys:
    """What a name is found by.

    `plain` is the name unmarked, without the words that tell nothing; `sound` the same by its sounds; `grams` are
    numbers that stand for each three letters of `sound`, and for the one and two with which one of its words begins.
    """

    plain: str
    sound: str
    grams: tuple[int, ...]


@lru_cache(maxsize=8_192)
def keys_of(name: str) -> Keys:
    """The keys of a stored name. Some 40 µs; many centers bear one name, so each is worked out once."""
    plain = _telling(unmarked(_written_out(normalise(name).text)))
    sound = sounding(plain)
    starts = {sound[at : at + length] for at in _starts(plain) for length in (1, 2)}
    return Keys(plain, sound, tuple(sorted({*grams_of(sound), *map(beginning, starts)})))


def grams_of(sound: str) -> list[int]:
    """The numbers of each three letters, in their order, each once."""
    return list(dict.fromkeys(_number(sound[at : at + GRAM]) for at in range(len(sound) - GRAM + 1)))


def beginning(letters: str) -> int:
    """The number of one or two sounds with which a word begins."""
    return _number(f"^{letters}")


def _number(letters: str) -> int:
    # A third of the size of the letters themselves; two that share one cost a look at a name that does not fit.
    return crc32(letters.encode()) & 0x7FFF_FFFF


def _written_out(text: str) -> str:
    if not _MAY_ABBREVIATE.search(text):
        return text
    return _ABBREVIATION.sub(lambda found: _LONG_FORMS[(found.lastindex or 1) - 1], text)


def _telling(plain: str) -> str:
    """A name without its first words that tell nothing, unless it has no others."""
    nothing = _NOTHING.match(plain)
    return plain[nothing.end() :] if nothing else plain


def _starts(plain: str) -> Iterator[int]:
    """Where a name begins, and where it goes on behind a word such as `บ้าน`."""
    if plain:
        yield 0
    head = _HEAD.match(plain)
    while head:
        yield head.end()
        head = _HEAD.match(plain, head.end())


def begins(plain: str, words: str) -> bool:
    """Whether a name, or what follows a word such as `บ้าน` in it, begins with these (both unmarked)."""
    return any(plain.startswith(words, start) for start in _starts(plain))


def pattern(words: str) -> str:
    """A regular expression for the names that hold unmarked words; one or two letters must begin a name or a word."""
    begun = f"^(?:{'|'.join(_HEADS)})*" if len(words) < GRAM else ""
    return begun + re.escape(words)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody searches for.

    `code` is the beginning of a code, if the words can be one. `plain` is all that was said, as a name; `name` what is
    left of it when the last words are the names of places, `sound` the same by its sounds, and `places` holds for each
    such word the codes that it may mean. `everything`: the words fit every center alike, as `ศูนย์พัฒ` does.
    """

    code: str | None
    plain: str
    name: str
    sound: str
    places: tuple[frozenset[str], ...] = ()
    everything: bool = False

    @property
    def grams(self) -> list[int]:
        """The numbers that a name which holds this has among its own; of one or two letters, one that begins so."""
        return [beginning(self.sound)] if len(self.sound) < GRAM else grams_of(self.sound)


_CODE: Final = re.compile(r"[0-9A-Za-z_-]{1,32}", re.ASCII)


def understand(words: str) -> Asked:
    """What is meant by words that somebody typed. Words without a letter or digit ask for a name that nobody has."""
    text = normalise(words).text
    code = to_arabic(text)
    whole = unmarked(_written_out(text))
    everything = bool(whole) and any(head.startswith(whole) for head in _SAYING_NOTHING)
    rest, found = _without_places(text.split(" "))
    name = _telling(unmarked(_written_out(rest)))
    return Asked(
        code if _CODE.fullmatch(code) else None, _telling(whole), name, sounding(name), tuple(found), everything
    )


def _without_places(words: list[str]) -> tuple[str, list[frozenset[str]]]:
    """The words before the names of places at the end, and the codes of each of those. A name is always left."""
    found: list[frozenset[str]] = []
    while len(words) > 1:
        codes = places_called(_written_out(words[-1]))
        before = _telling(unmarked(_written_out(" ".join(words[:-1]))))
        if not codes or not before or before in _NO_NAME:
            break
        found.append(codes)
        words = words[:-1]
    return " ".join(words), found
