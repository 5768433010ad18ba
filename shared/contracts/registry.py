"""What the registry tells: organizations, centers, rounds and obligations, in whole states."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

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
    """A later deadline for one organization's subtree. `organization` is its code, or the code of one center."""

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

    def deadline_for(self, path: Path, center: str | None = None) -> datetime:
        """When a report is due from an organization, or from a center under `path`.

        It is the latest of the round's own deadline and of every extension above it or its own.
        """
        return max([self.deadline, *(one.deadline for one in self.extensions if one.organization in (*path, center))])


class ObligationChanged(EventData):
    """That a center owes its SAR in a round (`owed`), or no longer.

    `successor` is the code of the center that owes it instead, where a merge released this one. `cause` is what made it
    so: the roll, an order that added or removed the center after the opening, or the center's own merge or closing.
    """

    round: str
    center: str
    lao: str
    path: Path
    owed: bool
    successor: str | None = None
    cause: Literal["roll", "added", "removed", "merged", "closed"] | None = None


class ClusterChanged(EventData):
    """The whole state of a cluster (กลุ่ม): centers of one province that are visited together in a round.

    `path` is of codes from the department to the province. `pinned` are members whom no new plan takes apart. `reasons`
    say why these and what to mind: `same_subdistrict`, `same_lao`, `same_district`, `nearest_neighbours`,
    `least_travel`, `crosses_district`, `crosses_lao`, `position_assumed`, `pinned`, `by_hand`, `visited`; more may be
    added. `span_km` is the length of the shortest tree of ways between the members, as the crow flies. `exception` says
    why it has other than three or four members: `one_left`, `two_left`, `five_left`, `pins_leave_too_few`, `by_hand`.
    A dissolved cluster has no members, and its id is never another's.
    """

    round: str
    cluster: str
    path: Path
    members: tuple[str, ...]
    pinned: tuple[str, ...] = ()
    span_km: float
    reasons: tuple[str, ...] = ()
    exception: str | None = None
    visited: bool = False
    state: Literal["active", "dissolved"] = "active"


Cell = Annotated[str, Field(max_length=500)] | int | Annotated[float, Field(allow_inf_nan=False)] | None
"""A cell of a roll as it stands with its writer."""


class RollEntry(EventData):
    """One center's row of a round's roll, as another system publishes it.

    The cells are what a sheet would hold (Thai or Arabic numerals, BE or CE years, degrees WGS 84) and go through the
    rules of a sheet's rows; what must be there and is not is answered like an empty cell. An entry adds or changes a
    center and takes nothing away.
    """

    round: str = Field(min_length=1, max_length=64)
    code: Cell = None
    name: Cell = None
    lao_code: Cell = None
    lao_name: Cell = None
    lao_email: Cell = None
    subdistrict: Cell = None
    district: Cell = None
    province: Cell = None
    latitude: Cell = None
    longitude: Cell = None
    email: Cell = None
    last_assessed: Cell = None


class RollRemark(EventData):
    """One thing found in one field of an entry. `reason` is stable; the sentences say it in Thai and in English.

    `suggestion` is what was probably meant, or what a repair made of it. Never an e-mail address.
    """

    field: str
    reason: str
    message: str
    message_en: str
    suggestion: str | None = None


class RollAnswered(EventData):
    """What became of an inbound entry: `event` and `source` are the `ce_id` and `ce_source` of what was answered.

    A rejected entry changed nothing. Each event is answered once.
    """

    event: str
    source: str
    round: str
    center: str
    verdict: Literal["accepted", "repaired", "rejected"]
    remarks: tuple[RollRemark, ...] = ()
