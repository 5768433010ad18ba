"""Receipts are signed so that anybody can check them, whatever form the service's key has."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from services.submissions.receipts.signing import TYPE, Receipt, ReceiptSigner

WHEN = datetime(2025, 10, 31, 23, 59, 58, 123000, tzinfo=timezone(timedelta(hours=7)))
RECEIPT = Receipt(round="2569", center="c1", sha256="ab" * 32, size=5, received_at=WHEN, late=False)


def published(*signers: ReceiptSigner) -> dict[str, Any]:
    """The JWK set as it goes over the wire."""
    keys: dict[str, Any] = json.loads(json.dumps({"keys": [signer.public_key for signer in signers]}))
    return keys


def pem() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(params=["a PEM file", "random bytes"])
def key_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "receipt-key"
    path.write_bytes(pem() if request.param == "a PEM file" else b"0123456789abcdef" * 3)
    return path


def test_a_receipt_can_be_checked_with_the_published_keys_alone(key_file: Path) -> None:
    signer = ReceiptSigner(key_file)
    keys = KeySet.import_key_set(published(signer))  # type: ignore[arg-type]
    checked = jws.deserialize_compact(signer.sign(RECEIPT), keys, ["ES256"])
    assert checked.headers()["typ"] == TYPE
    assert json.loads(checked.payload) == {
        "code": RECEIPT.code,
        "round": "2569",
        "center": "c1",
        "sha256": "ab" * 32,
        "size": 5,
        "received_at": "2025-10-31T23:59:58.123+07:00",
        "late": False,
    }


def test_a_changed_receipt_is_found_out(key_file: Path) -> None:
    signer = ReceiptSigner(key_file)
    head, _, signature = signer.sign(RECEIPT).split(".")
    _, other, _ = signer.sign(replace(RECEIPT, late=True)).split(".")
    keys = KeySet.import_key_set(published(signer))  # type: ignore[arg-type]
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(f"{head}.{other}.{signature}", keys, ["ES256"])


def test_the_private_key_is_not_published(key_file: Path) -> None:
    assert "d" not in ReceiptSigner(key_file).public_key


def test_the_same_file_is_the_same_key_after_a_restart(key_file: Path) -> None:
    first, second = ReceiptSigner(key_file), ReceiptSigner(key_file)
    assert first.public_key == second.public_key
