"""The numbers that stand for a claim: its id, and the short code that goes to the registered contact."""

import hashlib
import hmac
import secrets

from pydantic import SecretBytes

DIGITS = 6


def new_claim_id() -> str:
    """144 random bits; the caller keeps them, the database a hash of them."""
    return secrets.token_urlsafe(18)


def reference(claim_id: str) -> str:
    """The hash under which a claim is kept and spoken of."""
    return hashlib.sha256(claim_id.encode()).hexdigest()[:32]


def code_of(claim: str, key: SecretBytes) -> str:
    """The six digits that belong to a claim (by its reference).

    They follow from a key that is not in the database, so nothing at rest tells them, hashed or not, and a mail that
    is sent again says the same.
    """
    made = hmac.digest(key.get_secret_value(), b"code " + claim.encode(), "sha256")
    return f"{int.from_bytes(made[:8], 'big') % 10**DIGITS:0{DIGITS}d}"


def fits(code: str, claim: str, key: SecretBytes) -> bool:
    """Whether a code belongs to a claim; takes the same time whatever the answer."""
    return hmac.compare_digest(code.encode(), code_of(claim, key).encode())


def key_digest(idempotency_key: str, claim: str) -> bytes:
    """What is kept of the key of a reveal, to know its repeat."""
    return hmac.digest(idempotency_key.encode(), b"reveal " + claim.encode(), "sha256")
