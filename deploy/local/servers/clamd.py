"""Whether a virus scanner answers."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

WITHIN_S = 3.0


def answers(url: str) -> bool:
    """One PING to a clamd at `tcp://host:port` or `unix:///path` (clamd(8))."""
    try:
        address = urlsplit(url)
        with _connected(address.scheme, address.path, address.hostname or "", address.port or 0) as connection:
            connection.sendall(b"zPING\0")
            return connection.recv(16) == b"PONG\0"
    except (OSError, ValueError):
        return False


def _connected(scheme: str, path: str, host: str, port: int) -> socket.socket:
    if scheme != "unix":
        return socket.create_connection((host, port), timeout=WITHIN_S)
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        found.settimeout(WITHIN_S)
        found.connect(path)
    except OSError:
        found.close()
        raise
    return found
