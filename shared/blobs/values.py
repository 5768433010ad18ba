"""What the object store is asked about and answers with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object lies. Without `version`, whichever version is the newest when it is asked."""

    bucket: str
    key: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the store describes it, without its ETag: of a multipart object that is no digest."""

    place: Place
    size: int
    content_type: str
    stored_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """What lies under a key at this moment. A place with its `version` always gives the same bytes.

    `etag` tells these bytes from others under the same key; it is no digest.
    """

    version: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was truly read: bytes counted and digested here, SHA-256 in lower-case hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Written:
    """What was stored, and where."""

    place: Place
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Lock:
    """For so many days nobody deletes a version. `GOVERNANCE` yields to a key with that right, `COMPLIANCE` to none."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"]
    days: int


@dataclass(frozen=True, slots=True)
class Multipart:
    """A multipart upload under way. The key must be used for nothing else, ever."""

    bucket: str
    key: str
    upload_id: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A multipart upload that stands open, and since when by the store's clock."""

    multipart: Multipart
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PartPlan:
    """One part as it will be sent: number from 1, size in bytes, SHA-256 in lower-case hex.

    Every part but the last holds at least `SMALLEST_PART` bytes: S3's own rule.
    """

    number: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredPart:
    """One part as the store has it. `sha256` (hex) is None where the server lists none (SeaweedFS 4.48)."""

    number: int
    size: int
    etag: str
    sha256: str | None


SMALLEST_PART = 5 * 1024 * 1024
"""Bytes. Amazon S3, "Multipart upload limits"; MinIO and SeaweedFS hold to it."""
