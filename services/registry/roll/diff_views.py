"""What a roll changes, as an answer tells it."""

from pydantic import BaseModel, Field

from services.registry.roll.diff import OF_CENTERS, Changed, Kind
from services.registry.roll.importing import Compared
from services.registry.roll.lines import place_of
from services.registry.roll.spool import Spool

MOST_CHANGES = 200
"""Of one kind in one answer; counts are complete, and the XLSX report has all."""


class Changes(BaseModel):
    """What the roll changed, or would change."""

    organizations_added: int
    organizations_changed: int
    centers_added: int
    centers_changed: int
    centers_moved: int = Field(description="of those changed: to another LAO")
    centers_unchanged: int
    listed: int = Field(description="centers that joined the round's roll")
    absent: int = Field(description="centers on the round's roll that the file does not name")
    removed: int = Field(description="of those, how many left the roll; `gone` says why others stay")
    obligations: int = Field(description="new ones; a draft round obliges nobody yet")


class ChangeView(BaseModel):
    """One node that changes. `was` and `becomes` are LAOs of a move, names of a renaming, fields of a change."""

    code: str
    name: str
    sheet: str | None = None
    row: int | None = None
    was: str | None = None
    becomes: str | None = None

    @classmethod
    def of(cls, changed: Changed, spool: Spool) -> "ChangeView":
        place = None if changed.at is None else place_of(changed.at)
        return cls(
            code=changed.code,
            name=changed.name,
            sheet=spool.sheet_name(place.sheet) if place else None,
            row=place.line if place else None,
            was=changed.was,
            becomes=changed.becomes,
        )


class ChangeList(BaseModel):
    """Changes of one kind by code: how many, the first of them, and how many of them are not listed here."""

    count: int
    first: list[ChangeView]
    left_off: int


class Diff(BaseModel):
    """The roll as a difference: what is new, what moves from where to where, what is gone."""

    added: ChangeList
    moved: ChangeList
    listed: ChangeList = Field(description="known centers that join the round's roll")
    changed: ChangeList
    gone: ChangeList
    organizations_added: ChangeList
    organizations_renamed: ChangeList

    @classmethod
    def of(cls, spool: Spool) -> "Diff":
        counts = spool.count_changes()

        def some(kind: Kind) -> ChangeList:
            first = [ChangeView.of(each, spool) for each in spool.changed(kind, MOST_CHANGES)]
            count = counts.get(kind, 0)
            return ChangeList(count=count, first=first, left_off=count - len(first))

        return cls(
            added=some("added"),
            moved=some("moved"),
            listed=some("listed"),
            changed=some("changed"),
            gone=some("gone"),
            organizations_added=some("organization_added"),
            organizations_renamed=some("organization_renamed"),
        )


def changes_of(spool: Spool, compared: Compared) -> Changes:
    """The changes, counted."""
    counts = spool.count_changes()
    added = counts.get("added", 0)
    return Changes(
        organizations_added=counts.get("organization_added", 0),
        organizations_changed=counts.get("organization_renamed", 0) + counts.get("organization_changed", 0),
        centers_added=added,
        centers_changed=spool.count_changed(OF_CENTERS) - added,
        centers_moved=counts.get("moved", 0),
        centers_unchanged=compared.unchanged,
        listed=added + counts.get("listed", 0),
        absent=compared.loss.gone,
        removed=compared.loss.gone if compared.gone == "leave" else 0,
        obligations=compared.obligations,
    )
