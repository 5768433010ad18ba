"""The OpenID Connect issuer for development."""

from __future__ import annotations

import json
from http import HTTPStatus

from deploy.local.ports import HOST, Ports
from deploy.local.process import Process, python
from deploy.local.servers.web import ask
from deploy.local.state import State


class TokenRefusedError(Exception):
    """The issuer did not give the token; the message says what it said."""


class Issuer:
    """Signs tokens of any role for whoever can read the development secret in the data folder."""

    name = "issuer"
    needs: tuple[str, ...] = ()

    def __init__(self, state: State, ports: Ports) -> None:
        self.process = Process(self.name, state.directory)
        self._state = state
        self._ports = ports

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self._ports[self.name]}"

    def start(self) -> None:
        from deploy.local.issuer.app import new_key

        if self.process.alive():
            return
        self._ports.claim(self.name)
        self.process.spawn(
            python("deploy.local.issuer"),
            {
                "ISSUER_URL": self.address,
                "ISSUER_KEY_FILE": str(self._state.secret("issuer-key.json", new_key)),
                "ISSUER_SECRET_FILE": str(self._state.secret("issuer-secret")),
            },
        )

    def ready(self) -> bool:
        try:
            return bool(self.token("auditor", "00", ttl=1))
        except TokenRefusedError:
            return False

    def token(self, role: str, org: str, *, ttl: int = 3600, sub: str = "") -> str:
        """A bearer token. `ttl` in seconds; below zero it has expired already. Raises TokenRefusedError."""
        form = {
            "grant_type": "client_credentials",
            "client_id": "saraban-development",
            "client_secret": self._state.secret("issuer-secret").read_text(),
            "role": role,
            "org": org,
            "ttl": str(ttl),
            "sub": sub,
        }
        answer = ask(f"{self.address}/token", form)
        if answer is None:
            raise TokenRefusedError(f"the issuer at {self.address} does not answer")
        status, body = answer
        if status != HTTPStatus.OK:
            raise TokenRefusedError(body.decode(errors="replace"))
        return str(json.loads(body)["access_token"])

    def stop(self) -> None:
        self.process.stop(patience=3)
