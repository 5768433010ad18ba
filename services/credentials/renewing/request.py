"""What one person asks about a credential and another decides."""

from typing import Literal

from shared.contracts.events import RenewalKind, RenewalReason
from shared.security.approval import TwoPersonRequest
from shared.security.principals import Role


class Renewal(TwoPersonRequest):
    """A request about one credential, kept in its record: what it asks and what it changes are one write.

    `kind` is rotate, revoke or reissue, `subject` the record's id, `reason` a code. `turn` is the credential's when it
    was asked: one that has turned since is another matter. `source` is where a rotated secret comes from.
    """

    kind: RenewalKind
    reason: RenewalReason
    asked_org: str
    turn: int
    source: Literal["generated", "batch"] = "generated"
    decided_role: Role | None = None
    decided_org: str | None = None
