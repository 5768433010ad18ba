"""What a node was on any day: each change of its name, its place or its state is kept with the days it held. Pure.

Days are civil days in Thailand and spans are half open: a node closed from 1 October was last itself on 30 September.
Addresses and coordinates have no history: they say how a node is reached today.
"""

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from services.registry.domain import Center, Node, Organization, Past, order_of

N = TypeVar("N", bound=Node)


@dataclass(frozen=True, slots=True)
class NotYet:
    """On that day the node did not exist; it was opened on `valid_from`."""

    valid_from: date


def dated(before: N | None, after: N, on: date, change: str | None = None) -> N:
    """`after` with its past: what `before` was is kept if its name, its parent, its state or its successor changed.

    A change on the very day of the one before replaces it, and one dated earlier counts from that day: the past is
    never rewritten. What is dated already (its `change` or `valid_from` differs from before) stays as it is.
    """
    if before is None or _said(before) == _said(after) or _is_dated(before, after):
        return after
    begins = max(on, before.valid_from) if before.valid_from else on
    past: tuple[Past, ...] = before.past
    if before.valid_from is None or before.valid_from < begins:
        past = (*past, _past(before, begins))
    return after.model_copy(update={"past": past, "valid_from": begins, "change": change})


def as_of(node: N, day: date) -> N | NotYet:
    """The node as it was on a day; its path is the caller's to build, from its parents as they were."""
    if node.valid_from is None or node.valid_from <= day:
        return node
    for span in reversed(node.past):
        if span.valid_from is None or span.valid_from <= day:
            return _as_it_was(node, span)
    return NotYet(node.past[0].valid_from if node.past and node.past[0].valid_from else node.valid_from)


def ends(node: Node, day: date) -> date | None:
    """The first day on which the node was no longer as it was on `day`; None where it still is."""
    if node.valid_from is None or node.valid_from <= day:
        return None
    later = [span.valid_to for span in node.past if span.valid_to > day]
    return min(later, default=node.valid_from)


def parent_of(node: Node) -> str | None:
    """The organization that a node hangs under; None for the root."""
    return node.parent if isinstance(node, Organization | Center) else None


def _said(node: Node) -> tuple[str, str | None, str, str | None]:
    return node.name, parent_of(node), node.state, node.successor


def _is_dated(before: Node, after: Node) -> bool:
    return (before.change, before.valid_from) != (after.change, after.valid_from)


def _past(node: Node, until: date) -> Past:
    return Past(
        name=node.name,
        parent=parent_of(node),
        state=node.state,
        successor=node.successor,
        valid_from=node.valid_from,
        valid_to=until,
        change=node.change,
    )


def _as_it_was(node: N, span: Past) -> N:
    hung = {"lao": span.parent} if isinstance(node, Center) else {"parent": span.parent}
    return node.model_copy(
        update={
            "name": span.name,
            "state": span.state,
            "successor": span.successor,
            "valid_from": span.valid_from,
            "change": span.change,
            "order": order_of(span.name, node.code),
            **hung,
        }
    )
