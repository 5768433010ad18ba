"""What the credentials service reads from its environment."""

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, SecretBytes, field_validator

from shared.settings import CoreSettings

LEAST_KEY_BYTES = 32


class CredentialsSettings(CoreSettings):
    http_port: int = Field(8082, ge=0, le=65535)

    master_key_file: Path
    """At least 32 random bytes, in any form. Whoever holds it and the database can open every seal."""

    @field_validator("master_key_file")
    @classmethod
    def _readable_and_long_enough(cls, path: Path) -> Path:
        try:
            found = len(path.read_bytes().strip())
        except OSError as error:
            raise ValueError(f"cannot be read ({type(error).__name__})") from None
        if found < LEAST_KEY_BYTES:
            raise ValueError(f"holds {found} bytes; at least {LEAST_KEY_BYTES} random ones are needed")
        return path


@dataclass(frozen=True)
class Keys:
    """The keys in use, each derived from the master key for one purpose."""

    sealing: SecretBytes
    """96 bytes: encrypts the data keys of the holders."""
    codes: SecretBytes
    """Makes the short codes that are mailed to holders."""


def read_keys(path: Path) -> Keys:
    """Derive the keys from the master key file (HKDF-Expand of RFC 5869 with SHA-512; the file is the entropy)."""
    master = hmac.digest(b"saraban", path.read_bytes().strip(), "sha512")
    return Keys(
        SecretBytes(_expand(master, b"saraban credentials sealing v1", 96)),
        SecretBytes(_expand(master, b"saraban credentials codes v1", 32)),
    )


def _expand(key: bytes, purpose: bytes, length: int) -> bytes:
    made, block, counter = b"", b"", 1
    while len(made) < length:
        block = hmac.digest(key, block + purpose + bytes([counter]), hashlib.sha512)
        made, counter = made + block, counter + 1
    return made[:length]


def exposed(path: Path) -> bool:
    """Whether others than its owner may read the file."""
    return bool(path.stat().st_mode & 0o077)
