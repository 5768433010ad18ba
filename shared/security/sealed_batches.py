"""Batches of secrets on their way from another system: encrypted to a key of one batch, signed by who sends them.

What is sent is a compact JWS (RFC 7515, ES256) by a registered publisher. Its payload names the publisher, the round,
the batch and the time, and holds a compact JWE (RFC 7516, ECDH-ES+A256KW with A256GCM) to the batch's public key. So
whoever carries it reads nothing, and it counts for this round and this batch alone.

Nothing is negotiated: one algorithm each, header fields from a fixed list, no compression (it makes bombs, and tells of
the content by its length).
"""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.security.publishers import Publisher, Publishers

LONGEST: Final = 12 * 1024 * 1024
"""Characters of a sealed batch: some 25,000 holders. What is larger is to be sent in parts."""
SIGNED_AS: Final = "saraban-batch+jws"
SIGNING: Final = "ES256"
AGREEMENT: Final = "ECDH-ES+A256KW"
ENCRYPTION: Final = "A256GCM"
CURVE: Final = "P-256"
LEEWAY: Final = timedelta(minutes=5)
"""How far the sender's clock may be ahead of ours."""

_LONGEST_HEADER: Final = 2_048
_JWS_FIELDS: Final = frozenset({"alg", "typ", "kid"})
_JWE_FIELDS: Final = frozenset({"alg", "enc", "kid", "epk", "typ", "cty"})


class BatchFault(StrEnum):
    """Why a sealed batch was refused. Stable, and safe to show and to log."""

    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    UNKNOWN_SENDER = "unknown-sender"
    BAD_SIGNATURE = "bad-signature"
    HEADER_NOT_ALLOWED = "header-not-allowed"
    OTHER_ROUND = "other-round"
    OTHER_BATCH = "other-batch"
    NOT_ITS_TIME = "not-its-time"
    NOT_OPENED = "not-opened"


class BatchRefused(Exception):  # noqa: N818 a refusal, not an error of ours
    """The batch counts for nothing; `fault` says why."""

    def __init__(self, fault: BatchFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class Envelope(BaseModel):
    """What a publisher signs. `iss` is its source; `iat` is in seconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    iss: str = Field(max_length=100)
    round: str = Field(max_length=40)
    batch: str = Field(max_length=64)
    iat: int
    sealed: str = Field(repr=False)

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.iat, UTC)


@dataclass(frozen=True)
class Received:
    """A batch whose signature holds. What it seals is still shut."""

    envelope: Envelope
    publisher: Publisher
    kid: str


class _LargeJWS(jws.JWSRegistry):
    max_payload_length = LONGEST


class _LargeJWE(jwe.JWERegistry):
    max_ciphertext_length = LONGEST


_JWS: Final = _LargeJWS(algorithms=[SIGNING])
_JWE: Final = _LargeJWE(algorithms=[AGREEMENT, ENCRYPTION])


def new_key(batch: str) -> ECKey:
    """The key pair of a batch, named after it."""
    return ECKey.generate_key(CURVE, {"kid": batch, "use": "enc", "alg": AGREEMENT}, auto_kid=False)


def seal(content: bytes, batch_key: ECKey) -> str:
    """Content encrypted to the public half of a batch's key."""
    header = {"alg": AGREEMENT, "enc": ENCRYPTION, "kid": batch_key.kid}
    return jwe.encrypt_compact(header, content, batch_key, registry=_JWE)


def sign(envelope: Envelope, key: ECKey) -> str:
    """An envelope signed with a publisher's private key."""
    header = {"alg": SIGNING, "typ": SIGNED_AS, "kid": key.kid or key.thumbprint()}
    return jws.serialize_compact(header, envelope.model_dump_json(), key, registry=_JWS)


def receive(text: str, publishers: Publishers, topic: str, now: datetime) -> Received:
    """Check who sent a batch. The sender must be registered for `topic`, where such batches are announced.

    Raises BatchRefused: `too-large`, `malformed`, `header-not-allowed`, `unknown-sender`, `bad-signature`,
    `not-its-time`.
    """
    if len(text) > LONGEST:
        raise BatchRefused(BatchFault.TOO_LARGE)
    signed = _extracted(text)
    header = signed.headers()
    if header.get("alg") != SIGNING or header.get("typ") != SIGNED_AS or not set(header) <= _JWS_FIELDS:
        raise BatchRefused(BatchFault.HEADER_NOT_ALLOWED)
    try:
        envelope = Envelope.model_validate_json(signed.payload)
    except ValidationError:
        raise BatchRefused(BatchFault.MALFORMED) from None
    publisher = publishers.who(envelope.iss, topic)
    if publisher is None:
        raise BatchRefused(BatchFault.UNKNOWN_SENDER)
    kid = header.get("kid")
    keys = [key for key in publishers.keys_of(publisher).keys if key.kid == kid]
    if not isinstance(kid, str) or len(keys) != 1 or not _verifies(signed, keys[0]):
        raise BatchRefused(BatchFault.BAD_SIGNATURE)
    if envelope.at > now + LEEWAY:
        raise BatchRefused(BatchFault.NOT_ITS_TIME)
    check_sealed(envelope.sealed, envelope.batch)
    return Received(envelope, publisher, kid)


def check_sealed(sealed: str, batch: str) -> None:
    """Look at a JWE from outside: its form, its algorithms, for which batch it is. Raises BatchRefused."""
    header = _protected(sealed)
    if header.get("alg") != AGREEMENT or header.get("enc") != ENCRYPTION or not set(header) <= _JWE_FIELDS:
        raise BatchRefused(BatchFault.HEADER_NOT_ALLOWED)
    if header.get("kid") != batch:
        raise BatchRefused(BatchFault.OTHER_BATCH)


def open_sealed(sealed: str, key: ECKey) -> bytes:
    """What was encrypted to a batch's key. `key` is the private one. Raises BatchRefused."""
    check_sealed(sealed, str(key.kid))
    try:
        content = jwe.decrypt_compact(sealed, key, registry=_JWE).plaintext
    except (JoseError, ValueError, TypeError, KeyError):
        raise BatchRefused(BatchFault.NOT_OPENED) from None
    if content is None:
        raise BatchRefused(BatchFault.NOT_OPENED)
    return content


def _extracted(text: str) -> jws.CompactSignature:
    try:
        return jws.extract_compact(text.encode("ascii"), registry=_JWS)
    except (JoseError, ValueError, TypeError, KeyError):
        raise BatchRefused(BatchFault.MALFORMED) from None


def _verifies(signed: jws.CompactSignature, key: Any) -> bool:
    try:
        return jws.validate_compact(signed, key, registry=_JWS)
    except (JoseError, ValueError, TypeError, KeyError):
        return False


def _protected(sealed: str) -> dict[str, Any]:
    try:
        header = json.loads(base64.urlsafe_b64decode(sealed[:_LONGEST_HEADER].partition(".")[0] + "=="))
    except (ValueError, TypeError):
        raise BatchRefused(BatchFault.MALFORMED) from None
    if not isinstance(header, dict) or sealed.count(".") != 4:  # noqa: PLR2004 RFC 7516, 3.1
        raise BatchRefused(BatchFault.MALFORMED)
    return header


def public_jwk(key: ECKey) -> dict[str, Any]:
    """The public half, for publication."""
    return dict(key.as_dict(private=False))


def private_text(key: ECKey) -> str:
    """The private half, to be sealed."""
    return json.dumps(key.as_dict(private=True))


def private_key(text: str) -> ECKey:
    """The key in such a text."""
    return ECKey.import_key(json.loads(text))
