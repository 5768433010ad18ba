"""What a round holds beside its dates: requests for more time, documents, and the snapshot of its opening. Pure."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contracts.events import Path
from shared.security.approval import TwoPersonRequest

DocumentKind = Literal["manual", "letter", "form", "other"]


class State(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ExtensionRequest(TwoPersonRequest):
    """A later deadline for an organization's subtree or for one center, asked for by one person for another to approve.

    `path` ends with the organization; for a center, with its LAO. `*_org` are the offices of the two persons.
    """

    organization: str
    path: Path
    deadline: AwareDatetime
    asked_org: str
    decided_org: str | None = None


class CarriedExtension(State):
    """An approved extension that also holds elsewhere: a merge or a move never takes promised time away."""

    organization: str
    request: str


class RoundDocument(State):
    """A manual or a letter of the round, in the object store under a key of its own."""

    id: str
    kind: DocumentKind
    name: str
    media_type: str
    size: int
    sha256: str
    key: str
    version: str | None
    added_at: AwareDatetime
    added_org: str


class Snapshot(State):
    """The tree and the obligations at the opening, frozen as one object; `sha256` is of its bytes."""

    key: str
    version: str | None
    sha256: str
    size: int
    organizations: int
    centers: int
    taken_at: AwareDatetime
