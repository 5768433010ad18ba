"""The connection: durable writes, majority reads, bounded waits."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from bson.codec_options import CodecOptions, DatetimeConversion
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ReadPreference, WriteConcern
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    ServerSelectionTimeoutError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern

from shared.mongo.documents import Document, Documents

UNAVAILABLE: tuple[type[Exception], ...] = (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    ServerSelectionTimeoutError,
    WTimeoutError,
)
"""What the driver raises when the server did not answer: worth a retry, never a verdict on the data."""

WRITE_TIMEOUT_MS = 10_000


class Mongo:
    """One service's database.

    Every write waits for a majority and its journal (`w=majority, j=true`), so that what was answered is
    durable. `listeners` are the driver's command listeners (tests watch queries through them).
    """

    def __init__(
        self, url: str, namespace: str, service: str, *, pool: int = 64, listeners: Sequence[Any] = ()
    ) -> None:
        self.client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            url,
            appname=f"{namespace}.{service}",
            maxPoolSize=pool,
            serverSelectionTimeoutMS=5_000,
            connectTimeoutMS=5_000,
            socketTimeoutMS=30_000,
            waitQueueTimeoutMS=15_000,
            retryWrites=True,
            retryReads=True,
            event_listeners=list(listeners),
        )
        self.url = url
        self.name = f"{namespace}_{service}"
        self._options: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
        self._database = self.client.get_database(
            self.name,
            codec_options=self._options,
            read_preference=ReadPreference.PRIMARY,
            write_concern=WriteConcern(w="majority", j=True, wtimeout=WRITE_TIMEOUT_MS),
            read_concern=ReadConcern("majority"),
        )

    def documents(self, collection: str, *, linearizable: bool = False) -> Documents:
        """A collection. `linearizable` is for reads that decide who was first; each costs a majority round trip."""
        found = self._database[collection]
        if linearizable:
            found = found.with_options(read_concern=ReadConcern("linearizable"))
        return Documents(found)

    async def collections(self) -> list[str]:
        """The names of the collections there are."""
        return sorted(await self._database.list_collection_names())

    async def ping(self) -> None:
        """Ask the server for an answer; raises one of `UNAVAILABLE` when there is none."""
        await self._database.command("ping")

    async def explain(self, command: Document) -> Document:
        """The server's plan for a command that was seen on the wire. For tests that forbid collection scans."""
        # Bounds of an open range hold dates that Python has no room for.
        roomy: CodecOptions[Document] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
        answer = await self._database.command("explain", command, verbosity="queryPlanner", codec_options=roomy)
        return dict(answer)

    async def drop(self) -> None:
        """Remove the whole database. Tests and `projections rebuild` only."""
        await self.client.drop_database(self.name)

    def close(self) -> None:
        """Give the connections back."""
        self.client.close()
