"""The key of the short codes: made once, sealed by the vault, the same whatever becomes of the master key."""

import secrets
from base64 import b64decode, b64encode
from typing import Final

from pydantic import SecretBytes

from shared.mongo import Documents
from shared.mongo.sealing import ToSeal, Vault

_NAME: Final = "codes"
_OWNER: Final = "saraban/codes"
_LABEL: Final = {"key": "codes"}
_BYTES: Final = 32


class LateSecret(SecretBytes):
    """A secret that is known once the vault is open; asked for earlier it raises."""

    def __init__(self) -> None:
        super().__init__(b"")

    def settle(self, value: bytes) -> None:
        """From now on this is its value."""
        self._secret_value = value

    def get_secret_value(self) -> bytes:
        if not self._secret_value:
            raise RuntimeError("the vault is not open yet")
        return super().get_secret_value()


async def read_code_key(documents: Documents, vault: Vault) -> bytes:
    """The key; made and kept (in `documents`) by whoever asks first. Raises what the vault and the database raise."""
    while (kept := await documents.one({"_id": _NAME})) is None:
        made = {"key": b64encode(secrets.token_bytes(_BYTES)).decode()}
        (sealed,) = await vault.seal_many([ToSeal(_OWNER, _LABEL, made)])
        await documents.insert({"_id": _NAME, "sealed": sealed})
    return b64decode((await vault.open(kept["sealed"], _LABEL))["key"])
