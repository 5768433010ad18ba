"""Which orders the tree allows, and what each makes of a node. Pure.

A province hangs under the department, a district under a province, an LAO under a district, a center under an LAO.
A code is given once and never again; a day of effect may not lie before the last change of what it concerns.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, TypeVar

from services.registry.domain import Center, Node, Organization, order_of
from services.registry.tree.history import NotYet, as_of, dated
from services.registry.tree.orders import (
    Close,
    Merge,
    Move,
    OpenCenter,
    OpenOrganization,
    Order,
    Refused,
    Rename,
    Split,
)

N = TypeVar("N", bound=Node)

FARTHEST: Final = timedelta(days=366)
"""How far ahead an order may be given: beyond, the year was mistyped."""
PARENT_KIND: Final = {"province": "department", "district": "province", "lao": "district"}

Nodes = Mapping[str, Organization | Center]
"""The nodes an order names, by code, as far as they exist."""


def check(order: Order, nodes: Nodes, *, children: int, today: date) -> Refused | None:  # noqa: PLR0911  one line a kind
    """Why the tree does not allow an order; None where it does. `children` are the active ones of its subject."""
    if order.effective > today + FARTHEST:
        return Refused(fault="too_late", code=order.subject, said=(today + FARTHEST).isoformat())
    match order.words:
        case OpenOrganization() as words:
            return _free(order.subject, nodes) or _fits(words.level, words.parent, nodes, order)
        case OpenCenter() as words:
            return _free(order.subject, nodes) or _is_lao(words.lao, nodes, order)
        case Rename(name=name):
            return _active(order.subject, nodes, order) or _differs(nodes[order.subject].name, name, order)
        case Move(to=to):
            return _active(order.subject, nodes, order) or _may_hang(nodes[order.subject], to, nodes, order)
        case Merge(sources=sources):
            return _there(order.subject, nodes, order) or _may_merge(sources, nodes, order)
        case Split() as words:
            return _there(order.subject, nodes, order) or _may_split(words, nodes, order)
        case Close():
            return _active(order.subject, nodes, order) or _empty(order, children)
        case _:
            return None


def codes_named(order: Order) -> set[str]:  # noqa: PLR0911  one line a kind
    """Every code of a node that an order names."""
    match order.words:
        case OpenOrganization(parent=parent):
            return {order.subject, parent}
        case OpenCenter(lao=lao):
            return {order.subject, lao}
        case Move(to=to):
            return {order.subject, to}
        case Merge(sources=sources):
            return {order.subject, *sources}
        case Split(code=code, children=children):
            return {order.subject, code, *children}
        case Rename() | Close():
            return {order.subject}
        case _:
            return set(order.words.centers)


# what an order makes of a node


def opened(order: Order, parent: Organization) -> Organization | Center:
    """The new node of an order that opens one or splits one off."""
    match order.words:
        case OpenOrganization() as words:
            return _organization(order, order.subject, words.name, words.email, words.level, parent)
        case OpenCenter() as words:
            return Center(
                code=order.subject,
                name=words.name,
                lao=parent.code,
                path=parent.path,
                subdistrict=words.subdistrict,
                latitude=words.latitude,
                longitude=words.longitude,
                email=words.email,
                order=order_of(words.name, order.subject),
                valid_from=order.effective,
                change=order.id,
            )
        case _:
            raise TypeError(f"{order.words.kind} opens nothing")


def split_off(order: Order, words: Split, subject: Organization, parent: Organization) -> Organization:
    """The organization that a split makes, beside the one it is split off."""
    return _organization(order, words.code, words.name, words.email, subject.kind, parent)


def renamed(node: N, name: str, order: Order) -> N:
    """The node under its new name."""
    return _by(order, node, node.model_copy(update={"name": name, "order": order_of(name, node.code)}))


def hung(node: N, parent: Organization, order: Order) -> N:
    """The node under its new parent."""
    return _by(order, node, placed(node, parent, {"lao" if isinstance(node, Center) else "parent": parent.code}))


def placed(node: N, parent: Organization, also: Mapping[str, str] | None = None) -> N:
    """The node with the path it has under a parent that may itself have moved: no change of its own."""
    path = parent.path if isinstance(node, Center) else (*parent.path, node.code)
    return node.model_copy(update={"path": path, **(also or {})})


def closed(node: N, successor: str | None, order: Order) -> N:
    """The node closed for good."""
    return _by(order, node, node.model_copy(update={"state": "closed", "successor": successor}))


def _by(order: Order, before: N, after: N) -> N:
    return dated(before, after, order.effective, order.id)


def _organization(
    order: Order, code: str, name: str, email: str | None, kind: str, parent: Organization
) -> Organization:
    return Organization.model_validate(
        {
            "code": code,
            "kind": kind,
            "name": name,
            "parent": parent.code,
            "path": (*parent.path, code),
            "email": email,
            "order": order_of(name, code),
            "valid_from": order.effective,
            "change": order.id,
        }
    )


# why not


def _free(code: str, nodes: Nodes) -> Refused | None:
    known = nodes.get(code)
    if known is None:
        return None
    fault = "code_retired" if known.state == "closed" else "code_taken"
    return Refused.model_validate({"fault": fault, "code": code, "said": known.successor or ""})


def _there(code: str, nodes: Nodes, order: Order) -> Refused | None:
    """Why a node cannot take part in an order: it must be active, and have been there on the order's day."""
    known = nodes.get(code)
    if known is None:
        return Refused(fault="node_unknown", code=code)
    if known.state == "closed":
        return Refused(fault="node_closed", code=code, said=known.successor or "")
    then = as_of(known, order.effective)
    return Refused(fault="too_early", code=code, said=then.valid_from.isoformat()) if isinstance(then, NotYet) else None


def _active(code: str, nodes: Nodes, order: Order) -> Refused | None:
    """Why an order cannot change a node: nothing may be dated before the node's own last change."""
    if unfit := _there(code, nodes, order):
        return unfit
    since = nodes[code].valid_from
    if since is not None and order.effective < since:
        return Refused(fault="too_early", code=code, said=since.isoformat())
    return None


def _differs(before: str, after: str, order: Order) -> Refused | None:
    return Refused(fault="nothing_to_do", code=order.subject) if before == after else None


def _fits(kind: str, parent: str, nodes: Nodes, order: Order) -> Refused | None:
    if unfit := _there(parent, nodes, order):
        return unfit
    above = nodes[parent]
    wanted = PARENT_KIND.get(kind)
    if not isinstance(above, Organization) or above.kind != wanted:
        return Refused(fault="wrong_parent", code=parent, said=wanted or "")
    return None


def _is_lao(code: str, nodes: Nodes, order: Order) -> Refused | None:
    if unfit := _there(code, nodes, order):
        return unfit
    above = nodes[code]
    return None if isinstance(above, Organization) and above.kind == "lao" else _wrong_parent(code, "lao")


def _wrong_parent(code: str, wanted: str) -> Refused:
    return Refused(fault="wrong_parent", code=code, said=wanted)


def _may_hang(node: Organization | Center, parent: str, nodes: Nodes, order: Order) -> Refused | None:
    unfit = _is_lao(parent, nodes, order) if isinstance(node, Center) else _fits(node.kind, parent, nodes, order)
    return unfit or _differs(node.parent or "", parent, order)


def _may_merge(sources: Sequence[str], nodes: Nodes, order: Order) -> Refused | None:
    survivor = nodes[order.subject]
    for source in sources:
        if source == order.subject:
            return Refused(fault="same_node", code=source)
        if unfit := _active(source, nodes, order):
            return unfit
        if _kind(nodes[source]) != _kind(survivor):
            return Refused(fault="kinds_differ", code=source, said=_kind(survivor))
    return Refused(fault="kinds_differ", code=order.subject) if _kind(survivor) == "department" else None


def _may_split(words: Split, nodes: Nodes, order: Order) -> Refused | None:
    subject = nodes[order.subject]
    if _kind(subject) not in PARENT_KIND:
        return Refused(fault="kinds_differ", code=order.subject)
    if taken := _free(words.code, nodes):
        return taken
    for child in words.children:
        if unfit := _active(child, nodes, order):
            return unfit
        if nodes[child].parent != order.subject:
            return Refused(fault="not_its_child", code=child)
    return None


def _empty(order: Order, children: int) -> Refused | None:
    return Refused(fault="not_empty", code=order.subject, said=str(children)) if children else None


def _kind(node: Organization | Center) -> str:
    return node.kind if isinstance(node, Organization) else "center"
