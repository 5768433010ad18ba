"""Receipts: signed proof of what was received, and when.

A receipt is a JWS (RFC 7515, compact, ES256) over a few plain facts. It is made once and stored with the report, so
that whoever asks again gets the same text; anybody can check it against `GET /v1/receipt-keys`.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.jwk import ECKey

from services.submissions.receipts.codes import receipt_code

TYPE: Final = "saraban-receipt+jws"
ALGORITHM: Final = "ES256"
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256 (FIPS 186-5)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says. Times have an offset; `sha256` is this service's own digest, in hex."""

    round: str
    center: str
    sha256: str
    size: int
    received_at: datetime
    late: bool

    @property
    def code(self) -> str:
        """The short code under which it is found again."""
        return receipt_code(self.round, self.center, self.sha256)

    def claims(self) -> dict[str, Any]:
        """The facts as they are signed."""
        return {
            "code": self.code,
            "round": self.round,
            "center": self.center,
            "sha256": self.sha256,
            "size": self.size,
            "received_at": self.received_at.isoformat(timespec="milliseconds"),
            "late": self.late,
        }


class ReceiptSigner:
    """Signs receipts with the service's own key."""

    def __init__(self, key_file: Path) -> None:
        self._key = _read(key_file)
        self._header = {"alg": ALGORITHM, "typ": TYPE, "kid": self._key.thumbprint()}

    def sign(self, receipt: Receipt) -> str:
        """The receipt as a compact JWS. Signed twice it differs, as ECDSA does: keep the first."""
        payload = json.dumps(receipt.claims(), ensure_ascii=False, separators=(",", ":")).encode()
        return jws.serialize_compact(self._header, payload, self._key, [ALGORITHM])

    @property
    def public_key(self) -> dict[str, Any]:
        """The JWK with which anybody checks a receipt that this signer made."""
        public = self._key.as_dict(private=False)
        return {**public, "kid": self._key.thumbprint(), "use": "sig", "alg": ALGORITHM}


def _read(path: Path) -> ECKey:
    content = path.read_bytes().strip()
    if content.startswith(b"-----BEGIN"):
        return ECKey.import_key(content)
    # As FIPS 186-5, A.2.1: 64 bits more than the order has make the bias of the remainder negligible.
    seed = HKDF(hashes.SHA256(), length=40, salt=None, info=b"saraban receipts ES256 v1").derive(content)
    private = ec.derive_private_key(int.from_bytes(seed, "big") % (_ORDER - 1) + 1, ec.SECP256R1())
    return ECKey.import_key(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
