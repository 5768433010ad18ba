"""Names of LAOs, which offices write out or abbreviate: `อบต.ปางหมู` is `องค์การบริหารส่วนตำบลปางหมู`."""

import re
from functools import lru_cache
from typing import Final

_WORDS: Final = {
    "องค์การบริหารส่วนจังหวัด": r"อ\.?\s?บ\.?\s?จ\.?",
    "องค์การบริหารส่วนตำบล": r"อ\.?\s?บ\.?\s?ต\.?",
    "เทศบาลนคร": r"ท\.?\s?น\.",
    "เทศบาลเมือง": r"ท\.?\s?ม\.",
    "เทศบาลตำบล": r"ท\.?\s?ต\.",
}
_SHORT: Final = re.compile("|".join(f"({short})" for short in _WORDS.values()))
_LONG: Final = tuple(_WORDS)
_SIGNS: Final = re.compile(r"[\s.\-'ฯ]")


@lru_cache(maxsize=16_384)
def lao_key(name: str) -> str:
    """What is the same for every way to write an LAO's name."""
    text = name.strip()
    if short := _SHORT.match(text):
        text = _LONG[(short.lastindex or 1) - 1] + text[short.end() :]
    return _SIGNS.sub("", text)


def fuller(one: str, other: str) -> str:
    """The one of two names of an LAO that says more; the first where they say the same."""
    return other if lao_key(one) == lao_key(other) and len(other) > len(one) else one
