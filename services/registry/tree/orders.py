"""An order to change the tree or a round's roll: who ordered what from which day, why, and how far it has come. Pure.

An order is decided once, when it is given, and again when its day comes; then it is carried out in steps that may be
repeated. The same order given twice is one order: its id follows from its words and from the order before it.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.registry.domain import CivilDate
from shared.contracts.events import Path
from shared.security.principals import Principal, Role

OrderState = Literal["waiting", "running", "done", "refused", "cancelled"]
"""`waiting` for its day or its turn; `running` once its first step may have been taken: from then on it ends `done`."""
About = Literal["organization", "center", "round"]


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Rename(_Words):
    """The node bears another name."""

    kind: Literal["rename"] = "rename"
    name: str


class Move(_Words):
    """The node hangs under another parent, with all that is below it."""

    kind: Literal["move"] = "move"
    to: str


class Merge(_Words):
    """The sources are closed and carried on by the order's subject: what hung under them, what they owed and held."""

    kind: Literal["merge"] = "merge"
    sources: tuple[str, ...]


class Split(_Words):
    """A new organization beside the subject takes over these of its children."""

    kind: Literal["split"] = "split"
    code: str
    name: str
    email: str | None = None
    children: tuple[str, ...]


class Close(_Words):
    """The node ends without a successor."""

    kind: Literal["close"] = "close"


class OpenOrganization(_Words):
    """A new organization, of this kind, under this parent."""

    kind: Literal["open_organization"] = "open_organization"
    level: Literal["province", "district", "lao"]
    name: str
    parent: str
    email: str | None = None


class OpenCenter(_Words):
    """A new center under this LAO."""

    kind: Literal["open_center"] = "open_center"
    name: str
    lao: str
    subdistrict: str
    latitude: float | None = None
    longitude: float | None = None
    email: str | None = None


class Add(_Words):
    """These centers join the roll of a round that is open."""

    kind: Literal["add"] = "add"
    centers: tuple[str, ...]


class Remove(_Words):
    """These centers leave the roll of a round that is open."""

    kind: Literal["remove"] = "remove"
    centers: tuple[str, ...]


Words = Annotated[
    Rename | Move | Merge | Split | Close | OpenOrganization | OpenCenter | Add | Remove, Field(discriminator="kind")
]

Fault = Literal[
    "node_unknown",
    "node_closed",
    "code_taken",
    "code_retired",
    "nothing_to_do",
    "too_early",
    "too_late",
    "wrong_parent",
    "kinds_differ",
    "same_node",
    "not_its_child",
    "not_empty",
    "outside",
    "round_unknown",
    "round_not_open",
]


class Refused(_Words):
    """Why an order is not carried out: `code` is the node at fault, `said` what more there is to say of it."""

    fault: Fault
    code: str
    said: str = ""


class Touched(_Words):
    """How many were written in carrying an order out; steps repeated after a crash may count twice."""

    organizations: int = 0
    centers: int = 0
    obligations: int = 0

    def __add__(self, other: "Touched") -> "Touched":
        return Touched(
            organizations=self.organizations + other.organizations,
            centers=self.centers + other.centers,
            obligations=self.obligations + other.obligations,
        )


class Order(_Words):
    """One order. `path` is where its subject hung when it was given: who stands above may read it."""

    id: str
    about: About
    subject: str
    words: Words
    effective: CivilDate
    reason: str
    path: Path
    ordered_by: str
    role: Role
    org: str
    ordered_at: AwareDatetime
    state: OrderState = "waiting"
    refusal: Refused | None = None
    touched: Touched = Touched()
    ended_at: AwareDatetime | None = None
    traceparent: str | None = None


def order_id(about: About, subject: str, words: BaseModel, effective: date, before: str | None) -> str:
    """128 bits in hex: the same words about the same subject, after the same order before, are the same order."""
    said: dict[str, Any] = words.model_dump(mode="json")
    parts: Sequence[object] = (about, subject, sorted(said.items(), key=str), effective.isoformat(), before or "")
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


def same_words(order: Order, subject: str, words: BaseModel, effective: date) -> bool:
    """Whether an order says just this."""
    return (order.subject, order.words, order.effective) == (subject, words, effective)


def given(
    about: About,
    subject: str,
    words: Words,
    *,
    effective: date,
    reason: str,
    path: Sequence[str],
    by: Principal,
    before: str | None,
    now: AwareDatetime,
    traceparent: str | None = None,
) -> Order:
    """A new order that waits for its day. `before` is the order that the subject last followed."""
    return Order(
        id=order_id(about, subject, words, effective, before),
        about=about,
        subject=subject,
        words=words,
        effective=effective,
        reason=reason,
        path=tuple(path),
        ordered_by=by.subject,
        role=by.role,
        org=by.org,
        ordered_at=now,
        traceparent=traceparent,
    )
