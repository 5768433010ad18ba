"""`python -m services.registry`: run the service until it is told to stop."""

import gc

import uvicorn

from services.registry.app import build
from services.registry.settings import RegistrySettings
from shared.settings import load
from shared.telemetry import configure_logging, configure_tracing, get_logger, shutdown_tracing


def main() -> None:
    """Read the settings, or say what is wrong with them and exit 2; then serve."""
    settings = load(RegistrySettings)
    configure_logging("registry", log_format=settings.log_format, level=settings.log_level)
    configure_tracing("registry", trace_file=settings.trace_file, otlp_endpoint=settings.trace_otlp_endpoint)
    # A roll makes a hundred thousand objects at once; with the defaults, half the time goes into looking for garbage.
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


if __name__ == "__main__":
    main()
