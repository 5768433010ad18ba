"""Asks a Kafka broker for its topics, in fifteen lines of its protocol: no client library to load for one question."""

from __future__ import annotations

import socket
import struct

_METADATA, _VERSION, _CORRELATION = 3, 1, 7_254
_CLIENT = b"saraban-probe"


def answers(address: str, seconds: float = 3) -> bool:
    """Whether the broker at `host:port` lists its topics in time: a round trip through its storage. Never raises."""
    host, _, port = address.rpartition(":")
    body = struct.pack(">hhih", _METADATA, _VERSION, _CORRELATION, len(_CLIENT)) + _CLIENT + struct.pack(">i", -1)
    try:
        with socket.create_connection((host, int(port)), seconds) as link:
            link.sendall(struct.pack(">i", len(body)) + body)
            answer = link.makefile("rb")
            (length,) = struct.unpack(">i", answer.read(4))
            (correlation,) = struct.unpack(">i", answer.read(4))
            rest = answer.read(length - 4)
    except (OSError, ValueError, struct.error):
        return False
    whole = len(rest) == length - 4 and correlation == _CORRELATION
    return whole and int.from_bytes(rest[:4], "big") > 0  # at least one broker
