"""Who asks: the roles of the chain and the principal a checked token stands for."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a principal is in the chain. One token, one role."""

    DEPARTMENT = "department"
    PROVINCE = "province"
    DISTRICT = "district"
    LAO = "lao"
    CENTER = "center"
    ASSESSOR = "assessor"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    PUBLISHER = "publisher"


@dataclass(frozen=True)
class Principal:
    """A person or system whose token was checked."""

    subject: str
    """The issuer's stable identifier; never shown to other users."""
    role: Role
    org: str
    """Code of the organization; of the center for a center; the publisher's name for a publisher."""
    path: tuple[str, ...] | None = None
    """Organization codes from the department down to `org`, where the service knows them."""
