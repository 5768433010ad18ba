"""The master key: what wraps the data keys of the holders, wherever it is kept.

Which lines name one, and who reads them: `providers`.
"""

import hashlib
import hmac
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

LOCAL_KEY_BYTES: Final = 96
LEAST_FILE_BYTES: Final = 32


class BadMasterKeyError(ValueError):
    """The line names no usable master key. The text says why and holds no secret."""


@dataclass(frozen=True, repr=False)
class MasterKey:
    """One master key, as the driver wants it.

    `provider` is unlike that of any other master key, so that each data key tells which one wraps it. `options` may
    hold secrets; `reference` is stored beside each data key and holds none.
    """

    provider: str
    options: Mapping[str, Any]
    reference: Mapping[str, Any] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None

    @property
    def kind(self) -> str:
        """`local`, `kmip`, `aws`, `azure` or `gcp`."""
        return self.provider.partition(":")[0]

    def __repr__(self) -> str:
        return f"MasterKey({self.provider})"


@dataclass(frozen=True)
class Access:
    """How key servers are reached: the clouds' credentials by kind, and the certificates of the connections."""

    credentials: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ca_file: Path | None = None
    certificate_file: Path | None = None

    def tls(self) -> ssl.SSLContext:
        """Checks the server's certificate and name; shows ours where one is given."""
        context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate_file:
            context.load_cert_chain(str(self.certificate_file))
        return context


@dataclass(frozen=True)
class MasterKeys:
    """`current` wraps what is new; what any of them wraps can be opened."""

    current: MasterKey
    also: tuple[MasterKey, ...] = ()

    @property
    def providers(self) -> dict[str, dict[str, Any]]:
        """All of them as the driver wants them."""
        return {each.provider: dict(each.options) for each in (self.current, *self.also)}

    @property
    def tls(self) -> dict[str, ssl.SSLContext]:
        """The connections' contexts by provider."""
        return {each.provider: each.tls for each in (self.current, *self.also) if each.tls}


def local_key(path: Path) -> bytes:
    """96 bytes derived from a file's content (HKDF-Expand of RFC 5869 with SHA-512). Raises BadMasterKeyError."""
    try:
        content = path.read_bytes().strip()
    except OSError as error:
        raise BadMasterKeyError(f"cannot be read ({type(error).__name__})") from None
    if len(content) < LEAST_FILE_BYTES:
        raise BadMasterKeyError(f"holds {len(content)} bytes; at least {LEAST_FILE_BYTES} random ones are needed")
    master = hmac.digest(b"saraban", content, "sha512")
    made, block = b"", b""
    for counter in range(1, 3):
        block = hmac.digest(master, block + b"saraban credentials sealing v1" + bytes([counter]), hashlib.sha512)
        made += block
    return made[:LOCAL_KEY_BYTES]


def local(key: bytes) -> MasterKey:
    """A master key of 96 bytes in hand."""
    if len(key) != LOCAL_KEY_BYTES:
        raise BadMasterKeyError(f"a master key has {LOCAL_KEY_BYTES} bytes")
    return MasterKey(f"local:{mark(b'local' + key)}", {"key": key})


def mark(named: bytes) -> str:
    """What stands in a master key's name for what names it."""
    return hashlib.sha256(b"saraban master key " + named).hexdigest()[:16]
