"""Who may give which order, and what an order about a round's roll needs. Pure.

The tree is the department's: municipalities are made and merged by the ministry's announcements. What a province sees
first it may order itself: its centers, as long as all that is named lies in it, and the names of its LAOs.
"""

from collections.abc import Collection

from services.registry.domain import Center, Organization, Round
from services.registry.tree.orders import About, Add, Refused, Remove, Rename, Words
from services.registry.tree.rules import Nodes
from shared.security.principals import Principal, Role
from shared.security.scope import DEPARTMENT_CODE

NATIONAL = frozenset({Role.DEPARTMENT, Role.OPERATOR})


def may_order(by: Principal, about: About, words: Words, named: Collection[Organization | Center]) -> bool:
    """Whether a person may give an order that names these nodes."""
    if by.role in NATIONAL:
        return True
    if by.role is not Role.PROVINCE or by.org == DEPARTMENT_CODE:
        return False
    inside = bool(named) and all(by.org in node.path for node in named)
    if about == "center":
        return inside
    lao = all(isinstance(node, Organization) and node.kind == "lao" for node in named)
    return about == "organization" and isinstance(words, Rename) and inside and lao


def check_roll(words: Add | Remove, state: Round | None, round_id: str, nodes: Nodes) -> Refused | None:
    """Why centers cannot join or leave the roll of a round after its opening; None where they can."""
    if state is None:
        return Refused(fault="round_unknown", code=round_id)
    if state.state != "open":
        return Refused(fault="round_not_open", code=round_id, said=state.state)
    for code in words.centers:
        center = nodes.get(code)
        if not isinstance(center, Center):
            return Refused(fault="node_unknown", code=code)
        if center.state == "closed":
            return Refused(fault="node_closed", code=code, said=center.successor or "")
    if all(already(words, nodes[code], round_id) for code in words.centers):
        return Refused(fault="nothing_to_do", code=words.centers[0])
    return None


def already(words: Add | Remove, center: Organization | Center, round_id: str) -> bool:
    """Whether a center stands on the roll, or not, as the order wants it."""
    listed = isinstance(center, Center) and round_id in center.rounds
    return listed == isinstance(words, Add)
