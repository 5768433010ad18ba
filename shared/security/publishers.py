"""The other systems that may publish to us: who they are, where they may write, and the keys they sign with."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from pydantic import BaseModel, ConfigDict, Field, ValidationError

_CURVE: Final = "P-256"


class UnreadablePublishersError(Exception):
    """The file of publishers cannot be used. The text says why and holds no key."""


class Publisher(BaseModel):
    """Another system. `source` is the `ce_source` that is its alone; `topics` have no namespace (`inbound.roll`).

    `keys` is a JWK set of public P-256 keys; more than one while a key is being replaced.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")
    source: str = Field(pattern=r"^/[a-z0-9][a-z0-9/._-]{0,80}$")
    topics: frozenset[str]
    keys: dict[str, Any]


class Publishers:
    """The register of publishers. Nobody is in it until a file says so."""

    def __init__(self, publishers: Iterable[Publisher] = ()) -> None:
        self._by_source = {one.source: one for one in publishers}
        self._keys = {one.source: _key_set(one) for one in self._by_source.values()}

    def who(self, source: str, topic: str) -> Publisher | None:
        """The publisher with this `ce_source`, if it may write to this topic."""
        found = self._by_source.get(source)
        return found if found and topic in found.topics else None

    def keys_of(self, publisher: Publisher) -> KeySet:
        """The keys it signs with."""
        return self._keys[publisher.source]


def read_publishers(path: Path | None) -> Publishers:
    """The register in a JSON file `{"publishers": [...]}`; an empty one without a file.

    Raises UnreadablePublishersError.
    """
    if path is None:
        return Publishers()
    try:
        listed = json.loads(path.read_text())["publishers"]
        found = [Publisher.model_validate(each) for each in listed]
    except OSError as error:
        raise UnreadablePublishersError(f"cannot be read ({type(error).__name__})") from None
    except (ValueError, KeyError, TypeError) as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"]) if isinstance(error, ValidationError) else ""
        raise UnreadablePublishersError(f"is no list of publishers {place}".rstrip()) from None
    if len({one.source for one in found}) < len(found):
        raise UnreadablePublishersError("names one source twice")
    return Publishers(found)


def _key_set(publisher: Publisher) -> KeySet:
    try:
        keys = [ECKey.import_key(each) for each in publisher.keys["keys"]]
    except (JoseError, ValueError, KeyError, TypeError):
        raise UnreadablePublishersError(f"has a key of {publisher.name} that is none") from None
    if not keys or any(key.curve_name != _CURVE for key in keys):
        raise UnreadablePublishersError(f"must give {publisher.name} keys on {_CURVE}")
    if any(key.is_private for key in keys):
        raise UnreadablePublishersError(f"holds a private key of {publisher.name}: it wants the public half alone")
    for key in keys:
        key.ensure_kid()
    return KeySet([*keys])
