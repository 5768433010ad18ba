"""The key pair of each batch: the public half to be published, the private half sealed until it is destroyed."""

from typing import Any

from joserfc.jwk import ECKey

from services.credentials.batches.store import Batch
from shared.mongo.sealing import SealBroken, ToSeal, Vault
from shared.security.sealed_batches import BatchFault, BatchRefused, new_key, private_key, private_text, public_jwk


class BatchKeys:
    """Every private half has a data key of its own, so that destroying that destroys it in every copy of the database.

    Raises what the vault raises when database, object store or key server are away.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def make(self, batch: str, round_id: str) -> tuple[dict[str, Any], bytes]:
        """A new pair: the public half as a JWK, the private half sealed."""
        key = new_key(batch)
        secret = {"key": private_text(key)}
        (sealed,) = await self._vault.seal_many([ToSeal(_owner(batch), _label(batch, round_id), secret)])
        return public_jwk(key), sealed

    async def open(self, batch: Batch) -> ECKey:
        """The private half. Raises BatchRefused once it is destroyed."""
        try:
            opened = await self._vault.open(batch.private, _label(batch.batch, batch.round))
        except SealBroken:
            raise BatchRefused(BatchFault.NOT_OPENED) from None
        return private_key(opened["key"])

    async def destroy(self, batch: str) -> None:
        """Destroy the private half. Once more does no harm."""
        await self._vault.erase(_owner(batch))


def _owner(batch: str) -> str:
    return f"batch/{batch}"


def _label(batch: str, round_id: str) -> dict[str, str | int]:
    return {"batch": batch, "round": round_id}
