"""The subtree rule: a principal sees and acts on its own branch of the tree and on nothing else."""

from collections.abc import Sequence
from typing import Final

from shared.security.principals import Principal, Role

DEPARTMENT_CODE: Final = "00"

_TIERS: Final = frozenset({Role.PROVINCE, Role.DISTRICT, Role.LAO})
_NATIONAL_SIGHT: Final = frozenset({Role.DEPARTMENT, Role.OPERATOR, Role.AUDITOR, Role.ASSESSOR})
_NATIONAL_HAND: Final = frozenset({Role.DEPARTMENT, Role.OPERATOR})


def may_see(principal: Principal, path: Sequence[str], center: str | None = None) -> bool:
    """Whether the principal may read what belongs to a node.

    `path` lists organization codes from the department down to the node itself (or to the parent LAO of
    `center`). Department, operator, auditor and assessor read the whole country; a province, district or
    LAO what lies under it; a center itself alone; a publisher nothing.
    """
    return principal.role in _NATIONAL_SIGHT or _within(principal, path, center)


def may_act(principal: Principal, path: Sequence[str], center: str | None = None) -> bool:
    """Whether the principal may change what belongs to a node: as `may_see`, but no auditor or assessor."""
    return principal.role in _NATIONAL_HAND or _within(principal, path, center)


def _within(principal: Principal, path: Sequence[str], center: str | None) -> bool:
    if principal.role is Role.CENTER:
        return center is not None and principal.org == center
    # A lower tier whose token names the root would otherwise see the country.
    return principal.role in _TIERS and principal.org != DEPARTMENT_CODE and principal.org in path
