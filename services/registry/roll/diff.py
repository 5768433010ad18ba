"""What a roll changes, as a person reads it: added, moved from and to, changed in which fields, gone. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from services.registry.domain import Center, Organization
from services.registry.roll.planning import Change, RollPlan

Kind = Literal[
    "organization_added",
    "organization_renamed",
    "organization_changed",
    "added",
    "moved",
    "listed",
    "changed",
    "gone",
    "agreed",
]
"""`listed`: known, and new on the round's roll. `changed`: in the fields that `becomes` names. `gone`: on the round's
roll, and not in the file. `agreed`: of those, a second person knew.
"""
OF_CENTERS: Final[tuple[Kind, ...]] = ("added", "moved", "listed", "changed")
_FIELDS: Final = ("name", "subdistrict", "latitude", "longitude", "email", "last_assessed")


class Changed(NamedTuple):
    """One thing that changes of one node. `was` and `becomes` are what a reader needs of before and after; `at` is the
    number of the row in the file.
    """

    kind: Kind
    code: str
    name: str
    at: int | None = None
    was: str | None = None
    becomes: str | None = None


def changes_of(plan: RollPlan, organizations: Mapping[str, Organization], rows: Mapping[str, int]) -> Iterator[Changed]:
    """What a plan changes. `organizations` are those known before, `rows` the numbers of the centers' rows."""
    names = {code: node.name for code, node in organizations.items()}
    for change in plan.organizations:
        node = change.after
        names[node.code] = node.name
        if change.before is None:
            yield Changed("organization_added", node.code, node.name)
        elif change.before.name != node.name:
            yield Changed("organization_renamed", node.code, node.name, None, change.before.name, node.name)
        else:
            yield Changed("organization_changed", node.code, node.name)
    for each in plan.centers:
        for changed in _center_changes(each, names):
            yield changed._replace(at=rows.get(each.after.code))


def _center_changes(change: Change[Center], names: Mapping[str, str]) -> Iterator[Changed]:
    before, after = change.before, change.after
    if before is None:
        yield Changed("added", after.code, after.name, becomes=_office(after.lao, names))
        return
    if before.lao != after.lao:
        was, becomes = _office(before.lao, names), _office(after.lao, names)
        yield Changed("moved", after.code, after.name, was=was, becomes=becomes)
    if before.rounds != after.rounds:
        yield Changed("listed", after.code, after.name)
    fields = [name for name in _FIELDS if getattr(before, name) != getattr(after, name)]
    if fields:
        yield Changed("changed", after.code, after.name, was=before.name, becomes=" ".join(fields))


def _office(code: str, names: Mapping[str, str]) -> str:
    return f"{code} {names.get(code, '')}".rstrip()
