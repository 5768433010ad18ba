"""Where sealed batches lie in the object store, and how one is fetched."""

import io

from shared.blobs import Blobs, NotFound, Place
from shared.security.sealed_batches import LONGEST, BatchFault, BatchRefused


def kept_as(batch: str, digest: str) -> str:
    """Where what was handed in lies in the vault's bucket, until it is imported."""
    return f"{folder_of(batch)}{digest}"


def folder_of(batch: str) -> str:
    """What begins the keys of all that was handed in for a batch."""
    return f"batches/{batch}/"


async def fetched(blobs: Blobs, place: Place, digest: str) -> str:
    """A sealed batch whose SHA-256 is known. Raises BatchRefused where it is not there or not what it should be."""
    into = io.BytesIO()
    try:
        if (await blobs.stat(place)).size > LONGEST:
            raise BatchRefused(BatchFault.TOO_LARGE)
        found = await blobs.fetch(place, into)
    except NotFound:
        raise BatchRefused(BatchFault.NOT_OPENED) from None
    if found.sha256 != digest:
        raise BatchRefused(BatchFault.BAD_SIGNATURE)
    try:
        return into.getvalue().decode("ascii")
    except UnicodeDecodeError:
        raise BatchRefused(BatchFault.MALFORMED) from None
