"""A cluster of a round as it stands, and what it says of itself. Pure."""

from enum import StrEnum
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contracts.events import Path

FEWEST: Final = 3
MOST: Final = 4
"""Centers in a cluster, as the letters order it: three or four."""


class Reason(StrEnum):
    """Why these centers stand together, and what else one should know. The words are part of the event."""

    SAME_SUBDISTRICT = "same_subdistrict"
    SAME_LAO = "same_lao"
    SAME_DISTRICT = "same_district"
    NEAREST_NEIGHBOURS = "nearest_neighbours"
    CROSSES_DISTRICT = "crosses_district"
    CROSSES_LAO = "crosses_lao"
    POSITION_ASSUMED = "position_assumed"
    LEAST_TRAVEL = "least_travel"
    PINNED = "pinned"
    BY_HAND = "by_hand"
    VISITED = "visited"


Oddity = Literal["one_left", "two_left", "five_left", "pins_leave_too_few", "by_hand"]
"""Why a cluster may have other than three or four members."""


class Cluster(BaseModel):
    """Centers that are visited together. `path` is of codes from the department to the province.

    `touches` are the codes of all organizations above its members. A dissolved one has no members and keeps its id.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    round: str
    cluster: str
    path: Path
    members: tuple[str, ...]
    pinned: tuple[str, ...] = ()
    visited_at: AwareDatetime | None = None
    span_km: float = 0.0
    reasons: tuple[Reason, ...] = ()
    exception: Oddity | None = None
    note: str | None = None
    by_hand: bool = False
    plan: str | None = None
    touches: tuple[str, ...] = ()
    state: Literal["active", "dissolved"] = "active"
    revision: int = 1

    @property
    def key(self) -> str:
        return cluster_key(self.round, self.cluster)

    @property
    def province(self) -> str:
        return self.path[-1]

    @property
    def frozen(self) -> bool:
        """Whether a new plan leaves it as it is: it was visited, or every member is pinned."""
        return self.visited_at is not None or (bool(self.members) and set(self.pinned) >= set(self.members))

    def dissolved(self) -> "Cluster":
        """What is left of it in the record."""
        return Cluster(
            round=self.round, cluster=self.cluster, path=self.path, members=(), state="dissolved",
            revision=self.revision, touches=self.touches,
        )  # fmt: skip


def cluster_key(round_id: str, cluster: str) -> str:
    """The id of a cluster's document and the key of its event: `round/cluster`."""
    return f"{round_id}/{cluster}"
