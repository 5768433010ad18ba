"""Coordinates as people copy them: decimal degrees, degrees with minutes and seconds, both in one cell."""

import re
from dataclasses import dataclass

from services.registry.roll.cells import in_arabic, is_nothing
from services.registry.roll.findings import Reason

_NUMBER = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{1,17})?", re.ASCII)
_DEGREES = re.compile(
    r"(?P<degrees>\d{1,3})\s*(?:°|º|˚|องศา)\s*"
    r"(?:(?P<minutes>\d{1,2}(?:\.\d+)?)\s*(?:['’′]|ลิปดา)\s*)?"
    r"(?:(?P<seconds>\d{1,2}(?:\.\d+)?)\s*(?:[\"”″]|''|ฟิลิปดา|พิลิปดา)\s*)?"
    r"(?P<side>N|E|เหนือ|ตะวันออก)?",
    re.ASCII | re.IGNORECASE,
)
_SIDE = re.compile(r"\s*°?\s*(?:N|E|เหนือ|ตะวันออก)$", re.IGNORECASE)
_BOTH = re.compile(r"(?P<north>[^,;]+?)\s*[,;]\s*(?P<east>[^,;]+)|(?P<up>\S+)\s+(?P<right>\S+)")

_LATITUDES, _LONGITUDES = (5.0, 21.0), (97.0, 106.0)
"""Degrees between which Thailand lies."""
_MOST_MINUTES = 60
_DIGITS = 7
"""Decimals that are kept of degrees worked out from minutes and seconds: a centimetre."""


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees, or neither; or why not, and what was probably meant."""

    latitude: float | None = None
    longitude: float | None = None
    repairs: tuple[Reason, ...] = ()
    fault: Reason | None = None
    suggestion: str | None = None


def point(latitude: str, longitude: str) -> Point:
    """Degrees inside Thailand. Both cells empty is no point; one alone is a fault, unless it holds both."""
    if is_nothing(latitude) and is_nothing(longitude):
        return Point()
    (north, numerals), (east, more) = in_arabic(latitude), in_arabic(longitude)
    repairs = numerals or more
    if is_nothing(longitude) and (both := _split(north)):
        north, east, repairs = *both, (*repairs, Reason.ONE_CELL_POINT)
    y, x = _degrees(north), _degrees(east)
    if y is None or x is None:
        return Point(fault=Reason.BAD_COORDINATES)
    repairs = tuple(dict.fromkeys((*repairs, *y[1], *x[1])))
    if _between(y[0], _LATITUDES) and _between(x[0], _LONGITUDES):
        return Point(y[0], x[0], repairs)
    if _between(x[0], _LATITUDES) and _between(y[0], _LONGITUDES):
        return Point(fault=Reason.SWAPPED_COORDINATES, suggestion=f"{x[0]}, {y[0]}")
    return Point(fault=Reason.BAD_COORDINATES)


def _degrees(text: str) -> tuple[float, tuple[Reason, ...]] | None:
    if _NUMBER.fullmatch(text):
        return float(text.replace(",", ".")), (Reason.DECIMAL_COMMA,) if "," in text else ()
    bare = _SIDE.sub("", text)
    if _NUMBER.fullmatch(bare) and "," not in bare:
        return float(bare), (Reason.DEGREES,)
    found = _DEGREES.fullmatch(text)
    if found is None:
        return None
    minutes, seconds = float(found["minutes"] or 0), float(found["seconds"] or 0)
    if minutes >= _MOST_MINUTES or seconds >= _MOST_MINUTES:
        return None
    return round(int(found["degrees"]) + minutes / 60 + seconds / 3600, _DIGITS), (Reason.DEGREES,)


def _split(text: str) -> tuple[str, str] | None:
    found = _BOTH.fullmatch(text)
    if found is None:
        return None
    north, east = (found["north"], found["east"]) if found["north"] else (found["up"], found["right"])
    return (north, east) if _degrees(north) and _degrees(east) else None


def _between(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]
