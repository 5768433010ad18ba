"""Rebuilding a service's projections from offset zero."""

import asyncio
import time

from deploy.local.stack import Stack
from services.credentials.store import PROJECTIONS as CREDENTIALS
from services.notifier.knowledge import PROJECTIONS as NOTIFIER
from services.submissions.store import PROJECTIONS as SUBMISSIONS
from shared.bus import rewind
from shared.contracts.topics import READS, Service, group_name
from shared.mongo import Mongo

COLLECTIONS: dict[Service, tuple[str, ...]] = {
    "registry": (),
    "credentials": CREDENTIALS,
    "submissions": SUBMISSIONS,
    "notifier": NOTIFIER,
}
WITHIN_SECONDS = 300.0


async def rebuild(stack: Stack, service: Service, namespace: str) -> int:
    """Stop the service, drop its projections, rewind their group, start it, wait for every row. How many came back.

    Raises TimeoutError when fewer rows came back than there were; the service goes on reading all the same.
    """
    environment = stack.environment()
    mongo = Mongo(environment["SARABAN_MONGO_URL"], namespace, service)
    try:
        before = await _rows(mongo, service)
        await asyncio.to_thread(stack.servers[service].stop)
        await _forget(environment["SARABAN_KAFKA_BOOTSTRAP"], mongo, service, namespace)
        await asyncio.to_thread(stack.restart, service)
        return await _await_rows(mongo, service, before)
    finally:
        mongo.close()


async def _rows(mongo: Mongo, service: Service) -> int:
    return sum([await mongo.documents(name).count({}) for name in COLLECTIONS[service]])


async def _forget(bootstrap: str, mongo: Mongo, service: Service, namespace: str) -> None:
    for name in COLLECTIONS[service]:
        await mongo.documents(name).delete({})
    topics = [topic.named(namespace) for topic in READS[service].get("projections", ())]
    if topics:
        await rewind(bootstrap, group_name(namespace, service, "projections"), topics)


async def _await_rows(mongo: Mongo, service: Service, expected: int) -> int:
    until = time.monotonic() + WITHIN_SECONDS
    while (rows := await _rows(mongo, service)) < expected:
        if time.monotonic() > until:
            raise TimeoutError(f"{service}: {rows} of {expected} rows came back in {WITHIN_SECONDS:.0f} s")
        await asyncio.sleep(0.2)
    return rows
