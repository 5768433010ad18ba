"""The submissions service, put together: settings in, running service out. The only place that builds its parts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from services.submissions.api import routes
from services.submissions.consumers import INSPECTED, PROJECTED, Projections
from services.submissions.desk import Desk
from services.submissions.forms.api import form_routes
from services.submissions.forms.forms import Forms
from services.submissions.inspecting.examination import Buckets, Examination
from services.submissions.inspecting.inspections import Inspections
from services.submissions.inspecting.overlooked import Overlooked
from services.submissions.inspecting.room import InspectionRoom, NotIsolatedError
from services.submissions.inspecting.scanner import Scanner
from services.submissions.parts import following
from services.submissions.receipts.api import receipt_routes
from services.submissions.receipts.signing import ReceiptSigner
from services.submissions.settings import SubmissionsSettings
from services.submissions.store import Store
from services.submissions.uploading.completion import Completion
from services.submissions.uploading.leftovers import Leftovers
from services.submissions.uploading.reconciler import Reconciler
from services.submissions.uploading.uploads import Uploads
from shared.blobs import Blobs, Refused
from shared.bus import Bus
from shared.contracts.asyncapi import asyncapi_document
from shared.http import Check, Probes, answers, create_app, heartbeat
from shared.loops import running
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
    after = following(settings, mongo, bus, blobs, store, leases, clock)
    bus.sweep(leases, [*store.outboxes, after.summaries.outbox, after.anchoring.outbox])
    loops = [looking.overlooked.loop] if settings.runs("consumer") else []
    if settings.runs("relay"):
        loops += [reconciler.loop, leftovers.loop, *after.loops]
    idempotency = MongoIdempotency(mongo)
    http = httpx.AsyncClient()
    forms = Forms(
        store,
        blobs,
        uploads,
        public_url=settings.public_url,
        largest=settings.form_largest,
        lifetime=settings.form_lifetime,
    )
    desk = Desk(store, uploads, completion, signer, largest=settings.upload_max_bytes)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as ending:
            ending.callback(mongo.close)
            ending.callback(blobs.close)
            ending.push_async_callback(http.aclose)
            await store.prepare()
            await after.prepare()
            await store.receipts.keep_key(signer.public_key, clock())
            await idempotency.prepare()
            await blobs.ensure_bucket(settings.quarantine)
            await blobs.ensure_bucket(settings.accepted, lock=settings.accepted_lock)
            if settings.runs("consumer"):
                await ending.enter_async_context(_confined(looking.room))
            ending.push_async_callback(bus.stop)
            await bus.start()
            await ending.enter_async_context(running(loops))
            yield

    async def bus_works() -> str | None:
        return "; ".join(bus.problems()) or None

    async def bus_is_ready() -> str | None:
        return ", ".join(bus.unready()) or None

    return create_app(
        service="submissions",
        title="สารบรรณ: รับรายงาน / Saraban submissions",
        description="รับรายงานการประเมินตนเองของศูนย์ ออกใบรับ และตรวจไฟล์ / "
        "Takes the centers' self-assessment reports, gives receipts, looks into the files.",
        routers=[
            routes(desk, clock),
            form_routes(desk, forms, clock),
            receipt_routes(desk, settings.public_url, clock),
            *after.routers(desk),
        ],
        verifier=TokenVerifier(settings.oidc_issuer, settings.oidc_audience, http),
        idempotency=idempotency,
        probes=Probes(
            live=[Check("bus", bus_works), *(heartbeat(loop, SILENT_SECONDS) for loop in loops)],
            ready=[
                Check("consumers", bus_is_ready),
                answers("database", mongo.ping),
                answers("objects", lambda: blobs.probe(settings.quarantine)),
            ],
            told=[Check("scanner", looking.scanner_works)] if settings.runs("consumer") else [],
        ),
        asyncapi=asyncapi_document("submissions"),
        lifespan=lifespan,
        unavailable=(*UNAVAILABLE, Backpressure, Conflict, Refused),
    )
