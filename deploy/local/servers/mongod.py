"""The real mongod 6.0, out of a Python wheel, as a replica set of one."""

from __future__ import annotations

import importlib.util
import stat
from pathlib import Path

from deploy.local.ports import HOST, Ports
from deploy.local.process import Process

REPLICA_SET = "saraban"

CACHE_GB = 0.4
"""WiredTiger's cache; unset it would take half of the machine's memory."""


class Mongod:
    """Journaled as every replica set is: an acknowledged majority write survives kill -9."""

    name = "mongo"
    needs: tuple[str, ...] = ()

    def __init__(self, directory: Path, ports: Ports) -> None:
        self.process = Process(self.name, directory)
        self._data = directory / "mongo"
        self._ports = ports

    @property
    def address(self) -> str:
        return f"mongodb://{HOST}:{self._ports[self.name]}/?replicaSet={REPLICA_SET}"

    def start(self) -> None:
        if self.process.alive():
            return
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = {
            "--dbpath": self._data,
            "--port": self._ports.claim(self.name),
            "--bind_ip": HOST,
            "--replSet": REPLICA_SET,
            "--wiredTigerCacheSizeGB": CACHE_GB,
            "--oplogSize": 512,
        }
        flags = ["--nounixsocket", "--quiet"]
        parameters = ["diagnosticDataCollectionEnabled=false", "shutdownTimeoutMillisForSignaledShutdown=100"]
        self.process.spawn(
            [
                str(binary()),
                *(str(word) for option in options.items() for word in option),
                *flags,
                *(word for parameter in parameters for word in ("--setParameter", parameter)),
            ]
        )

    def ready(self) -> bool:
        from shared.mongo.replica_set import ensure_primary

        return ensure_primary(HOST, self._ports[self.name], REPLICA_SET)

    def stop(self) -> None:
        self.process.stop(patience=20)


def binary() -> Path:
    """The program in the wheel, with the run bit that the wheel forgot. FileNotFoundError when it is not installed."""
    found = importlib.util.find_spec("fiftyone")
    for place in (found.submodule_search_locations or []) if found else []:
        path = Path(place) / "db" / "bin" / "mongod"
        if path.exists():
            if not path.stat().st_mode & stat.S_IXUSR:
                path.chmod(0o755)
            return path
    raise FileNotFoundError("mongod is not installed: run `make .venv`")
