"""What goes out over HTTP."""

from typing import Any

from pydantic import BaseModel, ConfigDict


def _open(schema: dict[str, Any]) -> None:
    """To its readers a view may grow: only we are held to its fields."""
    schema.pop("additionalProperties", None)


class View(BaseModel):
    """A body that goes out. A field that it does not have is our mistake, and told as one instead of dropped."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_open)
