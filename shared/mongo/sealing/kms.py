"""Talks to key servers for libmongocrypt: it makes the messages, this carries them, over TLS and in bounded time."""

import socket
import ssl
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from pymongocrypt.errors import MongoCryptError

from shared.failures import Unavailable

CALL_S = 5.0
"""To connect, and for each wait for more of an answer."""
WHOLE_S = 30.0
"""All calls for one piece of work together, with their repeats."""
_HTTPS: Final = 443


class KmsUnavailable(Unavailable):
    """The key server did not answer in time. That says nothing of any seal."""


class _NotBegunError(OSError):
    """The connection ended before any of the answer had come."""


class KmsCalls:
    """The calls of one piece of work. Several threads may call; `close` in the end.

    A call that fails is repeated as libmongocrypt wishes (three times, with growing waits). Connections to KMIP servers
    are kept for the next call: most of a call's cost is their handshake. The clouds close theirs.
    """

    def __init__(self, tls: Mapping[str, ssl.SSLContext]) -> None:
        self._tls = tls
        self._until = time.monotonic() + WHOLE_S
        self._kept: defaultdict[str, list[ssl.SSLSocket]] = defaultdict(list)
        self.calls = 0

    def carry(self, message: Any) -> None:
        """Send a message of libmongocrypt and feed it the answer.

        Raises KmsUnavailable, or MongoCryptError when the server answered and refused.
        """
        self.calls += 1
        self._pause(message.usleep / 1e6)
        provider, endpoint = str(message.kms_provider), str(message.endpoint)
        try:
            self._exchange(provider, endpoint, message)
        except OSError as error:
            try:
                message.fail()
            except MongoCryptError:
                raise KmsUnavailable(f"no answer from the key server ({type(error).__name__})") from None

    def _exchange(self, provider: str, endpoint: str, message: Any) -> None:
        kept = self._kept[endpoint]
        while kept:
            connection = kept.pop()
            try:
                self._send(connection, message)
            except _NotBegunError:
                connection.close()  # the server closed it while it lay idle
            except BaseException:
                connection.close()
                raise
            else:
                kept.append(connection)
                return
        connection = self._connect(provider, endpoint)
        try:
            self._send(connection, message)
        except BaseException:
            connection.close()
            raise
        if provider.startswith("kmip"):
            kept.append(connection)
        else:
            connection.close()

    def _send(self, connection: ssl.SSLSocket, message: Any) -> None:
        try:
            connection.settimeout(self._left())
            connection.sendall(message.message)
            data = connection.recv(message.bytes_needed)
        except OSError as error:
            raise _NotBegunError(type(error).__name__) from error
        if not data:
            raise _NotBegunError("closed")
        while True:
            message.feed(data)
            wanted = message.bytes_needed
            if wanted <= 0:
                return
            connection.settimeout(self._left())
            data = connection.recv(wanted)
            if not data:
                raise ConnectionResetError("the answer broke off")

    def _connect(self, provider: str, endpoint: str) -> ssl.SSLSocket:
        host, _, port = endpoint.rpartition(":") if ":" in endpoint else (endpoint, "", str(_HTTPS))
        plain = socket.create_connection((host, int(port)), timeout=self._left())
        try:
            return self._tls[provider].wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise

    def _left(self) -> float:
        left = min(CALL_S, self._until - time.monotonic())
        if left <= 0:
            raise KmsUnavailable("no answer from the key server in time")
        return left

    def _pause(self, seconds: float) -> None:
        if time.monotonic() + seconds > self._until:
            raise KmsUnavailable("no answer from the key server in time")
        time.sleep(seconds)

    def close(self) -> None:
        """Close what was kept."""
        for connections in self._kept.values():
            for connection in connections:
                connection.close()
        self._kept.clear()
