"""Puts the credentials service together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from services.credentials.assembly import HandingOver
from services.credentials.batches.assembly import TakingIn
from services.credentials.consumers import PROJECTED, Projections
from services.credentials.keeping.assembly import KeepingKeys
from services.credentials.keeping.code_key import LateSecret, read_code_key
from services.credentials.settings import CredentialsSettings
from services.credentials.store import CredentialsStore
from shared.blobs import Blobs, Shelf
from shared.bus import Bus
from shared.contracts.asyncapi import asyncapi_document
from shared.failures import Misconfigured
from shared.http import Check, Probes, answers, create_app, heartbeat
from shared.loops import Loop, running
from shared.mongo import UNAVAILABLE, Backpressure, Leases, Mongo
from shared.mongo.idempotency import MongoIdempotency
from shared.mongo.sealing import KeyringMissing, Vault, WrongMasterKey
from shared.security.tokens import TokenVerifier
from shared.telemetry import get_logger

log = get_logger()

SILENT_S = 120.0
"""A loop that has not turned for this long is taken to hang."""


def clock() -> datetime:
    """Now, to the millisecond: what the database keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def build(settings: CredentialsSettings, *, listeners: Sequence[Any] = ()) -> FastAPI:
    """The service as an application; its lifespan starts and stops everything else."""
    mongo = Mongo(settings.mongo_url.get_secret_value(), settings.namespace, "credentials", listeners=listeners)
    bus = Bus(settings, "credentials")
    store = CredentialsStore(mongo, bus.relay)
    blobs = Blobs(settings.s3_endpoint, settings.s3_access_key, settings.s3_secret_key, connections=8)
    vault = Vault(mongo, settings.master_keys(), Shelf(blobs, settings.vault_bucket, "keyring"))
    code_key = LateSecret()
    leases = Leases(mongo.documents("leases"))
    taking_in = TakingIn(settings, mongo, bus, store, vault, blobs, leases, clock)
    handing_over = HandingOver(settings, mongo, bus, store, vault, code_key, leases, clock)
    keeping = KeepingKeys(mongo, bus, store, vault, leases, clock)
    remembered = MongoIdempotency(mongo)
    http = httpx.AsyncClient()
    verifier = TokenVerifier(settings.oidc_issuer, settings.oidc_audience, http)
    bus.consume("projections", PROJECTED, Projections(store))
    bus.sweep(leases, [*store.outboxes, *handing_over.outboxes])
    loops = [*taking_in.loops, *handing_over.loops, *keeping.loops] if settings.runs("relay") else []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if settings.exposed:
            log.warning("credentials.master_key.exposed")
        if settings.in_file:
            log.warning("credentials.master_key.in_file")
        await store.prepare()
        await taking_in.prepare()
        await handing_over.prepare()
        await keeping.prepare()
        await remembered.prepare()
        await _open_vault(vault, settings.vault_bucket)
        code_key.settle(await read_code_key(mongo.documents("code_keys"), vault))
        await handing_over.reconciler.run()
        await bus.start()
        try:
            async with running(loops):
                log.info("service.ready")
                yield
                log.info("service.stopping")
        finally:
            await bus.stop()
            await http.aclose()
            blobs.close()
            mongo.close()

    return create_app(
        service="credentials",
        title="สารบรรณ: รหัส e-SAR / Saraban credentials",
        description="ผนึกรหัสให้ผู้ถือบัญชี เปิดได้ครั้งเดียว / sealed credentials, opened once by their holder",
        routers=[*taking_in.routers, *handing_over.routers, *keeping.routers],
        verifier=verifier,
        idempotency=remembered,
        probes=_probes(settings, bus, mongo, blobs, verifier, loops),
        asyncapi=asyncapi_document("credentials"),
        lifespan=lifespan,
        unavailable=(*UNAVAILABLE, Backpressure),
    )


async def _open_vault(vault: Vault, bucket: str) -> None:
    try:
        await vault.prepare()
    except WrongMasterKey:
        raise Misconfigured(
            "SARABAN_MASTER_KEY is not the key this database was sealed under: "
            "กุญแจหลักไม่ตรงกับฐานข้อมูล / use the key it was sealed under, or name it in SARABAN_MASTER_KEY_ALSO"
        ) from None
    except KeyringMissing:
        raise Misconfigured(
            f"SARABAN_S3_ENDPOINT has no keyring in {bucket}, without which nothing in this database opens: "
            "ไม่พบพวงกุญแจ / use the object store it was sealed with (docs/keys.md says what to do if it is lost)"
        ) from None


def _probes(
    settings: CredentialsSettings,
    bus: Bus,
    mongo: Mongo,
    blobs: Blobs,
    verifier: TokenVerifier,
    loops: Sequence[Loop],
) -> Probes:
    async def consuming() -> str | None:
        return "; ".join(bus.problems()) or None

    async def assigned() -> str | None:
        return "; ".join(bus.unready()) or None

    live = [Check("bus", consuming), *(heartbeat(loop, SILENT_S) for loop in loops)]
    ready = [
        Check("consumers", assigned),
        answers("database", mongo.ping),
        answers("objects", lambda: blobs.probe(settings.vault_bucket)),
        answers("issuer", verifier.ready),
    ]
    return Probes(live, ready)
