"""What the registry tells: organizations, centers, rounds and obligations, in whole states."""

from typing import Literal

from pydantic import AwareDatetime

from shared.contracts.base import EventData, Path


class OrganizationChanged(EventData):
    """The whole state of a node of the tree (หน่วยงาน).

    `successor` is the code of the organization that carries on for a closed one that was merged; what was held or owed
    by the closed one is the successor's from then on. A successor may itself be merged later.
    """

    code: str
    kind: Literal["department", "province", "district", "lao"]
    name: str
    parent: str | None
    path: Path
    email: str | None = None
    state: Literal["active", "closed"] = "active"
    successor: str | None = None


class CenterChanged(EventData):
    """The whole state of a child development center (ศพด.).

    `subdistrict` is a DOPA code of 6 digits; degrees are WGS 84; `last_assessed` is a Buddhist Era year. `successor`
    is the code of the center that a closed one was merged into, as for an organization.
    """

    code: str
    name: str
    lao: str
    path: Path
    subdistrict: str
    latitude: float | None = None
    longitude: float | None = None
    email: str | None = None
    last_assessed: int | None = None
    state: Literal["active", "closed"] = "active"
    successor: str | None = None


class Extension(EventData):
    """A later deadline for one organization's subtree."""

    organization: str
    deadline: AwareDatetime


class RoundChanged(EventData):
    """The whole state of a round (รอบการประเมิน). Years are Buddhist Era; grace is in minutes."""

    round: str
    fiscal_year: int
    academic_year: int
    deadline: AwareDatetime
    grace_minutes: int
    state: Literal["draft", "open", "closed"]
    extensions: tuple[Extension, ...] = ()
    obligations: int = 0


class ObligationChanged(EventData):
    """That a center owes its SAR in a round (`owed`), or no longer.

    `successor` is the code of the center that owes it instead, where a merge released this one.
    """

    round: str
    center: str
    lao: str
    path: Path
    owed: bool
    successor: str | None = None
