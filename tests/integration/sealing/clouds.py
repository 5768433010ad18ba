"""HTTPS servers with the shapes of the clouds' key services: what the driver sends them is real, they are not.

They wrap with AES-GCM under a key per name, refuse what they did not wrap, and want a credential with every call.
"""

import base64
import json
import os
import ssl
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Answer = tuple[int, dict[str, Any]]


class Cloud(ThreadingHTTPServer):
    """All three at one address; they differ by path and header.

    The next `broken` calls end without an answer; while `answers` is not set, calls get none and do not end.
    """

    daemon_threads = True

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.keys: defaultdict[str, AESGCM] = defaultdict(lambda: AESGCM(os.urandom(32)))
        self.calls: Counter[str] = Counter()
        self.broken = 0
        self.answers = threading.Event()
        self.answers.set()

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is part of the tests."""

    def wrap(self, name: str, content: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self.keys[name].encrypt(nonce, content, None)

    def unwrap(self, name: str, content: bytes) -> bytes:
        return self.keys[name].decrypt(content[:12], content[12:], None)


class _Handler(BaseHTTPRequestHandler):
    server: Cloud
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.server.answers.wait(30):
            return
        if self.server.broken > 0:
            self.server.broken -= 1
            self.close_connection = True
            return
        try:
            status, said = self._answer(body)
        except (InvalidTag, KeyError):
            status, said = 400, {"message": "refused"}
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _answer(self, body: bytes) -> Answer:
        target = self.headers.get("X-Amz-Target", "")
        if target:
            return self._aws(target.partition(".")[2], json.loads(body))
        if self.path.endswith("/token"):
            self.server.calls["token"] += 1
            return 200, {"access_token": "the-token", "expires_in": 3600, "token_type": "Bearer"}
        if self.headers.get("Authorization") != "Bearer the-token":
            return 401, {"message": "no token"}
        path, _, what = self.path.partition("?")[0].replace(":", "/").rpartition("/")
        self.server.calls[what] += 1
        given = json.loads(body)
        if what in {"wrapkey", "unwrapkey"}:
            return self._azure(path, what, given)
        if what == "encrypt":
            wrapped = self.server.wrap(path, base64.b64decode(given["plaintext"]))
            return 200, {"name": path, "ciphertext": base64.b64encode(wrapped).decode()}
        opened = self.server.unwrap(path, base64.b64decode(given["ciphertext"]))
        return 200, {"plaintext": base64.b64encode(opened).decode()}

    def _aws(self, what: str, given: dict[str, str]) -> Answer:
        if not self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=AKTEST/"):
            return 400, {"__type": "UnrecognizedClientException"}
        self.server.calls[what] += 1
        if what == "Encrypt":
            wrapped = self.server.wrap("aws " + given["KeyId"], base64.b64decode(given["Plaintext"]))
            # Amazon's ciphertext names its own key; so does this one.
            named = json.dumps([given["KeyId"], base64.b64encode(wrapped).decode()]).encode()
            return 200, {"CiphertextBlob": base64.b64encode(named).decode(), "KeyId": given["KeyId"]}
        key, wrapped64 = json.loads(base64.b64decode(given["CiphertextBlob"]))
        opened = self.server.unwrap("aws " + key, base64.b64decode(wrapped64))
        return 200, {"Plaintext": base64.b64encode(opened).decode(), "KeyId": key}

    def _azure(self, path: str, what: str, given: dict[str, str]) -> Answer:
        value = base64.urlsafe_b64decode(given["value"] + "==")
        done = self.server.wrap(path, value) if what == "wrapkey" else self.server.unwrap(path, value)
        return 200, {"kid": path, "value": base64.urlsafe_b64encode(done).decode().rstrip("=")}


@contextmanager
def cloud(certificate: Path) -> Iterator[Cloud]:
    """A running one."""
    server = Cloud(certificate)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
