"""Watches what a service asks of the database, and asks the server how it would answer."""

from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from shared.mongo import Mongo

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
