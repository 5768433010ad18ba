"""An inspector that was taken over: it does what the file says. Run as a program by the tests of the room."""

import ctypes
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from services.submissions.inspecting.inspector.__main__ import main

STOPPED, DONE = {"pages": 1}, {"pages": 2}


def dial(kind: int, address: tuple[str, int]) -> None:
    with socket.socket(socket.AF_INET, kind) as link:
        link.settimeout(2)
        link.connect(address)
        link.send(b"x")


def become_root() -> None:
    os.setresuid(0, 0, 0)


def raise_limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def secrets_in_the_environment() -> None:
    if set(os.environ) <= {"LC_CTYPE"}:  # which Python itself adds
        raise PermissionError


def overwrite() -> None:
    os.write(3, b"other bytes")


def new_network() -> None:
    if ctypes.CDLL(None).unshare(0x10000000 | 0x40000000) != 0:
        raise PermissionError
    dial(socket.SOCK_STREAM, ("127.0.0.1", 1))


ATTEMPTS: dict[str, Callable[[], object]] = {
    "read /etc/passwd": lambda: Path("/etc/passwd").read_bytes(),
    "read the parent's environment": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    "list the root": lambda: next(Path("/").iterdir()),
    "write a file": lambda: Path("/left-behind").write_bytes(b"x"),
    "run a program": lambda: os.execv("/bin/sh", ["sh"]),
    "start a process": fork,
    "become root": become_root,
    "lift its limits": raise_limits,
    "find secrets in the environment": secrets_in_the_environment,
    "change the file": overwrite,
    "make a network of its own": new_network,
}


def obey(file: BinaryIO, copy: BinaryIO | None) -> dict[str, object]:  # noqa: C901, PLR0912
    order = json.loads(file.read())
    match order:
        case {"dial": [kind, host, port]}:
            return attempt(lambda: dial(getattr(socket, kind), (host, port)))
        case {"attempt": name}:
            return attempt(ATTEMPTS[name])
        case {"hang": True}:
            while True:
                os.read(os.pipe()[0], 1)
        case {"spin": True}:
            while True:
                pass
        case {"eat": True}:
            return {"pages": len(bytearray(8 << 30))}
        case {"crash": signal}:
            os.kill(os.getpid(), signal)
        case {"leave": code}:
            os._exit(code)
        case {"copy": text, "pages": pages}:
            os.write(5, text.encode())
            return {"pages": pages}
        case {"fill": size}:
            while size > 0:
                size -= os.write(5, bytes(1 << 20))
        case {"say": text}:
            os.write(4, text.encode())
            os._exit(0)
    return {"pages": 7}


def attempt(deed: Callable[[], object]) -> dict[str, object]:
    try:
        deed()
    except (OSError, ValueError, MemoryError, StopIteration):
        return dict(STOPPED)
    return dict(DONE)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), json.loads(sys.argv[2]), obey))
