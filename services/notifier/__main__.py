"""`python -m services.notifier`."""

import uvicorn

from services.notifier.app import build
from services.notifier.settings import NotifierSettings
from shared.settings import load
from shared.telemetry import configure_logging, configure_tracing, get_logger, shutdown_tracing


def main() -> None:
    """Run the service until it is told to stop."""
    settings = load(NotifierSettings)
    configure_logging("notifier", log_format=settings.log_format, level=settings.log_level)
    configure_tracing("notifier", trace_file=settings.trace_file, otlp_endpoint=settings.trace_otlp_endpoint)
    get_logger().info("service.starting", roles=settings.roles, namespace=settings.namespace, port=settings.http_port)
    try:
        uvicorn.run(
            build(settings), host=settings.http_host, port=settings.http_port, log_config=None, server_header=False
        )
    finally:
        shutdown_tracing()


if __name__ == "__main__":
    main()
