"""What a roll changes in the tree of organizations and among the centers. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from services.registry.domain import Center, Entry, Organization, order_of
from services.registry.roll.places import district_name, province_name
from shared.security.scope import DEPARTMENT_CODE

DEPARTMENT_NAME = "กรมส่งเสริมการปกครองท้องถิ่น"

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """What a node was (None: not there) and what it becomes."""

    before: S | None
    after: S


@dataclass(frozen=True, slots=True)
class RollPlan:
    """What a roll changes: organizations from the top of the tree down, then centers.

    `unchanged` counts the centers of the roll that are known already as it says. `retired` are the entries that name a
    center or an LAO that was closed: they change nothing.
    """

    organizations: tuple[Change[Organization], ...]
    centers: tuple[Change[Center], ...]
    unchanged: int
    retired: tuple[Entry, ...] = ()

    @property
    def added(self) -> int:
        """Centers nobody knew before."""
        return sum(1 for change in self.centers if change.before is None)

    @property
    def moved(self) -> int:
        """Centers that have another parent LAO now."""
        return sum(1 for change in self.centers if change.before and change.before.lao != change.after.lao)

    @property
    def joining(self) -> int:
        """Centers, new or known, that were not on the round's roll."""
        return sum(1 for change in self.centers if not change.before or change.before.rounds != change.after.rounds)

    @property
    def already_listed(self) -> int:
        """Centers of the roll that stood on the round's roll before."""
        return self.unchanged + len(self.centers) - self.joining


def plan_roll(
    round_id: str,
    entries: Iterable[Entry],
    organizations: Mapping[str, Organization],
    centers: Mapping[str, Center],
) -> RollPlan:
    """Compare a roll with what is known.

    A roll adds and changes; what it does not name stays as it is, and an empty cell takes nothing away.
    """
    tree = _Tree(organizations)
    changed: list[Change[Center]] = []
    retired: list[Entry] = []
    unchanged = 0
    for entry in entries:
        before, known_lao = centers.get(entry.code), organizations.get(entry.lao_code)
        if any(node is not None and node.state == "closed" for node in (before, known_lao)):
            retired.append(entry)
            continue
        lao = tree.lao(entry)
        after = _center(entry, lao, round_id, before)
        if after == before:
            unchanged += 1
        else:
            changed.append(Change(before, after))
    return RollPlan(tree.changes(), tuple(changed), unchanged, tuple(retired))


def codes_of(entries: Iterable[Entry]) -> tuple[set[str], set[str]]:
    """The codes of the organizations and of the centers that a roll touches."""
    organizations: set[str] = set()
    centers: set[str] = set()
    for entry in entries:
        organizations.update(_path(entry.lao_code))
        centers.add(entry.code)
    return organizations, centers


def _path(lao_code: str) -> tuple[str, str, str, str]:
    """From the department down: an LAO's code names its province and its district."""
    return DEPARTMENT_CODE, lao_code[1:3], lao_code[1:5], lao_code


class _Tree:
    """The nodes a roll names, each built once: what is known, changed by what the roll says."""

    def __init__(self, known: Mapping[str, Organization]) -> None:
        self._known = known
        self._nodes: dict[str, Organization] = {}

    def lao(self, entry: Entry) -> Organization:
        """The LAO of an entry, with everything above it."""
        node = self._nodes.get(entry.lao_code)
        if node is None:
            node = self._grow(entry)
        elif entry.lao_email and not node.email:
            node = node.model_copy(update={"email": entry.lao_email})
        self._nodes[entry.lao_code] = node
        return node

    def changes(self) -> tuple[Change[Organization], ...]:
        """What differs from what is known, parents before children."""
        found = (Change(self._known.get(code), node) for code, node in self._nodes.items())
        return tuple(
            sorted((each for each in found if each.before != each.after), key=lambda each: len(each.after.path))
        )

    def _grow(self, entry: Entry) -> Organization:
        known = self._known.get(entry.lao_code)
        if known is not None:
            # Where it hangs is the tree's own knowledge: an LAO keeps its code when it moves to another district.
            return _named(known, entry.lao_name, entry.lao_email)
        department, province, district, _ = path = _path(entry.lao_code)
        if department not in self._nodes:
            self._nodes[department] = _node("department", path[:1], DEPARTMENT_NAME, self._known)
        if province not in self._nodes:
            self._nodes[province] = _node("province", path[:2], f"จังหวัด{province_name(province)}", self._known)
        if district not in self._nodes:
            self._nodes[district] = _node("district", path[:3], f"อำเภอ{district_name(district)}", self._known)
        return _node("lao", path, entry.lao_name, self._known, entry.lao_email)


def _node(
    kind: Literal["department", "province", "district", "lao"],
    path: tuple[str, ...],
    name: str,
    known: Mapping[str, Organization],
    email: str | None = None,
) -> Organization:
    code = path[-1]
    # A district may bear another name than the gazetteer's by now: the tree's own knowledge stands.
    return known.get(code) or Organization(
        code=code,
        kind=kind,
        name=name,
        parent=path[-2] if len(path) > 1 else None,
        path=path,
        email=email,
        order=order_of(name, code),
    )


def _named(before: Organization, name: str, email: str | None) -> Organization:
    return before.model_copy(
        update={"name": name, "email": email or before.email, "order": order_of(name, before.code)}
    )


def _center(entry: Entry, lao: Organization, round_id: str, before: Center | None) -> Center:
    said = {
        "name": entry.name,
        "lao": lao.code,
        "path": lao.path,
        "subdistrict": entry.subdistrict,
        "order": order_of(entry.name, entry.code),
    }
    if before is None:
        return Center(
            code=entry.code,
            latitude=entry.latitude,
            longitude=entry.longitude,
            email=entry.email,
            last_assessed=entry.last_assessed,
            rounds=(round_id,),
            **said,
        )
    kept = {
        "latitude": before.latitude if entry.latitude is None else entry.latitude,
        "longitude": before.longitude if entry.longitude is None else entry.longitude,
        "email": entry.email or before.email,
        "last_assessed": entry.last_assessed or before.last_assessed,
        "rounds": tuple(sorted({round_id, *before.rounds})),
    }
    return before.model_copy(update=said | kept)
