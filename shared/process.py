"""One service process, from settings to its last flush."""

import gc
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from shared import dumps
from shared.contracts.topics import Service
from shared.failures import Misconfigured
from shared.settings import S, load
from shared.telemetry import configure_logging, configure_tracing, get_logger, shutdown_tracing

KEEP_ALIVE_S = 75
"""Longer than clients and proxies keep a connection that rests (60 s at most, as a rule): where both let go at the same
time, a request runs into the closing door."""


def run(service: Service, kind: type[S], build: Callable[[S], FastAPI]) -> None:
    """Read the settings, build the application, serve until a signal.

    Settings that are wrong in themselves or don't fit what is there (Misconfigured) are told in one line: exit 2.
    """
    dumps.leave_none()  # they would hold secrets
    settings = load(kind)
    configure_logging(service, log_format=settings.log_format, level=settings.log_level)
    configure_tracing(service, trace_file=settings.trace_file, otlp_endpoint=settings.trace_otlp_endpoint)
    look_for_garbage_seldom()
    get_logger().info(
        "service.starting", roles=sorted(settings.roles), namespace=settings.namespace, port=settings.http_port
    )
    app = build(settings)
    refused = _watch(app)
    try:
        uvicorn.run(
            app,
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            server_header=False,
            access_log=False,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
    except SystemExit:
        if refused:
            sys.stderr.write(f"{refused[0]}\n")
            raise SystemExit(2) from None
        raise
    finally:
        shutdown_tracing()


def look_for_garbage_seldom() -> None:
    """How the garbage collector of a service is set. Call it once, when all is imported.

    A roll or a batch of events makes many thousand objects at once, none of them in cycles; with the defaults, a third
    to a half of the processor time of such work went into looking for garbage.
    """
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


def _watch(app: FastAPI) -> list[Misconfigured]:
    """Where the reason will stand if the start is refused: the server swallows what its lifespan raises."""
    refused: list[Misconfigured] = []
    lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def watched(started: Any) -> AsyncIterator[Any]:
        try:
            async with lifespan(started) as state:
                yield state
        except Misconfigured as reason:
            refused.append(reason)
            raise

    app.router.lifespan_context = watched
    return refused
