"""Which port each server listens on: a fixed one that people can remember, unless somebody else has it."""

from __future__ import annotations

import random
import socket
import threading

from deploy.local.state import State

HOST = "127.0.0.1"

DEFAULTS = {
    "registry": 8081,
    "credentials": 8082,
    "submissions": 8083,
    "notifier": 8084,
    "issuer": 8090,
    "mail-web": 8025,
    "smtp": 1025,
    "mongo": 27017,
    "s3": 8333,
    "kafka": 9092,
}
"""Ports that stand in the documents. What is not named here (a server's inner ports) goes wherever there is room."""

ROOM = range(12_000, 32_000)
"""Below the range from which the kernel lends ports to clients, so that a remembered port is still free tomorrow."""

RESERVED = frozenset(DEFAULTS.values())


def free(port: int) -> bool:
    """Whether nobody listens on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


class Ports:
    """Hands out ports by name, and remembers them in the stack's state at once.

    With `fixed` False (tests, several stacks side by side) the defaults are not used.
    """

    def __init__(self, state: State, *, fixed: bool = True) -> None:
        self._state = state
        self.moved: dict[str, tuple[int, int]] = {}
        self._fixed = fixed
        self._lock = threading.Lock()

    def claim(self, name: str) -> int:
        """A port for a server that does not run yet. When its usual one is taken, another; `moved` then tells both."""
        with self._lock:
            table = self._state.ports
            usual = table.get(name) or (DEFAULTS.get(name) if self._fixed else None)
            port = usual
            others = {value for key, value in table.items() if key != name}
            if port is None or port in others or not free(port):
                port = self._anywhere(others)
                if usual is not None:
                    self.moved[name] = (usual, port)
            if table.get(name) != port:
                table[name] = port
                self._state.save()
            return port

    def __getitem__(self, name: str) -> int:
        """The port that `name` was given. KeyError when it was never started."""
        return self._state.ports[name]

    @staticmethod
    def _anywhere(others: set[int]) -> int:
        for port in random.SystemRandom().sample(ROOM, 500):
            if port not in others and port not in RESERVED and free(port):
                return port
        raise OSError("no free port between 12000 and 32000 on 127.0.0.1")
