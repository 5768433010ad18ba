"""The submissions service, put together: settings in, running service out. The only place that builds its parts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from services.submissions.api import routes
from services.submissions.audit.api import audit_routes
from services.submissions.audit.journal import Journal
from services.submissions.carrying.carrier import Carrier
from services.submissions.consumers import INSPECTED, PROJECTED, Projections, in_turn
from services.submissions.desk import Desk
from services.submissions.due_store import DueStore
from services.submissions.inspecting.examination import Buckets, Examination
from services.submissions.inspecting.inspections import Inspections
from services.submissions.inspecting.overlooked import Overlooked
from services.submissions.inspecting.room import InspectionRoom, NotIsolatedError
from services.submissions.inspecting.scanner import Scanner
from services.submissions.overdue.sweeper import DeadlineSweeper
from services.submissions.receipts.api import receipt_routes
from services.submissions.receipts.signing import ReceiptSigner
from services.submissions.reviewing.api import review_routes
from services.submissions.reviewing.inbound import InboundReviews
from services.submissions.reviewing.reviewing import Reviews
from services.submissions.settings import SubmissionsSettings
from services.submissions.store import Store
from services.submissions.summary.api import summary_routes
from services.submissions.summary.carrying import SummaryCarrier
from services.submissions.summary.lists_api import summary_list_routes
from services.submissions.summary_store import SummaryStore
from services.submissions.uploading.completion import Completion
from services.submissions.uploading.leftovers import Leftovers
from services.submissions.uploading.reconciler import Reconciler
from services.submissions.uploading.uploads import Uploads
from shared.blobs import Blobs, Refused
from shared.bus import Bus
from shared.contracts.asyncapi import asyncapi_document
from shared.contracts.topics import READS
from shared.http import Check, Probes, Router, answers, create_app, heartbeat
from shared.mongo import UNAVAILABLE, Backpressure, Conflict, Leases, Mongo
from shared.mongo.idempotency import MongoIdempotency
from shared.security.tokens import TokenVerifier
from shared.telemetry import get_logger
from shared.telemetry.metrics import INSPECTION_CPU_SECONDS
from shared.thai.calendar import now_in_bangkok

log = get_logger()

SILENT_SECONDS = 300.0
"""A sweeper that has not turned for this long is stuck."""
UNKNOWN_PARTS = timedelta(days=1)
"""Parts that no record knows are left alone for the life of an upload, and for so long after it."""
FILES_PER_PLACE = 8
"""Reports in one batch for each file inspected at once: even if all hang, the batch ends before the broker gives up."""


def clock() -> datetime:
    """Now, to the millisecond: what the database keeps."""
    now = now_in_bangkok()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@asynccontextmanager
async def _confined(room: InspectionRoom) -> AsyncIterator[None]:
    """The room, or a start that fails and says which setting would allow it."""
    try:
        await room.open()
    except NotIsolatedError as refused:
        log.error(  # noqa: TRY400 (the traceback follows with the raise)
            "submissions.inspection.refused", step=str(refused), setting="SARABAN_INSPECTION_UNCONFINED"
        )
        raise
    try:
        yield
    finally:
        await room.close()


@dataclass(frozen=True)
class _Inspecting:
    """All that looks into reports; `batch` is how many at a time."""

    room: InspectionRoom
    scanner: Scanner | None
    inspections: Inspections
    overlooked: Overlooked
    batch: int

    async def scanner_works(self) -> str | None:
        """Why reports wait for the scanner, or None."""
        trouble = self.scanner.trouble if self.scanner else None
        return f"{trouble}; {self.overlooked.postponed} reports wait" if trouble else None


def _inspecting(settings: SubmissionsSettings, store: Store, blobs: Blobs, leases: Leases) -> _Inspecting:
    batch = FILES_PER_PLACE * settings.inspection_pool
    room = InspectionRoom(
        settings.limits,
        size=settings.inspection_pool,
        isolate=not settings.inspection_unconfined,
        ended=lambda used: INSPECTION_CPU_SECONDS.observe(used.cpu),
    )
    scanner = Scanner(settings.clamav_url) if settings.clamav_url else None
    buckets = Buckets(settings.quarantine, settings.accepted, settings.accepted_lock)
    examination = Examination(blobs, room, scanner, buckets)
    inspections = Inspections(store, store.sweeps, examination, at_once=settings.inspection_pool, clock=clock)
    every = settings.inspect_again_seconds
    overlooked = Overlooked(store.sweeps, inspections, scanner, leases, every=every, batch=batch, clock=clock)
    return _Inspecting(room, scanner, inspections, overlooked, batch)


@dataclass(frozen=True)
class _Following:
    """All that follows a receipt: deadlines, reviews, summaries, merges."""

    dues: DueStore
    summaries: SummaryStore
    reviews: Reviews
    deadlines: DeadlineSweeper

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self.dues.prepare()
        await self.summaries.prepare()

    def routers(self, desk: Desk) -> list[Router]:
        """What of it goes over HTTP."""
        return [
            review_routes(desk, self.reviews, clock),
            summary_routes(desk, self.summaries, clock),
            summary_list_routes(desk, self.summaries),
        ]


def _following(settings: SubmissionsSettings, mongo: Mongo, bus: Bus, store: Store, leases: Leases) -> _Following:
    reads = READS["submissions"]
    dues, summaries = DueStore(mongo, store), SummaryStore(mongo, bus.relay, clock=clock)
    reviews = Reviews(store, Journal(store.trail, clock), days=settings.return_days)
    every, again = settings.deadline_seconds, settings.deadline_again
    deadlines = DeadlineSweeper(store, dues, leases, every=every, again=again, clock=clock)
    bus.consume("reviews", reads["reviews"], InboundReviews(reviews, clock))
    bus.consume("carrying", reads["carrying"], in_turn(Carrier(store, clock), SummaryCarrier(store, summaries)))
    return _Following(dues, summaries, reviews, deadlines)


def build(settings: SubmissionsSettings, *, listeners: Sequence[Any] = ()) -> FastAPI:
    """The service as an application; its lifespan connects, runs and stops it. `listeners` watch the database."""
    mongo = Mongo(settings.mongo_url.get_secret_value(), settings.namespace, "submissions", listeners=listeners)
    bus = Bus(settings, "submissions")
    blobs = Blobs(
        settings.s3_endpoint,
        settings.s3_access_key,
        settings.s3_secret_key,
        public_endpoint=settings.s3_public_endpoint,
    )
    store = Store(mongo, bus.relay)
    signer = ReceiptSigner(settings.receipt_key_file)
    uploads = Uploads(
        store,
        blobs,
        settings.quarantine,
        lifetime=settings.upload_lifetime,
        url_lifetime=settings.url_lifetime,
    )
    completion = Completion(store, blobs, uploads, signer)
    leases = Leases(mongo.documents("leases"))
    looking = _inspecting(settings, store, blobs, leases)
    reconciler = Reconciler(store, completion, leases, every=settings.reconcile_seconds, clock=clock)
    leftovers = Leftovers(
        store.sweeps,
        blobs,
        leases,
        settings.quarantine,
        every=settings.leftovers_every,
        unknown_after=settings.upload_lifetime + UNKNOWN_PARTS,
        clock=clock,
    )
    bus.consume("projections", PROJECTED, Projections(store))
    bus.consume("inspection", INSPECTED, looking.inspections, records=looking.batch)
    following = _following(settings, mongo, bus, store, leases)
    bus.sweep(leases, [*store.outboxes, following.summaries.outbox])
    idempotency = MongoIdempotency(mongo)
    http = httpx.AsyncClient()
    desk = Desk(store, uploads, completion, signer, largest=settings.upload_max_bytes)

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as ending:
            ending.callback(mongo.close)
            ending.callback(blobs.close)
            ending.push_async_callback(http.aclose)
            await store.prepare()
            await following.prepare()
            await store.receipts.keep_key(signer.public_key, clock())
            await idempotency.prepare()
            await blobs.ensure_bucket(settings.quarantine)
            await blobs.ensure_bucket(settings.accepted, lock=settings.accepted_lock)
            if settings.runs("consumer"):
                await ending.enter_async_context(_confined(looking.room))
            ending.push_async_callback(bus.stop)
            await bus.start()
            if settings.runs("consumer"):
                ending.push_async_callback(looking.overlooked.stop)
                looking.overlooked.start()
            if settings.runs("relay"):
                ending.push_async_callback(reconciler.stop)
                reconciler.start()
                ending.push_async_callback(leftovers.stop)
                leftovers.start()
                ending.push_async_callback(following.deadlines.stop)
                following.deadlines.start()
            yield

    async def bus_works() -> str | None:
        return "; ".join(bus.problems()) or None

    async def bus_is_ready() -> str | None:
        return ", ".join(bus.unready()) or None

    inspecting = heartbeat("overlooked", lambda: looking.overlooked.last_beat, SILENT_SECONDS)
    sweeping = [
        heartbeat("reconciler", lambda: reconciler.last_beat, SILENT_SECONDS),
        heartbeat("deadlines", lambda: following.deadlines.last_beat, SILENT_SECONDS),
    ]
    return create_app(
        service="submissions",
        title="สารบรรณ: รับรายงาน / Saraban submissions",
        description="รับรายงานการประเมินตนเองของศูนย์ ออกใบรับ และตรวจไฟล์ / "
        "Takes the centers' self-assessment reports, gives receipts, looks into the files.",
        routers=[
            routes(desk, clock),
            receipt_routes(desk, settings.public_url),
            *following.routers(desk),
            audit_routes(store.trail),
        ],
        verifier=TokenVerifier(settings.oidc_issuer, settings.oidc_audience, http),
        idempotency=idempotency,
        probes=Probes(
            live=[
                Check("bus", bus_works),
                *([inspecting] if settings.runs("consumer") else []),
                *(sweeping if settings.runs("relay") else []),
            ],
            ready=[
                Check("consumers", bus_is_ready),
                answers("database", mongo.ping),
                answers("objects", lambda: blobs.probe(settings.quarantine)),
            ],
            told=[Check("scanner", looking.scanner_works)] if settings.runs("consumer") else [],
        ),
        asyncapi=asyncapi_document("submissions"),
        lifespan=running,
        unavailable=(*UNAVAILABLE, Backpressure, Conflict, Refused),
    )
