"""One service process, from settings to its last flush."""

import gc
import resource
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from shared.contracts.topics import Service
from shared.settings import S, load
from shared.telemetry import configure_logging, configure_tracing, get_logger, shutdown_tracing


def run(service: Service, kind: type[S], build: Callable[[S], FastAPI]) -> None:
    """Read the settings (or say what is wrong with them and exit 2), build the application, serve until a signal."""
    settings = load(kind)
    # A core dump would hold open secrets.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    configure_logging(service, log_format=settings.log_format, level=settings.log_level)
    configure_tracing(service, trace_file=settings.trace_file, otlp_endpoint=settings.trace_otlp_endpoint)
    # A roll makes a hundred thousand objects at once, none of them in cycles; with the defaults, a third to a half of
    # the processor time of such work went into looking for garbage.
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    get_logger().info(
        "service.starting", roles=sorted(settings.roles), namespace=settings.namespace, port=settings.http_port
    )
    try:
        uvicorn.run(
            build(settings),
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            server_header=False,
            access_log=False,
        )
    finally:
        shutdown_tracing()
