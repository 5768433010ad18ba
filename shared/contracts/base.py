"""What the data of every event shares.

Readers ignore fields they do not know, so a field may be added; taking one away or changing its type breaks
a reader and fails the compatibility test against `schemas/released`.
Times are ISO 8601 with an offset. `path` is the chain of organization codes from the department down to the
node's own organization (for a center: down to its LAO).
"""

from pydantic import BaseModel, ConfigDict

Path = tuple[str, ...]


class EventData(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
