"""Hands lists out as files: written, logged, named."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

from fastapi import Response

from services.registry.reading.exports import answer, export, file_name
from services.registry.reading.filters import Filter
from services.registry.reading.sheets import Format, Table
from services.registry.store import RegistryStore
from shared.security.scope import DEPARTMENT_CODE
from shared.telemetry import get_logger
from shared.thai.calendar import now_in_bangkok

log = get_logger()

R = TypeVar("R")


class HandingOut:
    """Every room of the registry gives its lists away through this one."""

    def __init__(self, store: RegistryStore) -> None:
        self._store = store

    async def hand(
        self, table: Table[R], kind: Format, batches: AsyncIterator[Sequence[R]], wanted: Filter, plain: str
    ) -> Response:
        """The file of these rows. `plain` names the list in ASCII; `wanted` says whose it is, and of which round."""
        started = time.perf_counter()
        made = await export(table, kind, batches)
        seconds = round(time.perf_counter() - started, 3)
        log.info("registry.list.exported", list=plain, format=kind, rows=made.rows, bytes=made.size, seconds=seconds)
        root = None if wanted.root == DEPARTMENT_CODE else await self._store.organization(wanted.root)
        name = root.name if root else None
        return answer(made, file_name(table.title, plain, wanted, name, now_in_bangkok().date()))
