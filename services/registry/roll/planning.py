"""What a roll changes in the tree of organizations and among the centers. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, Literal, TypeVar

from services.registry.domain import Center, Entry, Organization, order_of
from services.registry.roll.findings import Reason
from services.registry.roll.headers import Field
from services.registry.roll.offices import fuller, lao_key
from services.registry.roll.places import district_name, province_name
from services.registry.tree.history import dated
from shared.security.scope import DEPARTMENT_CODE

DEPARTMENT_NAME = "กรมส่งเสริมการปกครองท้องถิ่น"

S = TypeVar("S")
_Kind = Literal["department", "province", "district", "lao"]


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """What a node was (None: not there) and what it becomes."""

    before: S | None
    after: S


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that only the registry knows to be wrong: it changes nothing."""

    entry: Entry
    field: Field
    value: str
    reason: Reason
    suggestion: str | None


@dataclass(frozen=True, slots=True)
class RollPlan:
    """What entries of a roll change: organizations from the top of the tree down, then centers.

    `unchanged` counts the centers that are known already as the roll says.
    """

    organizations: tuple[Change[Organization], ...]
    centers: tuple[Change[Center], ...]
    unchanged: int
    refused: tuple[Refused, ...] = ()


def plan_roll(
    round_id: str,
    entries: Iterable[Entry],
    organizations: Mapping[str, Organization],
    centers: Mapping[str, Center],
    on: date,
    *,
    alone: bool = False,
) -> RollPlan:
    """Compare entries of a roll with what is known. What changes is dated `on`.

    An entry adds and changes; an empty cell takes nothing away. `centers` holds those of the entries and of
    `with_zeros` that exist, `organizations` those of `codes_of`. Entries that come `alone`, not as a roll, change
    nothing of an LAO: one that says its name or address otherwise contradicts what is known.
    """
    tree = _Tree(organizations, on)
    changed: list[Change[Center]] = []
    refused: list[Refused] = []
    unchanged = 0
    for entry in entries:
        before = centers.get(entry.code)
        refusal = _refusal(entry, organizations, centers)
        if refusal is None and alone:
            refusal = _contradiction(entry, tree.known(entry.lao_code))
        if refusal:
            refused.append(refusal)
            continue
        lao = tree.lao(entry)
        after = _center(entry, lao, round_id, before, on)
        if after == before:
            unchanged += 1
        else:
            changed.append(Change(before, after))
    return RollPlan(tree.changes(), tuple(changed), unchanged, tuple(refused))


def plan_leaving(round_id: str, centers: Iterable[Center]) -> tuple[Change[Center], ...]:
    """Take centers off a round's roll. They stay what they are, and on the rolls of other rounds."""
    return tuple(
        Change(center, center.model_copy(update={"rounds": tuple(r for r in center.rounds if r != round_id)}))
        for center in centers
        if round_id in center.rounds
    )


_LONGEST_CODE: Final = 13
"""Digits: the longest number an office gives to a place or a person."""


def with_zeros(code: str) -> list[str]:
    """Codes that a spreadsheet may have made this one of, by taking the zeros before it for nothing."""
    if not (code.isascii() and code.isdigit()) or code.startswith("0"):
        return []
    return [code.zfill(length) for length in range(len(code) + 1, _LONGEST_CODE + 1)]


def _refusal(entry: Entry, organizations: Mapping[str, Organization], centers: Mapping[str, Center]) -> Refused | None:
    """A closed center or LAO is never opened again by a roll; a code that lost its zeros is no new center."""
    center, lao = centers.get(entry.code), organizations.get(entry.lao_code)
    if center is not None and center.state == "closed":
        return Refused(entry, "code", entry.code, Reason.CENTER_CLOSED, center.successor)
    if lao is not None and lao.state == "closed":
        return Refused(entry, "lao_code", entry.lao_code, Reason.LAO_CLOSED, lao.successor)
    district = organizations.get(entry.lao_code[1:5])
    if lao is None and district is not None and district.state == "closed":
        return Refused(entry, "district", district.name, Reason.UNKNOWN_DISTRICT, district.successor)
    if center is None:
        for code in with_zeros(entry.code):
            known = centers.get(code)
            if known is not None and (known.lao == entry.lao_code or known.name == entry.name):
                return Refused(entry, "code", entry.code, Reason.LOST_ZEROS, code)
    return None


def _contradiction(entry: Entry, lao: Organization | None) -> Refused | None:
    if lao is None:
        return None
    if lao_key(lao.name) != lao_key(entry.lao_name):
        return Refused(entry, "lao_name", entry.lao_name, Reason.LAO_CONTRADICTS_ITSELF, lao.name)
    if entry.lao_email and lao.email and entry.lao_email != lao.email:
        return Refused(entry, "lao_email", entry.lao_email, Reason.LAO_CONTRADICTS_ITSELF, None)
    return None


def codes_of(entries: Iterable[Entry]) -> tuple[set[str], set[str]]:
    """The codes of the organizations and of the centers that entries touch or may be mistaken for."""
    organizations: set[str] = set()
    centers: set[str] = set()
    for entry in entries:
        organizations.update(_path(entry.lao_code))
        centers.add(entry.code)
        centers.update(with_zeros(entry.code))
    return organizations, centers


def _path(lao_code: str) -> tuple[str, str, str, str]:
    """From the department down: an LAO's code names its province and its district."""
    return DEPARTMENT_CODE, lao_code[1:3], lao_code[1:5], lao_code


class _Tree:
    """The nodes a roll names, each built once: what is known, changed by what the roll says."""

    def __init__(self, organizations: Mapping[str, Organization], on: date) -> None:
        self._known, self._on = organizations, on
        self._nodes: dict[str, Organization] = {}

    def lao(self, entry: Entry) -> Organization:
        """The LAO of an entry, with everything above it."""
        node = self._nodes.get(entry.lao_code)
        node = self._grow(entry) if node is None else _named(node, entry.lao_name, node.email or entry.lao_email)
        self._nodes[entry.lao_code] = node
        return node

    def known(self, code: str) -> Organization | None:
        """A node as it is known, or as an entry before has made it."""
        return self._nodes.get(code) or self._known.get(code)

    def changes(self) -> tuple[Change[Organization], ...]:
        """What differs from what is known, parents before children."""
        found = (
            Change(before, dated(before, node, self._on))
            for before, node in ((self._known.get(code), node) for code, node in self._nodes.items())
        )
        return tuple(
            sorted((each for each in found if each.before != each.after), key=lambda each: len(each.after.path))
        )

    def _grow(self, entry: Entry) -> Organization:
        known = self._known.get(entry.lao_code)
        if known is not None:
            # Where it hangs is the tree's own knowledge: an LAO keeps its code when it moves to another district.
            return _named(known, entry.lao_name, entry.lao_email)
        department, province, district, _ = _path(entry.lao_code)
        root = self._node("department", department, DEPARTMENT_NAME, None)
        above = self._node("province", province, f"จังหวัด{province_name(province)}", root)
        parent = self._node("district", district, f"อำเภอ{district_name(district)}", above)
        return _new("lao", entry.lao_code, entry.lao_name, parent, entry.lao_email)

    def _node(self, kind: _Kind, code: str, name: str, parent: Organization | None) -> Organization:
        """A node above LAOs. It may bear another name than the gazetteer's by now: the tree's own knowledge stands."""
        node = self._nodes.get(code) or self._known.get(code) or _new(kind, code, name, parent)
        self._nodes[code] = node
        return node


def _new(kind: _Kind, code: str, name: str, parent: Organization | None, email: str | None = None) -> Organization:
    return Organization(
        code=code,
        kind=kind,
        name=name,
        parent=parent.code if parent else None,
        path=(*parent.path, code) if parent else (code,),
        email=email,
        order=order_of(name, code),
    )


def _named(before: Organization, name: str, email: str | None) -> Organization:
    """The LAO under the roll's name and address. Another way to write the same name says nothing new, unless it says
    more.
    """
    kept = fuller(before.name, name) if lao_key(before.name) == lao_key(name) else name
    email = email or before.email
    if (kept, email) == (before.name, before.email):
        return before
    return before.model_copy(update={"name": kept, "email": email, "order": order_of(kept, before.code)})


def _center(entry: Entry, lao: Organization, round_id: str, before: Center | None, on: date) -> Center:
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
    return dated(before, before.model_copy(update=said | kept), on)
