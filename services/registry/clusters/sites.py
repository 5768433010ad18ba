"""Where the centers of a province lie, and what a way between two of them costs. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from services.registry.clusters.solver.trees import Floats

EARTH_RADIUS_KM: Final = 6371.0088
"""The mean radius (IUGG)."""

Placed = Literal["own", "cluster", "subdistrict", "district"]
"""Whose point a center lies at: its own, or the mean of those it was put together with by hand, of the others of its
subdistrict, or of its district.
"""


Point = tuple[float, float]


class Unplaced(NamedTuple):
    """A center as the registry knows it; degrees are WGS 84."""

    code: str
    name: str
    lao: str
    district: str
    subdistrict: str
    latitude: float | None
    longitude: float | None
    province: str = ""


class Site(BaseModel):
    """A center that has a place on the map."""

    model_config = ConfigDict(frozen=True)

    code: str
    name: str
    lao: str
    district: str
    subdistrict: str
    latitude: float
    longitude: float
    placed: Placed = "own"


class Charges(BaseModel):
    """What a plan charges for a way, in km on top of its length: once per edge of a cluster's tree."""

    model_config = ConfigDict(frozen=True)

    penalty_km: float = Field(3.0, ge=0, le=200, description="for an edge that crosses a district border")
    lao_penalty_km: float = Field(0.0, ge=0, le=200, description="for an edge between two LAOs")
    change_km: float = Field(
        3.0, ge=0, le=200, description="for an edge between two centers that the adopted clusters do not visit together"
    )


@dataclass(frozen=True, slots=True)
class Placing:
    """The centers of a province with a place, by code, and the codes of those that a person must place."""

    sites: tuple[Site, ...]
    without: tuple[str, ...]


def place(centers: Iterable[Unplaced], together: Iterable[Sequence[str]] = ()) -> Placing:
    """Give each center a point: its own, else the mean of its fellows in `together`, its subdistrict, its district.

    `together` are the members of clusters that people made. Only points of their own count for a mean; who has no
    fellow with one has no place.
    """
    ordered = sorted(centers)
    own = {
        center.code: (center.latitude, center.longitude)
        for center in ordered
        if center.latitude is not None and center.longitude is not None
    }
    areas: dict[tuple[Placed, str], list[Point]] = defaultdict(list)
    for center in ordered:
        if center.code in own:
            areas["subdistrict", center.subdistrict].append(own[center.code])
            areas["district", center.district].append(own[center.code])
    for members in together:
        for code in members:
            areas["cluster", code] += [own[fellow] for fellow in members if fellow in own]
    found = {center.code: _site(center, own.get(center.code), areas) for center in ordered}
    return Placing(
        tuple(site for site in found.values() if site), tuple(code for code, site in found.items() if site is None)
    )


def _site(center: Unplaced, own: Point | None, areas: Mapping[tuple[Placed, str], Sequence[Point]]) -> Site | None:
    choices: list[tuple[Placed, Sequence[Point]]] = [
        ("own", [own] if own else []),
        ("cluster", areas.get(("cluster", center.code), [])),
        ("subdistrict", areas.get(("subdistrict", center.subdistrict), [])),
        ("district", areas.get(("district", center.district), [])),
    ]
    placed, points = next(((placed, points) for placed, points in choices if points), ("own", ()))
    if not points:
        return None
    return Site(
        code=center.code, name=center.name, lao=center.lao, district=center.district, subdistrict=center.subdistrict,
        latitude=fmean(point[0] for point in points), longitude=fmean(point[1] for point in points), placed=placed,
    )  # fmt: skip


def distances(sites: Sequence[Site]) -> Floats:
    """Great-circle distances in km, symmetric to the last bit."""
    latitude = np.radians([site.latitude for site in sites])
    longitude = np.radians([site.longitude for site in sites])
    half = np.sin((latitude[:, None] - latitude) / 2) ** 2
    half += np.cos(latitude[:, None]) * np.cos(latitude) * np.sin((longitude[:, None] - longitude) / 2) ** 2
    lengths = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    return np.asarray(np.maximum(lengths, lengths.T))


def weights(sites: Sequence[Site], charges: Charges, before: Mapping[str, str]) -> Floats:
    """What each way costs: its length, and the charges. `before` says which cluster a center is in by now.

    An edge between two centers is charged as a change unless both are in the same cluster already; without any
    clusters nothing is.
    """
    cost = distances(sites)
    cost += charges.penalty_km * _differ([site.district for site in sites])
    cost += charges.lao_penalty_km * _differ([site.lao for site in sites])
    if before:
        cost += charges.change_km * _differ([before.get(site.code, f"none {site.code}") for site in sites])
    np.fill_diagonal(cost, 0.0)
    return cost


def _differ(names: Sequence[str]) -> Floats:
    marks = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)[1]
    return np.asarray(marks[:, None] != marks[None, :], dtype=np.float64)
