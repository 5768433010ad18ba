"""Clusters as GeoJSON (RFC 7946), for any map program. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from services.registry.clusters.cluster import Cluster
from services.registry.clusters.measuring import Map

MEDIA_TYPE = "application/geo+json"


def features(clusters: Sequence[Cluster], ground: Map) -> Iterator[dict[str, Any]]:
    """For each cluster its shortest tree as lines, then each member as a point. Degrees WGS 84, longitude first.

    A member without a place (it left the round since) has no point; a cluster of one has no lines.
    """
    for cluster in clusters:
        yield _lines(cluster, ground)
        for code in cluster.members:
            site = ground.site(code)
            if site is not None:
                yield {
                    "type": "Feature",
                    "id": f"{cluster.cluster}/{code}",
                    "geometry": {"type": "Point", "coordinates": _point(ground, code)},
                    "properties": {
                        "kind": "center",
                        "center": code,
                        "name": site.name,
                        "cluster": cluster.cluster,
                        "lao": site.lao,
                        "district": site.district,
                        "subdistrict": site.subdistrict,
                        "placed": site.placed,
                        "pinned": code in cluster.pinned,
                    },
                }


def _lines(cluster: Cluster, ground: Map) -> dict[str, Any]:
    legs = ground.measure(cluster.members).legs
    lines = [[_point(ground, leg.start), _point(ground, leg.end)] for leg in legs]
    return {
        "type": "Feature",
        "id": cluster.cluster,
        "geometry": {"type": "MultiLineString", "coordinates": lines} if lines else None,
        "properties": {
            "kind": "cluster",
            "cluster": cluster.cluster,
            "round": cluster.round,
            "province": cluster.province,
            "members": list(cluster.members),
            "pinned": list(cluster.pinned),
            "span_km": cluster.span_km,
            "reasons": [reason.value for reason in cluster.reasons],
            "exception": cluster.exception,
            "visited": cluster.visited_at is not None,
        },
    }


def _point(ground: Map, code: str) -> list[float]:
    site = ground.sites[ground.at[code]]
    return [round(site.longitude, 6), round(site.latitude, 6)]
