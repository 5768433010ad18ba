"""Bearer tokens of an OpenID Connect issuer, checked against its published keys."""

import asyncio
import json
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import httpx
from joserfc import jws
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from shared.failures import Unavailable
from shared.security.principals import Principal, Role

ALGORITHMS: Final = ("ES256", "RS256")
"""Asymmetric alone: nothing a key holder's public half could forge, and never `none`."""

LONGEST_TOKEN: Final = 8192
LEEWAY_S: Final = 30
KEYS_FRESH_S: Final = 600.0
"""Keys are fetched again after this, so that a withdrawn key stops working."""
KEYS_USABLE_S: Final = 3600.0
"""With the issuer down, known keys serve this long."""
REFRESH_GAP_S: Final = 10.0
"""Least time between two fetches caused by unknown key ids: strangers can't make us hammer the issuer."""


class TokenFault(StrEnum):
    """Why a token was refused."""

    MALFORMED = "malformed"
    BAD_SIGNATURE = "bad-signature"
    UNKNOWN_KEY = "unknown-key"
    UNKNOWN_ISSUER = "unknown-issuer"
    WRONG_AUDIENCE = "wrong-audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    BAD_CLAIMS = "bad-claims"


class TokenRefused(Exception):  # noqa: N818 a refusal, not an error of ours
    """The token proves nothing; `fault` says why. The token itself is in no message."""

    def __init__(self, fault: TokenFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class TokenVerifier:
    """Checks tokens of one issuer for one audience.

    Keys come from the issuer's discovery document and are cached. Safe for many tasks at once.
    `http` is owned by the caller, who closes it.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        http: httpx.AsyncClient,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer, self._audience, self._http = issuer, audience, http
        self._clock, self._monotonic = clock, monotonic
        self._keys: KeySet | None = None
        self._fetched = self._tried = float("-inf")
        self._lock = asyncio.Lock()

    async def verify(self, token: str) -> Principal:
        """The principal behind a token. Raises TokenRefused, or Unavailable if keys can't be had."""
        signed = _parse(token)
        algorithm, kid = signed.headers().get("alg"), signed.headers().get("kid")
        if algorithm not in ALGORITHMS or not isinstance(kid, str | None):
            raise TokenRefused(TokenFault.BAD_SIGNATURE)
        keys = await self._keys_for(kid)
        try:
            genuine = jws.validate_compact(signed, keys, list(ALGORITHMS))
        except InvalidKeyIdError:
            raise TokenRefused(TokenFault.UNKNOWN_KEY) from None
        except (BadSignatureError, JoseError, ValueError):
            genuine = False
        if not genuine:
            raise TokenRefused(TokenFault.BAD_SIGNATURE)
        return principal_of(_claims(signed.payload), self._issuer, self._audience, self._clock())

    async def ready(self) -> None:
        """Fetch the keys if there are none yet. Raises Unavailable."""
        if self._keys is None:
            await self._refresh(self._monotonic())

    async def _keys_for(self, kid: str | None) -> KeySet:
        now = self._monotonic()
        stale = now - self._fetched > KEYS_FRESH_S
        unknown = self._keys is not None and not _knows(self._keys, kid)
        if self._keys is None or stale or (unknown and now - self._tried > REFRESH_GAP_S):
            await self._refresh(now)
        assert self._keys is not None
        return self._keys

    async def _refresh(self, asked: float) -> None:
        async with self._lock:
            if self._fetched > asked or (self._keys is not None and self._tried > asked):
                return
            usable = self._keys is not None and asked - self._fetched < KEYS_USABLE_S
            if usable and asked - self._tried < REFRESH_GAP_S:
                return
            self._tried = self._monotonic()
            try:
                self._keys = await self._fetch()
                self._fetched = self._monotonic()
            except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
                if not usable:
                    raise Unavailable("the issuer's keys can't be had") from error

    async def _fetch(self) -> KeySet:
        about = await self._json(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        if about["issuer"] != self._issuer:
            raise ValueError("the discovery document speaks for another issuer")
        published = await self._json(about["jwks_uri"])
        signing = [
            key for key in published["keys"] if key.get("use", "sig") == "sig" and key.get("kty") in {"EC", "RSA"}
        ]
        return KeySet.import_key_set({"keys": signing})

    async def _json(self, address: str) -> dict[str, Any]:
        answer = await self._http.get(address, timeout=5.0)
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict):
            raise TypeError("not a JSON object")
        return found


def _knows(keys: KeySet, kid: str | None) -> bool:
    return kid is None or any(key.kid == kid for key in keys)


def _parse(token: str) -> jws.CompactSignature:
    if len(token) > LONGEST_TOKEN:
        raise TokenRefused(TokenFault.MALFORMED)
    try:
        return jws.extract_compact(token.encode("ascii"))
    except (JoseError, ValueError, KeyError, TypeError):
        raise TokenRefused(TokenFault.MALFORMED) from None


def _claims(payload: bytes | None) -> dict[str, Any]:
    try:
        claims = json.loads(payload or b"")
    except (ValueError, RecursionError):
        raise TokenRefused(TokenFault.MALFORMED) from None
    if not isinstance(claims, dict):
        raise TokenRefused(TokenFault.MALFORMED)
    return claims


def principal_of(claims: dict[str, Any], issuer: str, audience: str, now: float) -> Principal:
    """The principal a token's claims stand for, at `now` in seconds of the epoch. Raises TokenRefused."""
    if claims.get("iss") != issuer:
        raise TokenRefused(TokenFault.UNKNOWN_ISSUER)
    meant_for = claims.get("aud")
    if audience != meant_for and not (isinstance(meant_for, list) and audience in meant_for):
        raise TokenRefused(TokenFault.WRONG_AUDIENCE)
    if now >= _instant(claims, "exp") + LEEWAY_S:
        raise TokenRefused(TokenFault.EXPIRED)
    if "nbf" in claims and now < _instant(claims, "nbf") - LEEWAY_S:
        raise TokenRefused(TokenFault.NOT_YET_VALID)
    subject, org = claims.get("sub"), claims.get("org")
    if not (isinstance(subject, str) and subject and isinstance(org, str) and org):
        raise TokenRefused(TokenFault.BAD_CLAIMS)
    try:
        return Principal(subject=subject, role=Role(str(claims.get("role"))), org=org)
    except ValueError:
        raise TokenRefused(TokenFault.BAD_CLAIMS) from None


def _instant(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:  # noqa: PLR2004
        raise TokenRefused(TokenFault.BAD_CLAIMS)
    return float(value)
