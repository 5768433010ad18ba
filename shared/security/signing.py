"""Events of other systems, signed: a detached JWS over the record's exact bytes and every attribute that matters.

Whoever may write to a topic of ours could otherwise claim to be anybody. The signature (RFC 7515, ES256, content
detached as in its appendix F) travels in the header `ce_signature`; topic, key and all attributes of the event are in
its protected header, so that a record which is moved to another topic, key or event id no longer verifies.
"""

from collections.abc import Mapping
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

ALGORITHM: Final = "ES256"
TYPE: Final = "saraban-event+jws"
LONGEST: Final = 4_096
"""Characters of a signature: far more than any needs."""

_REGISTRY: Final = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)


class BadSignatureError(Exception):
    """The signature is none, is another key's, or belongs to other bytes or attributes."""


def sign(attributes: Mapping[str, str | int], data: bytes, key: ECKey) -> str:
    """The signature for an event. `key` is a private P-256 key; its `kid`, or else its thumbprint, names it."""
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid or key.thumbprint(), "event": dict(attributes)}
    return str(jws.detach_content(jws.serialize_compact(header, data, key, registry=_REGISTRY)))


def check(signature: str, attributes: Mapping[str, str | int], data: bytes, keys: KeySet) -> None:
    """Raises BadSignatureError unless one of the keys signed these bytes with these attributes."""
    if len(signature) > LONGEST:
        raise BadSignatureError
    try:
        found = jws.deserialize_compact(signature, keys, registry=_REGISTRY, payload=data)
    except (JoseError, ValueError, TypeError, KeyError):
        raise BadSignatureError from None
    header = found.headers()
    if header.get("typ") != TYPE or header.get("event") != dict(attributes):
        raise BadSignatureError
