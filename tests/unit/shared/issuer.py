"""An OpenID Connect issuer small enough to read: keys, discovery, tokens."""

import time
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

URL = "http://issuer.test"


class Issuer:
    """Signs with `self.keys[-1]`, publishes them all, counts how often it is asked for keys."""

    def __init__(self) -> None:
        self.keys = [ECKey.generate_key("P-256", {"kid": "k0"})]
        self.asked = 0
        self.down = False
        self.claims_to_be = URL

    def rotate(self) -> None:
        self.keys.append(ECKey.generate_key("P-256", {"kid": f"k{len(self.keys)}"}))

    def token(self, role: str = "operator", org: str = "00", /, *, key: ECKey | None = None, **claims: Any) -> str:
        signing = key or self.keys[-1]
        now = int(time.time())
        said = {
            "iss": URL,
            "aud": "saraban",
            "sub": f"{role}-{org}",
            "role": role,
            "org": org,
            "iat": now,
            "exp": now + 300,
        }
        said.update(claims)
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": signing.kid}, said, signing)

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("refused")
        if request.url.path.endswith("/openid-configuration"):
            return httpx.Response(200, json={"issuer": self.claims_to_be, "jwks_uri": URL + "/jwks"})
        self.asked += 1
        return httpx.Response(200, json=KeySet(list(self.keys)).as_dict(private=False))
