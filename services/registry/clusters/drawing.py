"""The clusters of a province as a picture: SVG, made for paper (A4 upright or lying) and for a phone. Pure.

Drawn to scale (equirectangular, true at the province's middle latitude). Each cluster is its shortest tree over a
tinted ground, with the last part of its id beside it; neighbours differ in colour. Marks tell what a list cannot: pins,
assumed places, sizes out of rule.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from services.registry.clusters.cluster import Cluster
from services.registry.clusters.lettering import Labels, face
from services.registry.clusters.measuring import Map

COLOURS: Final = ("#1b5e9b", "#b3441e", "#2f7d3b", "#7a3b93", "#a3172f", "#00747a", "#8a6100", "#4a4f9c")
"""Each at least 4.5 : 1 on white; apart for the colour-blind by the order in which neighbours get them."""
LONG_SIDE, SHORT_SIDE = 1123.0, 794.0
"""A4 at 96 dots per inch."""
HEAD, FOOT, SIDE = 84.0, 92.0, 36.0
KM_PER_DEGREE: Final = 111.195
_STEPS: Final = (1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a place comes to lie on the paper, in dots."""

    width: float
    height: float
    west: float
    north: float
    dots_per_km: float
    shrink: float
    left: float
    top: float

    @classmethod
    def around(cls, ground: Map) -> "Frame":
        """The sheet on which the sites come out largest."""
        latitudes, longitudes = [s.latitude for s in ground.sites], [s.longitude for s in ground.sites]
        shrink = math.cos(math.radians((min(latitudes) + max(latitudes)) / 2))
        high = max(1.0, (max(latitudes) - min(latitudes)) * KM_PER_DEGREE)
        wide = max(1.0, (max(longitudes) - min(longitudes)) * KM_PER_DEGREE * shrink)
        width, height = (LONG_SIDE, SHORT_SIDE) if wide > high else (SHORT_SIDE, LONG_SIDE)
        room = width - 2 * SIDE, height - HEAD - FOOT
        scale = min(room[0] / wide, room[1] / high)
        return cls(
            width, height, min(longitudes), max(latitudes), scale, shrink,
            SIDE + (room[0] - wide * scale) / 2, HEAD + (room[1] - high * scale) / 2,
        )  # fmt: skip

    def at(self, latitude: float, longitude: float) -> tuple[float, float]:
        """The dot of a place."""
        east = (longitude - self.west) * KM_PER_DEGREE * self.shrink
        south = (self.north - latitude) * KM_PER_DEGREE
        return self.left + east * self.dots_per_km, self.top + south * self.dots_per_km


def draw(title: str, subtitle: str, clusters: Sequence[Cluster], ground: Map, districts: Mapping[str, str]) -> str:
    """The picture of a province. `districts` are names by code. Without a single place on it, a sheet that says so."""
    if not ground.sites:
        return _sheet(SHORT_SIDE, SHORT_SIDE / 2, title, subtitle, [_text(SIDE, 140, "ไม่มีศูนย์ที่มีพิกัด", 18)])
    frame = Frame.around(ground)
    shown = [cluster for cluster in clusters if any(code in ground.at for code in cluster.members)]
    colours = _colours(shown, ground)
    size = max(2.4, min(5.0, 60 / math.sqrt(len(ground.sites))))
    labels = Labels(frame.width, frame.height, [frame.at(site.latitude, site.longitude) for site in ground.sites])
    parts = [
        *_districts(frame, ground, districts),
        *(piece for cluster in shown for piece in _cluster(frame, ground, cluster, colours[cluster.cluster], size)),
        *_loose(frame, ground, shown, size),
        *(_label(frame, ground, cluster, colours[cluster.cluster], labels) for cluster in shown),
        *_scale(frame),
        *_legend(frame),
    ]
    return _sheet(frame.width, frame.height, title, subtitle, parts)


def _cluster(frame: Frame, ground: Map, cluster: Cluster, colour: str, size: float) -> Iterator[str]:
    dots = _dots(frame, ground, cluster)
    names = "\n".join(f"{code} {ground.sites[ground.at[code]].name}" for code in dots)
    yield f'<g id="c{escape(cluster.cluster)}" stroke="{colour}" stroke-width="1.8">'
    yield f"<title>{escape(cluster.cluster)}  {cluster.span_km:.1f} km\n{escape(names)}</title>"
    outline = " ".join(f"{x:.1f},{y:.1f}" for x, y in _hull(list(dots.values())))
    yield (
        f'<polygon points="{outline}" fill="{colour}" fill-opacity=".16" stroke-opacity=".16" '
        f'stroke-width="{4 * size:.1f}" stroke-linejoin="round"/>'
    )
    for leg in ground.measure(cluster.members).legs:
        (x1, y1), (x2, y2) = dots[leg.start], dots[leg.end]
        dash = ' stroke-dasharray="5 3"' if leg.crosses_district else ""
        yield f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{dash}/>'
    for code, (x, y) in dots.items():
        own = ground.sites[ground.at[code]].placed == "own"
        inside, rim = (colour, "#ffffff") if own else ("#ffffff", colour)
        yield _circle(x, y, size, fill=inside, stroke=rim, width=1.2)
        if code in cluster.pinned:
            yield _circle(x, y, size * 1.9, stroke="#111111")
    yield "</g>"


def _dots(frame: Frame, ground: Map, cluster: Cluster) -> dict[str, tuple[float, float]]:
    sites = [site for site in map(ground.site, cluster.members) if site is not None]
    return {site.code: frame.at(site.latitude, site.longitude) for site in sites}


def _label(frame: Frame, ground: Map, cluster: Cluster, colour: str, labels: Labels) -> str:
    dots = list(_dots(frame, ground, cluster).values())
    words = cluster.cluster.rpartition("-")[2].lstrip("0") or cluster.cluster
    words += "!" if cluster.exception is not None else ""
    x, y = labels.place(sum(d[0] for d in dots) / len(dots), sum(d[1] for d in dots) / len(dots), words)
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="11.5" font-weight="700" text-anchor="middle" fill="{colour}" '
        f'stroke="#ffffff" stroke-width="3" paint-order="stroke">{escape(words)}</text>'
    )


def _loose(frame: Frame, ground: Map, clusters: Sequence[Cluster], size: float) -> Iterator[str]:
    """Centers that are in no cluster."""
    taken = {code for cluster in clusters for code in cluster.members}
    for site in ground.sites:
        if site.code not in taken:
            x, y = frame.at(site.latitude, site.longitude)
            words = f"<title>{escape(site.code)} {escape(site.name)}</title>"
            yield _cross(x, y, size).replace("/>", f">{words}</path>")


def _districts(frame: Frame, ground: Map, names: Mapping[str, str]) -> Iterator[str]:
    """Names of districts, pale, at the middle of their centers."""
    found: dict[str, list[tuple[float, float]]] = {}
    for site in ground.sites:
        found.setdefault(site.district, []).append(frame.at(site.latitude, site.longitude))
    for code, dots in sorted(found.items()):
        x, y = sum(d[0] for d in dots) / len(dots), sum(d[1] for d in dots) / len(dots)
        x = min(max(x, SIDE + 60), frame.width - SIDE - 60)
        yield _text(x, y, names.get(code, code), 19, anchor="middle", fill="#c3c7cc")


def _scale(frame: Frame) -> list[str]:
    km = max([step for step in _STEPS if step * frame.dots_per_km <= frame.width / 4] or [_STEPS[0]])
    x, y, long = SIDE, frame.height - 56, km * frame.dots_per_km
    note = "ระยะทางตรง ทิศเหนืออยู่ด้านบน  /  straight distances, north is up"
    return [
        f'<path d="M{x} {y - 5}v5h{long:.1f}v-5" fill="none" stroke="#222222" stroke-width="1.6"/>',
        _text(x + long + 8, y + 2, f"{km} กม.", 14),
        _text(x, frame.height - 24, note, 12, fill="#555555"),
    ]


def _legend(frame: Frame) -> list[str]:
    x, y = frame.width - SIDE - 318, frame.height - 74
    grey, right = "#444444", x + 160
    number = f'<text x="{x + 8}" y="{y + 62}" font-size="12" font-weight="700" text-anchor="middle" fill="{grey}">'
    rows = [
        (_circle(x + 8, y, 4.5, fill=grey), x, 0, "ศูนย์"),
        (_circle(right + 8, y, 4.5, fill="#ffffff", stroke=grey, width=1.2), right, 0, "ศูนย์ที่ใช้พิกัดสมมุติ"),
        (_dash(x - 1, y + 19, grey), x, 19, "ทางสั้นที่สุดในกลุ่ม"),
        (_dash(right - 1, y + 19, grey, "5 3"), right, 19, "ข้ามเขตอำเภอ"),
        (_circle(x + 8, y + 38, 4, fill=grey) + _circle(x + 8, y + 38, 7.5, stroke="#111111"), x, 38, "ปักหมุดไว้"),
        (_cross(right + 8, y + 38, 4), right, 38, "ยังไม่มีกลุ่ม"),
        (f"{number}12!</text>", x, 57, "เลขกลุ่ม  ! คือกลุ่มที่ไม่ใช่ 3–4 ศูนย์"),
    ]
    return [piece for mark, at, dy, words in rows for piece in (mark, _text(at + 24, y + dy + 4.5, words, 13))]


def _circle(x: float, y: float, size: float, *, fill: str = "none", stroke: str = "none", width: float = 1.3) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{fill}" stroke="{stroke}" stroke-width="{width}"/>'


def _cross(x: float, y: float, size: float) -> str:
    long = f"{2 * size:.1f}"
    start = f"M{x - size:.1f} {y - size:.1f}l{long} {long}m0 -{long}l-{long} {long}"
    return f'<path d="{start}" stroke="#555555" stroke-width="1.6"/>'


def _dash(x: float, y: float, colour: str, pattern: str = "none") -> str:
    return f'<path d="M{x} {y}h20" stroke="{colour}" stroke-width="1.8" stroke-dasharray="{pattern}"/>'


def _colours(clusters: Sequence[Cluster], ground: Map) -> dict[str, str]:
    """Each cluster another colour than its nearest ones, as far as the colours go."""
    middles = {}
    for cluster in clusters:
        sites = [ground.sites[ground.at[code]] for code in cluster.members if code in ground.at]
        middles[cluster.cluster] = (
            sum(site.latitude for site in sites) / len(sites),
            sum(site.longitude for site in sites) / len(sites),
        )
    chosen: dict[str, str] = {}
    for name, here in sorted(middles.items()):
        near = sorted(chosen, key=lambda other: math.dist(here, middles[other]))
        ranks = {colour: len(near) for colour in COLOURS}
        for rank, other in reversed(list(enumerate(near))):
            ranks[chosen[other]] = rank
        chosen[name] = max(COLOURS, key=lambda colour: ranks[colour])
    return chosen


def _hull(dots: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The convex hull of a few dots."""
    middle = sum(x for x, _ in dots) / len(dots), sum(y for _, y in dots) / len(dots)
    around = sorted(dots, key=lambda dot: math.atan2(dot[1] - middle[1], dot[0] - middle[0]))
    if len(around) <= 3:  # noqa: PLR2004
        return around
    turns = [
        (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
        for a, b, c in zip([around[-1], *around[:-1]], around, [*around[1:], around[0]], strict=True)
    ]
    return [dot for dot, turn in zip(around, turns, strict=True) if turn >= 0]


def _text(x: float, y: float, words: str, size: float, *, anchor: str = "start", fill: str = "#222222") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
    return f'<text {place} fill="{fill}">{escape(words)}</text>'


def _sheet(width: float, height: float, title: str, subtitle: str, parts: Sequence[str]) -> str:
    families = "SarabunMap,Sarabun,'TH Sarabun New','Noto Sans Thai',sans-serif"
    letters = face(title + subtitle + "".join(parts))
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} lang="th" role="img" aria-label="{escape(title)}">',
            f"<style>{letters}text{{font-family:{families}}}</style>",
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
            *parts,
            _text(SIDE, 44, title, 26).replace("<text", '<text font-weight="700"', 1),
            _text(SIDE, 68, subtitle, 15, fill="#444444"),
            "</svg>\n",
        ]
    )
