"""Whether a schema may take the place of a released one without breaking a reader or an old record.

Both directions matter on a compacted topic: yesterday's readers meet today's records, and today's readers meet
records that are years old.
"""

import json
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
    was, now = _choices(old, old_defs), _choices(new, new_defs)
    if was.keys() != now.keys():
        yield f"{at}: was {sorted(was)}, is {sorted(now)}"
    for kind in sorted(was.keys() & now.keys()):
        if len(was[kind]) != len(now[kind]):
            yield f"{at}: had {len(was[kind])} forms of {kind}, has {len(now[kind])}"
        for one, other in zip(was[kind], now[kind], strict=False):
            yield from _form(one, other, old_defs, new_defs, at)


def _form(old: Schema, new: Schema, old_defs: Schema, new_defs: Schema, at: str) -> Iterator[str]:
    """One form that a value may have, of one JSON type in both."""
    if _allowed(old) != _allowed(new):
        yield f"{at}: its allowed values changed; that needs a new version of the type"
    for bound in BOUNDS:
        if _is_tighter(bound, old.get(bound), new.get(bound)):
            yield f"{at}: {bound} was {old.get(bound, 'none')}, is {new[bound]}; old records may not fit"
    if "items" in old and "items" in new:
        yield from _value(old["items"], new["items"], old_defs, new_defs, f"{at}[]")
    values = old.get("additionalProperties"), new.get("additionalProperties")
    if isinstance(values[0], dict) and isinstance(values[1], dict):
        yield from _value(values[0], values[1], old_defs, new_defs, f"{at}{{}}")
    if "properties" in old:
        yield from _object(old, new, old_defs, new_defs, f"{at}.")


LEAST = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")
MOST = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
EXACT = ("pattern", "multipleOf", "uniqueItems")
"""Whether another pattern takes all that the old one took cannot be told, so any other is tighter."""
BOUNDS = LEAST + MOST + EXACT


def _is_tighter(bound: str, old: Any, new: Any) -> bool:
    if new is None or new == old:
        return False
    if old is None or bound in EXACT:
        return True
    return bool(new > old if bound in LEAST else new < old)


def _allowed(schema: Schema) -> frozenset[str]:
    values = [schema["const"]] if "const" in schema else schema.get("enum", [])
    return frozenset(json.dumps(value, sort_keys=True) for value in values)


def _choices(schema: Schema, defs: Schema) -> dict[str, list[Schema]]:
    """The forms that a value may have, refs resolved, by JSON type and format: `string`, `string:date-time`."""
    schema = _resolve(schema, defs)
    found: dict[str, list[Schema]] = {}
    for choice in schema.get("anyOf") or schema.get("oneOf") or ():
        for kind, forms in _choices(choice, defs).items():
            found.setdefault(kind, []).extend(forms)
    if found:
        return found
    kind = str(schema.get("type", "any"))
    return {f"{kind}:{schema['format']}" if "format" in schema else kind: [schema]}


def _resolve(schema: Schema, defs: Schema) -> Schema:
    reference = schema.get("$ref")
    return defs[reference.rsplit("/", 1)[-1]] if reference else schema
