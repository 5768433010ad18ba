"""`python -m services.credentials`: one process of the vault."""

import resource

import uvicorn

from services.credentials.app import build
from services.credentials.settings import CredentialsSettings
from shared.settings import load
from shared.telemetry import configure_logging, configure_tracing, get_logger, shutdown_tracing


def main() -> None:
    """Run until a signal. Ends with 2 for settings that can't be used."""
    settings = load(CredentialsSettings)
    # A core dump would hold open secrets.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    configure_logging("credentials", log_format=settings.log_format, level=settings.log_level)
    configure_tracing("credentials", trace_file=settings.trace_file, otlp_endpoint=settings.trace_otlp_endpoint)
    get_logger().info("service.starting", roles=settings.roles, namespace=settings.namespace, port=settings.http_port)
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
