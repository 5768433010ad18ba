"""The topics as a step of the start: they stand before any service looks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Topics:
    """Makes the topics of the contract that are missing on the broker; leaves the others as they are."""

    name = "topics"
    needs: tuple[str, ...] = ("kafka",)
    address = ""

    def __init__(self, bootstrap: Callable[[], str], namespace: str, partitions: int) -> None:
        self._bootstrap = bootstrap
        self._namespace = namespace
        self._partitions = partitions
        self._made = False

    def start(self) -> None:
        from shared.bus import ensure_topics

        asyncio.run(ensure_topics(self._bootstrap(), self._namespace, self._partitions))
        self._made = True

    def ready(self) -> bool:
        return self._made

    def stop(self) -> None:
        """Nothing: topics stay."""
