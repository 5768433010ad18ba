"""A server that the user brought, named by an environment variable: used, never started or stopped."""

from __future__ import annotations

from collections.abc import Callable


class Foreign:
    """Stands in the place of a server of the stack. `variable` is the one that names it."""

    needs: tuple[str, ...] = ()

    def __init__(self, name: str, variable: str, address: str, answers: Callable[[], bool]) -> None:
        self.name = name
        self.variable = variable
        self.address = address
        self._answers = answers

    def start(self) -> None:
        """Nothing: it is not ours."""

    def ready(self) -> bool:
        return self._answers()

    def stop(self) -> None:
        """Nothing: it is not ours."""
