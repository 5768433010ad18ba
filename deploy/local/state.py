"""What a data folder remembers: which stack it belongs to, its ports, its cluster id, and its secrets."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, cast

Kind = Literal["local", "real"]


class WrongStackError(Exception):
    """The data folder was made by the other stack; their brokers cannot read each other's data."""


def default_directory(kind: Kind) -> Path:
    """Where a stack's data lies when nothing is said: the XDG data home, one folder for each kind of stack."""
    home = os.environ.get("XDG_DATA_HOME")
    base = Path(home) if home else Path.home() / ".local" / "share"
    return base / ("saraban" if kind == "local" else "saraban-real")


class State:
    """The file `stack.json` of one data folder, and the secrets beside it. The folder is made 0700."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self._file = self.directory / "stack.json"
        self._values: dict[str, object] = {}
        if self._file.exists():
            self._values = json.loads(self._file.read_text())

    @property
    def exists(self) -> bool:
        """Whether a stack was ever started here."""
        return self._file.exists()

    @property
    def kind(self) -> Kind | None:
        """The kind of stack whose data this is; None in an empty folder."""
        return cast("Kind | None", self._values.get("kind"))

    @property
    def ports(self) -> dict[str, int]:
        """Ports by server name; a caller may change it and `save`."""
        return cast("dict[str, int]", self._values.setdefault("ports", {}))

    @property
    def brought(self) -> list[str]:
        """Names of the servers that the user brought at the last start."""
        return cast("list[str]", self._values.get("brought", []))

    @brought.setter
    def brought(self, names: list[str]) -> None:
        self._values["brought"] = names

    @property
    def cluster(self) -> str:
        """Id of the Kafka cluster: 16 random bytes in base64, as Kafka itself forms it."""
        return str(self._values.setdefault("cluster", new_cluster_id()))

    def settle(self, kind: Kind) -> None:
        """Makes the folder, or checks that it is of this kind. Raises WrongStackError."""
        if self.kind not in {None, kind}:
            raise WrongStackError(f"{self.directory} holds the data of the {self.kind} stack; give another --data")
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._values["kind"] = kind
        self.save()

    def save(self) -> None:
        """Writes the file in one step: a reader sees the old one or the new one, never half."""
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(self._values, indent=1))
        draft.replace(self._file)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one command at a time starts or stops this stack; a second one waits."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.directory / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if self._file.exists():
                self._values = json.loads(self._file.read_text())
            yield
        finally:
            os.close(handle)

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> Path:
        """The file (0600) of a secret, made at first use and the same ever after."""
        folder = self.directory / "secrets"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / name
        if not path.exists():
            draft = folder / f".{name}.{os.getpid()}.{threading.get_ident()}"
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(make())
            try:
                os.link(draft, path)  # never over one that another command has just made
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path


def new_cluster_id() -> str:
    """A random id in Kafka's form, which must not begin with a dash (its own tools would take it for an option)."""
    return secrets.token_urlsafe(16).replace("-", "_")
