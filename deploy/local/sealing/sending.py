"""Seals lines to a key that the vault publishes, signs them, hands them in, and follows what becomes of them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from joserfc.jwk import ECKey

from shared.security.sealed_batches import Envelope, seal, sign

ENDED = frozenset({"done", "refused", "expired"})
PATIENCE_S = 900.0
_PAGE = 200


class RefusedError(Exception):
    """The vault refused. `problem` is its document."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        said = problem.get("detail_en") or problem.get("title_en") or "no explanation"
        super().__init__(f"{status} {said}")
        self.status, self.problem = status, problem


class UnreachableError(Exception):
    """No vault answered at the address."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"ติดต่อตู้นิรภัยรหัสไม่ได้ / no answer from {url}: {reason}")


@dataclass(frozen=True)
class Sender:
    """Who hands in: the source under which a publisher is registered, and the private key it signs with."""

    source: str
    key: ECKey


class VaultDoor:
    """The vault's public HTTP, as a sender uses it. Repeating any call is safe."""

    def __init__(self, url: str, token: str, *, client: httpx.Client | None = None) -> None:
        self._url = url.rstrip("/")
        self._http = client or httpx.Client(timeout=120.0)
        self._headers = {"Authorization": f"Bearer {token}"}

    def hand_in(self, round_id: str, lines: Sequence[bytes], sender: Sender) -> dict[str, Any]:
        """Open a batch, seal the lines to its key, hand them in. The batch as the vault has it."""
        batch = self.ask("POST", f"/v1/rounds/{round_id}/batches", {"way": "file"})
        sealed = seal_lines(batch, lines, sender)
        return self.ask("POST", f"/v1/rounds/{round_id}/credentials", {"sealed": sealed})

    def follow(
        self, batch: Mapping[str, Any], tick: Callable[[int, int], None], *, within: float = PATIENCE_S
    ) -> dict[str, Any]:
        """Wait until a batch has come to its end. Raises TimeoutError."""
        until = time.monotonic() + within
        while True:
            found = self.ask("GET", f"/v1/rounds/{batch['round']}/batches/{batch['batch']}")
            tick(found["done"], found["lines"])
            if found["state"] in ENDED:
                return found
            if time.monotonic() > until:
                raise TimeoutError(f"batch {batch['batch']} is {found['state']} after {within:.0f} s")
            time.sleep(0.5)

    def verdicts(self, batch: Mapping[str, Any], verdict: str) -> Iterator[dict[str, Any]]:
        """The lines of a batch that got this verdict."""
        path, cursor = f"/v1/rounds/{batch['round']}/batches/{batch['batch']}/verdicts", None
        while True:
            asked = {"verdict": verdict, "limit": str(_PAGE), **({"cursor": cursor} if cursor else {})}
            page = self.ask("GET", path, params=asked)
            yield from page["items"]
            cursor = page["next"]
            if not cursor:
                return

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """One request. Raises RefusedError, UnreachableError."""
        try:
            answer = self._http.request(method, self._url + path, json=body, params=params, headers=self._headers)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise UnreachableError(self._url, type(error).__name__) from None
        try:
            found: dict[str, Any] = answer.json()
        except ValueError:
            found = {}
        if not answer.is_success:
            raise RefusedError(answer.status_code, found)
        return found


def seal_lines(batch: Mapping[str, Any], lines: Sequence[bytes], sender: Sender) -> str:
    """Lines sealed for a batch that the vault opened, and signed."""
    sealed = seal(b"\n".join(lines) + b"\n", ECKey.import_key(batch["key"]))
    now = int(datetime.now(UTC).timestamp())
    envelope = Envelope(iss=sender.source, round=batch["round"], batch=batch["batch"], iat=now, sealed=sealed)
    return sign(envelope, sender.key)
