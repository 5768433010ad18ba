"""The composition root of the registry: settings in, a running service out."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx
from fastapi import FastAPI

from services.registry.api import routers
from services.registry.roll.importing import Importing
from services.registry.rounds.keeping import RoundKeeper
from services.registry.settings import RegistrySettings
from services.registry.store import RegistryStore
from services.registry.tree.lock import TreeLock
from shared.bus import Bus
from shared.contracts.asyncapi import asyncapi_document
from shared.http import Check, Probes, answers, create_app
from shared.mongo import UNAVAILABLE, Backpressure, Leases, Mongo
from shared.mongo.idempotency import MongoIdempotency
from shared.security.tokens import TokenVerifier
from shared.telemetry import get_logger
from shared.thai.calendar import now_in_bangkok

log = get_logger()


def clock() -> datetime:
    """Now at +07:00, to the millisecond: what the database keeps."""
    now = now_in_bangkok()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def build(settings: RegistrySettings, *, listeners: Sequence[Any] = ()) -> FastAPI:
    """The service, not yet started. `listeners` are the database driver's (tests watch queries through them)."""
    mongo = Mongo(settings.mongo_url.get_secret_value(), settings.namespace, "registry", listeners=listeners)
    bus = Bus(settings, "registry")
    store = RegistryStore(mongo, bus.relay, clock)
    leases = Leases(mongo.documents("leases"))
    bus.sweep(leases, store.outboxes)
    lock, keeper = TreeLock(leases, clock), RoundKeeper(store)
    idempotency = MongoIdempotency(mongo)
    http = httpx.AsyncClient(timeout=5.0)
    verifier = TokenVerifier(settings.oidc_issuer, settings.oidc_audience, http)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await store.prepare()
        await idempotency.prepare()
        await bus.start()
        try:
            log.info("service.ready")
            yield
            log.info("service.stopping")
        finally:
            await bus.stop()
            await http.aclose()
            mongo.close()

    async def bus_problems() -> str | None:
        return "; ".join(bus.problems()) or None

    return create_app(
        service="registry",
        title="สารบรรณ: ทะเบียน / Saraban registry",
        description="หน่วยงาน ศูนย์พัฒนาเด็กเล็ก รอบการประเมิน และบัญชีรายชื่อ / Organizations, centers, rounds and rolls.",
        routers=routers(store, keeper, Importing(store, keeper, lock), clock),
        verifier=verifier,
        idempotency=idempotency,
        probes=Probes(
            live=[Check("bus", bus_problems)],
            ready=[answers("mongo", mongo.ping), answers("issuer", verifier.ready)],
        ),
        asyncapi=asyncapi_document("registry"),
        lifespan=lifespan,
        unavailable=(*UNAVAILABLE, Backpressure),
    )
