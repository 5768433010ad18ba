"""`python -m services.submissions`."""

import uvicorn

from services.submissions.app import build
from services.submissions.settings import SubmissionsSettings
from shared.settings import load
from shared.telemetry import configure_logging, configure_tracing, get_logger, shutdown_tracing


def main() -> None:
    """Run the service until it is told to stop."""
    settings = load(SubmissionsSettings)
    configure_logging("submissions", log_format=settings.log_format, level=settings.log_level)
    configure_tracing("submissions", trace_file=settings.trace_file, otlp_endpoint=settings.trace_otlp_endpoint)
    get_logger().info("service.starting", roles=settings.roles, namespace=settings.namespace, port=settings.http_port)
    try:
        uvicorn.run(
            build(settings), host=settings.http_host, port=settings.http_port, log_config=None, server_header=False
        )
    finally:
        shutdown_tracing()


if __name__ == "__main__":
    main()
