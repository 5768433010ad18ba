"""Reads as of one moment: a list that is read page by page is one list, whatever is written in between.

The server keeps what it needs for this for some minutes (`minSnapshotHistoryWindowInSeconds`, 300 by default).
"""

import re
from typing import Any

from bson import Timestamp
from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo.errors import AutoReconnect, OperationFailure

_MOMENT = re.compile(r"(\d{1,10})\.(\d{1,10})", re.ASCII)
_LARGEST = 2**32 - 1
_FORGOTTEN = frozenset({72, 239, 246})
"""InvalidOptions (a moment that has not come yet), SnapshotTooOld, SnapshotUnavailable."""


async def found_at(
    collection: AsyncIOMotorCollection[dict[str, Any]], command: dict[str, Any], moment: str | None
) -> tuple[list[dict[str, Any]], str]:
    """Run a `find` command with one batch as of a moment (None or a forgotten one: now); what it found, and when."""
    at = _read(moment)
    try:
        return await _run(collection, command, at)
    except AutoReconnect:  # as the driver does for other reads, once
        return await _run(collection, command, at)
    except OperationFailure as error:
        if at is None or error.code not in _FORGOTTEN:
            raise
        return await _run(collection, command, None)


async def _run(
    collection: AsyncIOMotorCollection[dict[str, Any]], command: dict[str, Any], at: Timestamp | None
) -> tuple[list[dict[str, Any]], str]:
    concern: dict[str, Any] = {"level": "snapshot"} | ({"atClusterTime": at} if at else {})
    answer = await collection.database.command(
        command | {"readConcern": concern}, codec_options=collection.codec_options
    )
    found, when = answer["cursor"]["firstBatch"], answer["cursor"]["atClusterTime"]
    return found, f"{when.time}.{when.inc}"


def _read(moment: str | None) -> Timestamp | None:
    parts = _MOMENT.fullmatch(moment) if moment else None
    if parts is None:
        return None
    time, number = int(parts[1]), int(parts[2])
    return Timestamp(time, number) if 0 < time <= _LARGEST and number <= _LARGEST else None
