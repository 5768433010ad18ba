"""Thai words as people search for them: without tone marks, and by how they sound.

Searching needs two coarser forms of a text than `normalise` gives. `unmarked` forgets what a thumb leaves out: tone
marks, ็ and ์, spaces, dots, case, and which numerals were used. `sounding` also forgets which of several letters of
one sound was meant (ศ ษ ส; ณ น; ใ ไ; long and short vowels), which is how names heard once are spelt.
"""

import re

from shared.thai.numerals import to_arabic
from shared.thai.text import normalise

_UNSAID = re.compile("(?:[่้๊๋็์๎ฺํฯๆ]|[^\\w\u0e31\u0e34-\u0e39])+|_+")

_SAME_SOUND = str.maketrans({
    "ฃ": "ข", "ฅ": "ค", "ฆ": "ค", "ฌ": "ช", "ญ": "ย", "ฎ": "ด", "ฏ": "ต", "ฐ": "ถ", "ฑ": "ท", "ฒ": "ท", "ธ": "ท",
    "ณ": "น", "ภ": "พ", "ศ": "ส", "ษ": "ส", "ฬ": "ล", "ร": "ล", "ฤ": "ล", "ฦ": "ล",
    "ใ": "ไ", "ี": "ิ", "ื": "ึ", "ู": "ุ", "ๅ": "า",
})  # fmt: skip
"""One letter for each sound, letter for letter, so that places in both forms are the same. ร and ล are one because
speakers of half the country make them one."""


def unmarked(text: str) -> str:
    """The letters, vowels and digits of a text alone: `ศูนย์ฯ บ้านกุ่ง ๒` becomes `ศูนยบานกุง2`."""
    # Twice, since what is left out may have stood between two that are one (`ะๆะ`, `เฯเ`).
    return _said(_said(text))


def _said(text: str) -> str:
    return _UNSAID.sub("", to_arabic(normalise(text).text).casefold())


def sounding(unmarked_text: str) -> str:
    """An unmarked text by its sounds, of the same length: `ศรีสะเกษ` and `สีสะเกด` come close, `ณ` and `น` are one."""
    return unmarked_text.translate(_SAME_SOUND)
