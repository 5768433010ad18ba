"""Writes the JSON Schema of every event: `python -m shared.contracts.export`.

`schemas/` holds what the code says now; `schemas/released/` what the last release promised. Releasing copies one over
the other: `python -m shared.contracts.export --release`.
"""

import json
import sys
from pathlib import Path

from shared.contracts.events import EVENT_TYPES

CURRENT = Path(__file__).parent / "schemas"
RELEASED = CURRENT / "released"


def schema_text(name: str) -> str:
    """The schema of an event type as it is written to its file."""
    kind = EVENT_TYPES[name]
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{name.replace('.', ':')}",
        **kind.model.model_json_schema(),
    }
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def export(folder: Path) -> int:
    """Write one file per event type into a folder; how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in EVENT_TYPES:
        (folder / f"{name}.json").write_text(schema_text(name), encoding="utf-8")
    return len(EVENT_TYPES)


if __name__ == "__main__":
    export(CURRENT)
    if "--release" in sys.argv[1:]:
        export(RELEASED)
