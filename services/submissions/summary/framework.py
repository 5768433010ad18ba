"""A framework: the standards and indicators by which centers rate themselves in a round. Pure.

A framework is data with versions: publishing one never changes another. What a center sent names the version that it
answers, so old answers stay readable whatever is published later, also while the round is open.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.submissions.words import Words

MOST_VERSIONS: Final = 100

Symbol = Annotated[
    str, Field(min_length=1, max_length=16, pattern=r"^[A-Za-z0-9ก-ฮ]([A-Za-z0-9ก-ฮ._-]*[A-Za-z0-9ก-ฮ])?$")
]
"""The code of a standard, an indicator or a level, such as `3.1ข`. Stable within a framework."""
Name = Annotated[Words, Field(min_length=1, max_length=300)]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Named(_Told):
    """Something with a code, and its name in both languages."""

    code: Symbol
    name: Name
    name_en: Name


class Level(Named):
    """One step of the scale, the lowest first."""


class Indicator(Named):
    """What a center rates itself in."""


class Standard(Named):
    """Indicators that belong together; a center writes of each standard what is strong and what is needed."""

    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1, max_length=40)]


class Framework(_Told):
    """Standards and their indicators, and the scale of all. `id` says which framework, its version when."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$")]
    name: Name
    name_en: Name
    levels: Annotated[tuple[Level, ...], Field(min_length=2, max_length=10)]
    standards: Annotated[tuple[Standard, ...], Field(min_length=1, max_length=12)]

    @model_validator(mode="after")
    def _each_code_once(self) -> Self:
        for codes in (
            [one.code for one in self.levels],
            [one.code for one in self.standards],
            [one.code for one in self.indicators],
        ):
            if twice := [code for code, count in Counter(codes).items() if count > 1]:
                raise ValueError(f"codes that stand twice: {', '.join(sorted(twice))}")
        return self

    @property
    def indicators(self) -> Iterable[Indicator]:
        """All indicators, in their order."""
        return [indicator for standard in self.standards for indicator in standard.indicators]


class Published(BaseModel):
    """A version of a round's framework. Nothing of it ever changes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    round: str
    version: int
    framework: Framework
    published_at: datetime


def publish(newest: Published | None, round_: str, given: Framework, now: datetime) -> Published:
    """The round's next version; the newest one where that says the same already."""
    if newest is not None and newest.framework == given:
        return newest
    return Published(round=round_, version=newest.version + 1 if newest else 1, framework=given, published_at=now)
