"""Whether a schema may take the place of a released one without breaking a reader or an old record.

Both directions matter on a compacted topic: yesterday's readers meet today's records, and today's readers meet
records that are years old.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]


def breaks(released: Schema, current: Schema) -> list[str]:
    """What would break, one line each; empty when `current` may replace `released`."""
    return list(_object(released, current, released.get("$defs", {}), current.get("$defs", {}), ""))


def _object(old: Schema, new: Schema, old_defs: Schema, new_defs: Schema, at: str) -> Iterator[str]:
    was, now = old.get("properties", {}), new.get("properties", {})
    for name in sorted(was.keys() - now.keys()):
        yield f"{at}{name}: taken away; readers expect it"
    old_required, new_required = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(new_required - old_required):
        yield f"{at}{name}: became required; old records lack it"
    for name in sorted((old_required - new_required) & now.keys()):
        yield f"{at}{name}: became optional; readers rely on it"
    for name in sorted(was.keys() & now.keys()):
        yield from _value(was[name], now[name], old_defs, new_defs, f"{at}{name}")


def _value(old: Schema, new: Schema, old_defs: Schema, new_defs: Schema, at: str) -> Iterator[str]:
    old, new = _resolve(old, old_defs), _resolve(new, new_defs)
    if _kinds(old) != _kinds(new):
        yield f"{at}: was {sorted(_kinds(old))}, is {sorted(_kinds(new))}"
    if set(old.get("enum", ())) != set(new.get("enum", ())):
        yield f"{at}: its allowed values changed; that needs a new version of the type"
    if "items" in old and "items" in new:
        yield from _value(old["items"], new["items"], old_defs, new_defs, f"{at}[]")
    if "properties" in old:
        yield from _object(old, new, old_defs, new_defs, f"{at}.")


def _resolve(schema: Schema, defs: Schema) -> Schema:
    reference = schema.get("$ref")
    return defs[reference.rsplit("/", 1)[-1]] if reference else schema


def _kinds(schema: Schema) -> frozenset[str]:
    """The JSON types a value may have, with its format: `string`, `string:date-time`, `null`, …"""
    if "anyOf" in schema:
        return frozenset(kind for choice in schema["anyOf"] for kind in _kinds(choice))
    kind = str(schema.get("type", "any"))
    return frozenset({f"{kind}:{schema['format']}" if "format" in schema else kind})
