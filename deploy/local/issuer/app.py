"""Discovery, keys and the token endpoint (client credentials, RFC 6749 section 4.4, with two words of our own)."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
from typing import Annotated

from fastapi import FastAPI, Form, Header, HTTPException, Response
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import BaseModel

from shared.security.principals import Role

CLIENT = "saraban-development"
ALGORITHM = "ES256"
LONGEST_S = 30 * 86_400


class Token(BaseModel):
    """The answer of a token endpoint (RFC 6749 section 5.1)."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 (a type, not a secret)
    expires_in: int


def new_key() -> str:
    """A new private signing key, as JSON."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    return json.dumps(key.as_dict(private=True))


def create_app(issuer: str, key: ECKey, secret: str) -> FastAPI:
    """The issuer that speaks under the address `issuer`, signs with `key` and asks clients for `secret`."""
    app = FastAPI(title="Saraban development issuer", docs_url=None, redoc_url=None)

    @app.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, object]:
        return {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/jwks",
            "token_endpoint": f"{issuer}/token",
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "claims_supported": ["iss", "sub", "aud", "iat", "exp", "jti", "role", "org"],
        }

    @app.get("/jwks")
    async def jwks() -> dict[str, object]:
        return {"keys": [key.as_dict(private=False)]}

    @app.post("/token")
    async def token(
        response: Response,
        role: Annotated[Role, Form()],
        org: Annotated[str, Form(min_length=1, max_length=64)],
        grant_type: Annotated[str, Form()] = "client_credentials",
        sub: Annotated[str, Form(max_length=128)] = "",
        ttl: Annotated[int, Form(ge=-LONGEST_S, le=LONGEST_S, description="seconds; below 0: expired")] = 3600,
        audience: Annotated[str, Form(max_length=64)] = "saraban",
        client_id: Annotated[str, Form()] = "",
        client_secret: Annotated[str, Form()] = "",
        authorization: Annotated[str, Header()] = "",
    ) -> Token:
        name, given = basic(authorization) or (client_id, client_secret)
        if name != CLIENT or not secrets.compare_digest(given.encode(), secret.encode()):
            raise HTTPException(401, {"error": "invalid_client"}, {"WWW-Authenticate": "Basic"})
        if grant_type != "client_credentials":
            raise HTTPException(400, {"error": "unsupported_grant_type"})
        response.headers["Cache-Control"] = "no-store"
        now = int(time.time())
        claims = {
            "iss": issuer,
            "sub": sub or f"{role.value}:{org}",
            "aud": audience,
            "iat": min(now, now + ttl),
            "exp": now + ttl,
            "jti": secrets.token_urlsafe(12),
            "role": role.value,
            "org": org,
        }
        return Token(access_token=jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key), expires_in=ttl)

    return app


def basic(header: str) -> tuple[str, str] | None:
    """Name and secret of an HTTP Basic header; None when it is none."""
    scheme, _, words = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, found, secret = base64.b64decode(words, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, secret) if found else None
