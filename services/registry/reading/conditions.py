"""What is asked of the database for a list: the conditions, and the indexes that can lead to the answer. Pure."""

from typing import Final, NamedTuple

from services.registry.reading.filters import Box, Filter
from services.registry.reading.words import Asked, pattern
from shared.mongo import Document
from shared.security.scope import DEPARTMENT_CODE

GRAMS: Final = "grams"


class Driver(NamedTuple):
    """An index and what it is asked for. `ordered`: it gives its entries in Thai order."""

    by: str
    query: Document
    ordered: bool = True


def gram_driver(number: int) -> Driver:
    """By a gram that the names must have."""
    return Driver(GRAMS, {"find.grams": number}, ordered=False)


def drivers(wanted: Filter) -> list[Driver]:
    """The indexes that can answer, of like ones the best first."""
    if wanted.itself is not None:
        return [Driver("_id_", {"_id": wanted.itself}, ordered=False)]
    if wanted.parent is not None:
        return [Driver("children", {"parent": wanted.parent})]
    found = []
    if wanted.root == DEPARTMENT_CODE:
        if wanted.round is not None:
            found.append(Driver("listed", {"rounds": wanted.round}))
        if wanted.state == "closed":
            found.append(Driver("state", {"state": wanted.state}))
        if wanted.kind is not None:
            found.append(Driver("kind", {"kind": wanted.kind}))
    found.append(Driver("subtree", {"path": wanted.root}))
    if wanted.box is not None:
        found.append(Driver(_narrow_side(wanted.box), _within(wanted.box), ordered=False))
    return found


def conditions(wanted: Filter) -> list[Document]:
    """All that must hold."""
    found: list[Document] = []
    if wanted.root != DEPARTMENT_CODE:
        found.append({"path": wanted.root})
    if wanted.itself is not None:
        found.append({"_id": wanted.itself})
    for field, value in (("rounds", wanted.round), ("state", wanted.state), ("kind", wanted.kind)):
        if value is not None:
            found.append({field: value})
    if wanted.box is not None:
        found.append(_within(wanted.box))
    return found


def _narrow_side(box: Box) -> str:
    """The index whose strip across the country is the smaller one; the country is twice as high as wide."""
    return "place" if box.north - box.south <= 2 * (box.east - box.west) else "place_across"


def _within(box: Box) -> Document:
    return {
        "latitude": {"$gte": box.south, "$lte": box.north},
        "longitude": {"$gte": box.west, "$lte": box.east},
    }


def holds(asked: Asked) -> Document:
    """A name that holds all that was said, or, in the places that were named, what is left without them."""
    whole = {"find.plain": {"$regex": pattern(asked.plain)}}
    if not asked.places:
        return whole
    return {"$or": [whole, all_of({"find.plain": {"$regex": pattern(asked.name)}}, lies_in(asked))]}


def lies_in(asked: Asked) -> Document:
    """In every place that was named: by its own subdistrict, or by what stands above it in the tree."""
    return all_of(
        *(
            {"$or": [{"subdistrict": {"$regex": f"^(?:{'|'.join(sorted(codes))})"}}, {"path": {"$in": sorted(codes)}}]}
            for codes in asked.places
        )
    )


def all_of(*conditions: Document) -> Document:
    """One condition of many; empty ones say nothing."""
    said = [condition for condition in conditions if condition]
    return {"$and": said} if len(said) > 1 else (said[0] if said else {})
