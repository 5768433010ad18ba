"""The object store: plain S3, asynchronous, typed failures. The one room that knows minio."""

from shared.blobs.client import CHUNK, Blobs
from shared.blobs.errors import BlobError, NotFound, Refused, Unavailable
from shared.blobs.presign import SignedPost, SignedRequest
from shared.blobs.shelf import Shelf, Standing, TakenError
from shared.blobs.values import (
    SMALLEST_PART,
    Begun,
    Fetched,
    Found,
    Lock,
    Multipart,
    PartPlan,
    Place,
    Stored,
    StoredPart,
    Written,
)

__all__ = [
    "CHUNK",
    "SMALLEST_PART",
    "Begun",
    "BlobError",
    "Blobs",
    "Fetched",
    "Found",
    "Lock",
    "Multipart",
    "NotFound",
    "PartPlan",
    "Place",
    "Refused",
    "Shelf",
    "SignedPost",
    "SignedRequest",
    "Standing",
    "Stored",
    "StoredPart",
    "TakenError",
    "Unavailable",
    "Written",
]
