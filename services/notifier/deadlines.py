"""When reports are due, and how moments are written in letters. Pure."""

from datetime import datetime
from functools import lru_cache

from shared.contracts.events import Path, RoundChanged
from shared.thai.calendar import buddhist_year, format_moment, in_bangkok


def deadline_of(round_: RoundChanged, path: Path, center: str | None = None) -> datetime:
    """When reports are due from an office: the latest extension above it or its own, or the round's own day."""
    return round_.deadline_for(path, center)


@lru_cache(1024)
def thai_moment(instant: datetime) -> str:
    """`วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘ เวลา ๒๓.๕๙ น.`: thousands of letters give the same deadline."""
    return format_moment(instant)


@lru_cache(1024)
def english_moment(instant: datetime) -> str:
    """`Friday 31 October B.E. 2568 (2025), 23:59 Thai time`."""
    local = in_bangkok(instant)
    return (
        f"{local:%A} {local.day} {local:%B} B.E. {buddhist_year(local.date())} ({local.year}), {local:%H:%M} Thai time"
    )
