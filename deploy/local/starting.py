"""Brings servers up side by side, each as soon as what it needs is ready, and takes them down the other way round."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Literal, Protocol

from deploy.local.servers.foreign import Foreign
from deploy.local.servers.server import Owned, Server

Step = Literal["fetching", "starting", "found", "ready", "failed", "stopping", "stopped"]


class Report(Protocol):
    """Is told of every step of every server, from several threads at once."""

    def __call__(self, name: str, step: Step, note: str = "") -> None:
        """`note` is one line for people, where there is more to say."""


def silent(name: str, step: Step, note: str = "") -> None:
    """A report to nobody."""


PATIENCE_S = 90.0
"""How long a server may take from its start to its first true answer (a JVM on a busy machine needs half of it)."""


FOREIGN_PATIENCE_S = 8.0
"""A server that the user brought is there or it is not."""


class NotReadyError(Exception):
    """A server did not come up. The message names it and ends with the last lines of its log."""


def bring_up(servers: Mapping[str, Server], report: Report, patience: float = PATIENCE_S) -> None:
    """Starts every server and returns when each has answered truly. Raises NotReadyError of one that does not."""
    ready = {name: threading.Event() for name in servers}
    given_up = threading.Event()

    def one(server: Server) -> None:
        for need in server.needs:
            while need in ready and not ready[need].wait(0.1):
                if given_up.is_set():
                    return
        if given_up.is_set():
            return
        try:
            _start(server, report, patience, given_up)
        except BaseException:
            if given_up.is_set():
                return  # the one that failed first is the one to tell of
            given_up.set()
            report(server.name, "failed")
            raise
        ready[server.name].set()

    with ThreadPoolExecutor(len(servers) or 1, "start") as pool:
        try:
            tasks = [pool.submit(one, server) for server in servers.values()]
            wait(tasks, return_when=FIRST_EXCEPTION)
        except BaseException:  # Ctrl-C: the threads must not go on waiting for servers
            given_up.set()
            raise
    for task in tasks:
        task.result()


def await_ready(server: Server, patience: float = PATIENCE_S, given_up: threading.Event | None = None) -> None:
    """Waits for a server that was started. Raises NotReadyError when its process ends or the seconds pass."""
    if isinstance(server, Foreign):
        patience = min(patience, FOREIGN_PATIENCE_S)
    deadline = time.monotonic() + patience
    while not server.ready():
        if given_up is not None and given_up.is_set():
            raise NotReadyError(f"{server.name} was given up because another server failed")
        if isinstance(server, Owned) and not server.process.alive():
            raise NotReadyError(f"{server.name} ended before it was ready\n{server.process.tail()}")
        if time.monotonic() > deadline:
            raise NotReadyError(_silence(server, patience))
        time.sleep(0.05)


def _silence(server: Server, patience: float) -> str:
    if isinstance(server, Foreign):  # its address may hold a password
        return f"{server.variable}: the server that it names does not answer"
    tail = server.process.tail() if isinstance(server, Owned) else ""
    return f"{server.name} did not answer within {patience:.0f} s\n{tail}".strip()


def bring_down(servers: Iterable[Server], report: Report) -> None:
    """Stops servers, each after those that need it."""
    left = {server.name: server for server in servers}
    while left:
        needed = {need for server in left.values() for need in server.needs}
        now = [server for server in left.values() if server.name not in needed]
        with ThreadPoolExecutor(len(now), "stop") as pool:
            list(pool.map(lambda server: _stop(server, report), now))
        for server in now:
            del left[server.name]


def _start(server: Server, report: Report, patience: float, given_up: threading.Event) -> None:
    found = isinstance(server, Foreign) or (isinstance(server, Owned) and server.process.alive())
    if not found:
        report(server.name, "starting")
    server.start()
    try:
        await_ready(server, patience, given_up)
    except NotReadyError:
        if not isinstance(server, Owned) or server.process.alive():
            raise
        if not found and not _lost_its_port(server):
            raise
        # One that was found may have been dying of a kill -9 of a moment ago.
        server.start()
        await_ready(server, patience, given_up)
    report(server.name, "found" if found else "ready")


def _lost_its_port(server: Owned) -> bool:
    """Whether somebody took its port between the look and the start: the next start gets another one."""
    return "address already in use" in server.process.tail(30).lower()


def _stop(server: Server, report: Report) -> None:
    running = isinstance(server, Owned) and server.process.alive()
    if running:
        report(server.name, "stopping")
    server.stop()
    if running:
        report(server.name, "stopped")
