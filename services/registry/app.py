"""The composition root of the registry: settings in, a running service out."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx
from fastapi import FastAPI

from services.registry.api import cluster_routers, due_routers, roll_routers, round_routers, tree_routers
from services.registry.clusters.books import Books
from services.registry.clusters.desk import ClusterDesk
from services.registry.clusters.plan_desk import PlanDesk
from services.registry.clusters.planner import Planner
from services.registry.clusters.store import ClusterStore
from services.registry.clusters.workers import Workers
from services.registry.consumers import INBOUND, InboundRolls
from services.registry.due.store import DueStore
from services.registry.roll.agreeing import Agreeing
from services.registry.roll.importing import Importing
from services.registry.roll.store import RollStore
from services.registry.roll.waiting import WaitingRoom
from services.registry.rounds.journal import Journal
from services.registry.rounds.keeping import RoundKeeper
from services.registry.rounds.opening import Opening
from services.registry.rounds.papers import Papers
from services.registry.settings import RegistrySettings
from services.registry.store import RegistryStore
from services.registry.tree.carrying import Carrier
from services.registry.tree.desk import OrderDesk
from services.registry.tree.lock import TreeLock
from services.registry.tree.office import OrderOffice
from services.registry.tree.store import TreeStore
from shared.blobs import Blobs
from shared.bus import Bus
from shared.contracts.asyncapi import asyncapi_document
from shared.http import Check, Probes, answers, create_app, heartbeat
from shared.http.anchors import anchor_routes
from shared.loops import running
from shared.mongo import UNAVAILABLE, Backpressure, Leases, Mongo
from shared.mongo.anchoring import Anchoring
from shared.mongo.idempotency import MongoIdempotency
from shared.mongo.trail_keeper import TrailKeeper
from shared.security.anchors import Signer
from shared.security.tokens import TokenVerifier
from shared.telemetry import get_logger
from shared.thai.calendar import now_in_bangkok

log = get_logger()

SILENT_S = 120.0
"""A loop that has not turned for this long is taken to hang."""


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
    lock, keeper = TreeLock(leases, clock), RoundKeeper(store)
    blobs = Blobs(settings.s3_endpoint, settings.s3_access_key, settings.s3_secret_key)
    papers = Papers(blobs, settings.papers)
    tree, due = TreeStore(store, mongo, bus.relay, clock), DueStore(store)
    clusters = ClusterStore(mongo, bus.relay, clock)
    rolls = RollStore(mongo, bus.relay, store)
    signer = Signer.derived(settings.anchor_secret(), "registry")
    anchoring = Anchoring(mongo, bus.relay, tree.trail, "registry", lambda: signer)
    bus.sweep(leases, [*store.outboxes, *tree.outboxes, *clusters.outboxes, *rolls.outboxes, anchoring.outbox])
    every = settings.audit_anchor_seconds
    trail = TrailKeeper(anchoring, leases, clock, every_s=every, kept_days=settings.audit_days)
    office = OrderOffice(tree, Carrier(tree, keeper, clock), lock, clock)
    journal = Journal(tree.trail, clock)
    books, workers = Books(clusters), Workers(settings.cluster_workers or os.cpu_count() or 1)
    planner = Planner(clusters, books, workers, leases, clock)
    cluster_desk = ClusterDesk(store, clusters, books, clock)
    plan_desk = PlanDesk(cluster_desk, clusters, planner, clock)
    importing = Importing(store, rolls, keeper, lock, threshold=settings.roll_loss_share)
    agreeing = Agreeing(rolls, importing, WaitingRoom(blobs, settings.waiting_rolls), clock)
    bus.consume("inbound", INBOUND, InboundRolls(importing, rolls, clock))
    loops = [office.loop, planner.loop, agreeing.loop, trail.loop] if settings.runs("relay") else []
    idempotency = MongoIdempotency(mongo)
    http = httpx.AsyncClient(timeout=5.0)
    verifier = TokenVerifier(settings.oidc_issuer, settings.oidc_audience, http)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        for room in (store, tree, due, clusters, papers, rolls, agreeing, anchoring, idempotency):
            await room.prepare()
        await bus.start()
        try:
            async with running(loops):
                log.info("service.ready")
                yield
                log.info("service.stopping")
        finally:
            await workers.close()
            await bus.stop()
            await http.aclose()
            blobs.close()
            mongo.close()

    async def bus_problems() -> str | None:
        return "; ".join(bus.problems()) or None

    async def bus_is_ready() -> str | None:
        return ", ".join(bus.unready()) or None

    return create_app(
        service="registry",
        title="สารบรรณ: ทะเบียน / Saraban registry",
        description="หน่วยงาน ศูนย์พัฒนาเด็กเล็ก รอบการประเมิน และบัญชีรายชื่อ / Organizations, centers, rounds and rolls.",
        routers=[
            *round_routers(store, keeper, Opening(store, keeper, papers, lock), papers, journal, clock),
            *roll_routers(importing, agreeing, journal, clock),
            *due_routers(store, due),
            *tree_routers(store, tree, OrderDesk(tree, office, clock), clock),
            *cluster_routers(store, clusters, cluster_desk, plan_desk, workers, journal),
            anchor_routes(anchoring.newest),
        ],
        verifier=verifier,
        idempotency=idempotency,
        probes=Probes(
            live=[Check("bus", bus_problems), *(heartbeat(loop, SILENT_S) for loop in loops)],
            ready=[
                Check("consumers", bus_is_ready),
                answers("mongo", mongo.ping),
                answers("objects", lambda: blobs.probe(settings.papers)),
                answers("issuer", verifier.ready),
            ],
        ),
        asyncapi=asyncapi_document("registry"),
        lifespan=lifespan,
        unavailable=(*UNAVAILABLE, Backpressure),
    )
