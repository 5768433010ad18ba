"""Watches what a service asks of the database, and asks the server how it would answer."""

import functools
import importlib
import inspect
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from shared.mongo import Mongo, Outbox, OutboxEntry

_ASKING = {"find", "aggregate", "update", "delete", "findAndModify", "count", "distinct"}
_NOISE = {"lsid", "$clusterTime", "$db", "txnNumber", "readConcern", "writeConcern", "apiVersion", "$readPreference"}


class Watch(CommandListener):
    """Remembers one command of every shape. Hand it to `build(settings, listeners=[watch])`."""

    def __init__(self) -> None:
        self.commands: dict[str, dict[str, Any]] = {}

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in _ASKING:
            command = {key: value for key, value in dict(event.command).items() if key not in _NOISE}
            for single in _each(event.command_name, command):
                self.commands.setdefault(f"{event.command_name} {single[event.command_name]} {_shape(single)}", single)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Of no interest."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Of no interest."""

    async def scans(self, mongo: Mongo) -> list[str]:
        """The commands that would read a whole collection."""
        found = []
        for shape, command in self.commands.items():
            plan = await mongo.explain(command)
            if "COLLSCAN" in str(plan.get("queryPlanner", plan)):
                found.append(shape)
        return found


def _each(name: str, command: dict[str, Any]) -> list[dict[str, Any]]:
    """Bulk commands hold many operations; explain takes one."""
    part = {"update": "updates", "delete": "deletes"}.get(name)
    if part is None:
        return [command]
    return [{name: command[name], part: [operation]} for operation in command[part]]


def _shape(value: Any) -> Any:
    """A command without its values."""
    if isinstance(value, dict):
        return {key: _shape(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_shape(value[0])] if value else []
    return type(value).__name__ if not isinstance(value, str) or not value.startswith("$") else value


class Silent:
    """Nobody is told: only what is asked and stored matters to these tests."""

    grace = timedelta(hours=1)

    def announce(self, outbox: Outbox, aggregate: str, entries: Sequence[OutboxEntry]) -> None:
        """Leave it to nobody."""


class Asked:
    """Notes which public methods of stores are called while a test runs, so that no query escapes its explain.

    Give it the modules whose classes it should watch, before the service is built.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
        self.all: set[str] = set()
        self.seen: set[str] = set()
        for module in map(importlib.import_module, modules):
            for kind in vars(module).values():
                if inspect.isclass(kind) and kind.__module__ == module.__name__:
                    self._watch(monkeypatch, kind)

    def _watch(self, monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
        for name, method in list(vars(kind).items()):
            if name.startswith("_") or not (inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)):
                continue
            title = f"{kind.__module__}.{kind.__name__}.{name}"
            self.all.add(title)
            monkeypatch.setattr(kind, name, self._noting(title, method))

    def _noting(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def noted(*given: Any, **named: Any) -> Any:
            self.seen.add(name)
            return method(*given, **named)

        return noted

    def never(self) -> list[str]:
        """The methods that nobody called."""
        return sorted(self.all - self.seen)
