"""Checks a receipt with nothing but the published keys: years later, on a machine without a network. Pure."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.submissions.receipts.codes import receipt_code
from services.submissions.receipts.signing import ALGORITHM, TYPE, Receipt

Fault = Literal["not-a-receipt", "keys-unusable", "unknown-key", "bad-signature", "code-differs"]
LONGEST: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class NotGood:
    """The receipt proves nothing; `fault` says why."""

    fault: Fault


def check_receipt(text: str, keys: dict[str, Any]) -> Receipt | NotGood:
    """What a receipt truly says, or why it proves nothing.

    `text` is the compact JWS, or the JSON in which the service gives it (`signed`). `keys` is the JWK set from
    `GET /v1/receipt-keys`, with the keys of all times.
    """
    signed = _signed(text)
    found = signed and _parsed(signed)
    if not found:
        return NotGood("not-a-receipt")
    try:
        known = KeySet.import_key_set(keys)  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError, TypeError):
        return NotGood("keys-unusable")
    fault = _fault(found, known)
    return NotGood(fault) if fault else _receipt(found.payload or b"")


def _parsed(signed: str) -> jws.CompactSignature | None:
    """A JWS of the kind that receipts are."""
    try:
        found = jws.extract_compact(signed.encode("ascii"))
        header = found.headers()
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    return found if (header.get("typ"), header.get("alg")) == (TYPE, ALGORITHM) else None


def _fault(found: jws.CompactSignature, known: KeySet) -> Fault | None:
    if not any(key.kid == found.headers().get("kid") for key in known):
        return "unknown-key"
    try:
        return None if jws.validate_compact(found, known, [ALGORITHM]) else "bad-signature"
    except (JoseError, ValueError):
        return "bad-signature"


def _signed(text: str) -> str | None:
    """The compact JWS in what was given."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        return None
    if not text.startswith("{"):
        return text if text.isascii() else None
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return None
    given = given.get("receipt", given) if isinstance(given, dict) else {}
    signed = given.get("signed") if isinstance(given, dict) else None
    return signed if isinstance(signed, str) and signed.isascii() else None


def _receipt(payload: bytes) -> Receipt | NotGood:
    try:
        said = json.loads(payload)
        receipt = Receipt(
            round=said["round"],
            center=said["center"],
            sha256=said["sha256"],
            size=said["size"],
            received_at=datetime.fromisoformat(said["received_at"]),
            late=said["late"],
        )
        code = said["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return NotGood("not-a-receipt")
    if code != receipt_code(receipt.round, receipt.center, receipt.sha256):
        return NotGood("code-differs")
    return receipt
