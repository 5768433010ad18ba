"""Logs, traces and metrics: what a process tells about itself."""

from shared.telemetry.logging import bind, configure_logging, get_logger
from shared.telemetry.tracing import (
    configure_tracing,
    current_traceparent,
    shutdown_tracing,
    span,
    valid_traceparent,
)

__all__ = [
    "bind",
    "configure_logging",
    "configure_tracing",
    "current_traceparent",
    "get_logger",
    "shutdown_tracing",
    "span",
    "valid_traceparent",
]
