"""The notifier, put together: settings in, running service out. The only place that builds its parts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from services.notifier.api import router
from services.notifier.consumers import Consumers
from services.notifier.knowledge import Knowledge
from services.notifier.sender import Sender
from services.notifier.settings import NotifierSettings
from services.notifier.store import Store
from shared.bus import Bus
from shared.contracts.asyncapi import asyncapi_document
from shared.http import Check, Probes, answers, create_app, heartbeat
from shared.mongo import UNAVAILABLE, Backpressure, Conflict, Leases, Mongo
from shared.mongo.idempotency import MongoIdempotency
from shared.security.tokens import TokenVerifier

SILENT_SECONDS = 120.0
"""A sender that has not looked for due mail for this long is stuck."""


def build(settings: NotifierSettings, *, listeners: Sequence[Any] = ()) -> FastAPI:
    """The service as an application; its lifespan connects, runs and stops it. `listeners` watch the database."""
    mongo = Mongo(settings.mongo_url.get_secret_value(), settings.namespace, "notifier", listeners=listeners)
    bus = Bus(settings, "notifier")
    knowledge, store = Knowledge(mongo), Store(mongo, bus.relay)
    sender = Sender(store, knowledge, settings)
    Consumers(knowledge, store, sender.wake).join(bus)
    bus.sweep(Leases(mongo.documents("leases")), store.outboxes)
    idempotency = MongoIdempotency(mongo)
    http = httpx.AsyncClient()
    sends = settings.runs("relay")

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        known: asyncio.Task[None] | None = None
        try:
            await knowledge.prepare()
            await store.prepare()
            await idempotency.prepare()
            if sends:
                known = asyncio.create_task(bus.caught_up("projections"))
            await bus.start()
            if known:
                sender.start(known)
            yield
        finally:
            await sender.stop()
            if known:
                known.cancel()
            await bus.stop()
            await http.aclose()
            mongo.close()

    async def bus_works() -> str | None:
        return "; ".join(bus.problems()) or None

    async def bus_is_ready() -> str | None:
        return ", ".join(bus.unready()) or None

    return create_app(
        service="notifier",
        title="สารบรรณ: แจ้งหนังสือ / Saraban notifier",
        description="ส่งหนังสือแจ้งถึงหน่วยงานและศูนย์ / Tells offices and centers what concerns them, once each.",
        routers=[router(knowledge, store)],
        verifier=TokenVerifier(settings.oidc_issuer, settings.oidc_audience, http),
        idempotency=idempotency,
        probes=Probes(
            live=[Check("bus", bus_works), *([heartbeat(sender, SILENT_SECONDS)] if sends else [])],
            ready=[Check("consumers", bus_is_ready), answers("database", mongo.ping)],
        ),
        asyncapi=asyncapi_document("notifier"),
        lifespan=running,
        unavailable=(*UNAVAILABLE, Backpressure, Conflict),
    )
