"""Anchors: signed statements, in a chain of their own, of how far the audit chains had come.

An audit chain cut at its end, or removed whole, holds by itself. An anchor on the bus names its head, so the cut is
found by whoever has the bus or a copy of it; a forged anchor lacks the signature, a missing one breaks their chain.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.contracts.events import AuditAnchored, AuditHead
from shared.security.audit import GENESIS, Break, milliseconds

HEADS_EACH: Final = 1_000
"""So many heads stand in one anchor at most: about 150 KB, well below what a broker takes."""


class Signer:
    """Signs anchors. `seed` is 32 secret bytes."""

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key: Final = _text(self._private.public_key().public_bytes_raw())
        """The public key, base64url."""

    @classmethod
    def derived(cls, secret: bytes, service: str) -> "Signer":
        """The signer of a service, from a secret that may serve several: each gets a key of its own."""
        return cls(hmac.digest(secret, f"audit anchors v1 {service}".encode(), "sha256"))

    def sign(self, statement: bytes) -> str:
        """The signature, base64url."""
        return _text(self._private.sign(statement))


def anchored(
    previous: AuditAnchored | None,
    service: str,
    heads: Sequence[AuditHead],
    purged: Sequence[AuditHead],
    now: datetime,
    signer: Signer,
) -> AuditAnchored:
    """The next anchor after `previous` (None begins their chain)."""
    fields: dict[str, Any] = {
        "service": service,
        "number": previous.number + 1 if previous else 1,
        "previous": hash_of(previous) if previous else GENESIS,
        "time": now,
        "heads": tuple(heads),
        "purged": tuple(purged),
        "key": signer.key,
    }
    unsigned = AuditAnchored(**fields, signature="")
    return unsigned.model_copy(update={"signature": signer.sign(statement(unsigned))})


def statement(anchor: AuditAnchored) -> bytes:
    """What is signed: JSON with sorted keys, no spaces, UTF-8, the time in milliseconds since 1970."""
    fields = anchor.model_dump(exclude={"signature"}) | {"time": milliseconds(anchor.time)}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_of(anchor: AuditAnchored) -> str:
    """What the anchor after it names as its predecessor."""
    return hashlib.sha256(statement(anchor) + anchor.signature.encode()).hexdigest()


def verify_anchors(chain: str, anchors: Sequence[AuditAnchored], key: str | None = None) -> list[Break]:
    """Every break in a chain of anchors, given in order of `number`. They may begin late: old ones leave the bus.

    `key` is the public key they must be signed by; without one, the first anchor's, which only shows that all are by
    the same hand.
    """
    breaks: list[Break] = []
    before: AuditAnchored | None = None
    for anchor in anchors:
        key = key or anchor.key
        if before is not None and (anchor.number != before.number + 1 or anchor.previous != hash_of(before)):
            breaks.append(Break(chain, anchor.number, "predecessor-differs"))
        if before is None and anchor.number == 1 and anchor.previous != GENESIS:
            breaks.append(Break(chain, 1, "predecessor-differs"))
        if anchor.key != key or not is_signed(anchor):
            breaks.append(Break(chain, anchor.number, "hash-differs"))
        before = anchor
    return breaks


def is_signed(anchor: AuditAnchored) -> bool:
    """Whether the signature is by the key that the anchor names."""
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(anchor.key)).verify(_bytes(anchor.signature), statement(anchor))
    except (InvalidSignature, ValueError):
        return False
    return True


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
