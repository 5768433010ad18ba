"""Makes a lone mongod the primary of a replica set of one: what transactions and majority writes need."""

from __future__ import annotations

from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

_NOT_YET_INITIALIZED = 94
_INVALID_CONFIGURATION = 93  # its own address is not in the set: it listens on another port than last time


def ensure_primary(host: str, port: int, replica_set: str) -> bool:
    """Whether the mongod at this address takes majority writes now; starts or repairs its set on the way.

    False while it is still coming up: ask again. Only for a set of one member; never call it on a set with more.
    """
    client: MongoClient[dict[str, Any]] = MongoClient(
        host, port, directConnection=True, serverSelectionTimeoutMS=500, socketTimeoutMS=10_000
    )
    member = f"{host}:{port}"
    try:
        hello = client.admin.command("hello")
        if hello.get("isWritablePrimary") and hello.get("me") == member:
            return _writes(client)
        status = _status_code(client)
        if status == _NOT_YET_INITIALIZED:
            client.admin.command("replSetInitiate", _configuration(replica_set, member))
        elif status == _INVALID_CONFIGURATION:
            _move(client, member)
    except PyMongoError:
        return False
    finally:
        client.close()
    return False


def reachable(url: str, seconds: float = 5) -> bool:
    """Whether the server behind this address answers and has a primary."""
    milliseconds = int(seconds * 1000)
    try:
        client: MongoClient[dict[str, Any]] = MongoClient(url, serverSelectionTimeoutMS=milliseconds)
        try:
            return bool(client.admin.command("hello").get("isWritablePrimary"))
        finally:
            client.close()
    except (PyMongoError, ValueError):
        return False


def _writes(client: MongoClient[dict[str, Any]]) -> bool:
    """One majority-acknowledged, journaled write: a no-op entry in the oplog."""
    client.admin.command(
        {"appendOplogNote": 1, "data": {"ready": True}},
        writeConcern={"w": "majority", "j": True, "wtimeout": 5_000},
    )
    return True


def _status_code(client: MongoClient[dict[str, Any]]) -> int | None:
    try:
        client.admin.command("replSetGetStatus")
    except OperationFailure as refusal:
        return refusal.code
    return None


def _configuration(replica_set: str, member: str) -> dict[str, Any]:
    # Alone it need not wait long for others before it elects itself after a crash.
    settings = {"electionTimeoutMillis": 1_000}
    return {"_id": replica_set, "version": 1, "members": [{"_id": 0, "host": member}], "settings": settings}


def _move(client: MongoClient[dict[str, Any]], member: str) -> None:
    configuration = client.local["system.replset"].find_one()
    if configuration is not None and len(configuration["members"]) == 1:
        configuration["members"][0]["host"] = member
        configuration["version"] += 1
        client.admin.command("replSetReconfig", configuration, force=True)
