"""The centers of a generated roll as the planner of clusters sees them."""

from collections import defaultdict
from collections.abc import Iterable

from deploy.local.roll.generator import RollRow
from services.registry.clusters.sites import Site


def provinces(rows: Iterable[RollRow]) -> dict[str, tuple[Site, ...]]:
    """The centers by province, by code."""
    found: dict[str, list[Site]] = defaultdict(list)
    for row in rows:
        found[row.lao_code[1:3]].append(
            Site(
                code=row.code,
                name=row.name,
                lao=row.lao_code,
                district=row.lao_code[1:5],
                subdistrict=row.subdistrict,
                latitude=row.latitude,
                longitude=row.longitude,
            )
        )
    return {code: tuple(sorted(sites, key=lambda site: site.code)) for code, sites in sorted(found.items())}
