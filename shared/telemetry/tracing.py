"""Traces from the first HTTP request to the last consumer. Context travels as W3C `traceparent` strings."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.security.redaction import kind, redact_text

Attribute = str | int | float | bool

_PROPAGATOR = TraceContextTextMapPropagator()


class _Process:
    """The one provider of this process; an unconfigured one still makes ids, so that context travels."""

    provider = TracerProvider(resource=Resource({"service.name": "saraban"}))


def configure_tracing(service: str, *, trace_file: Path | None = None, otlp_endpoint: str | None = None) -> None:
    """Name the service and send its spans to a file of JSON lines, to a collector, to both, or nowhere."""
    _Process.provider.shutdown()
    provider = TracerProvider(resource=Resource({"service.name": service}))
    if trace_file is not None:
        provider.add_span_processor(BatchSpanProcessor(JsonLines(trace_file)))
    if otlp_endpoint is not None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_endpoint, timeout=5)))
    _Process.provider = provider


def shutdown_tracing() -> None:
    """Flush what is waiting. Spans ended afterwards are lost."""
    _Process.provider.shutdown()


@contextmanager
def span(
    name: str,
    *,
    traceparent: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, Attribute] | None = None,
    links: Sequence[str] = (),
) -> Iterator[Span]:
    """Time what happens inside, as a child of `traceparent` or else of the current span.

    `links` are traceparents of other traces this work serves (a batch of events). An exception marks
    the span with its class alone and goes on. Log events inside carry `trace_id` and `span_id`.
    """
    parent = _context(traceparent) if traceparent else None
    tracer = _Process.provider.get_tracer("saraban")
    with tracer.start_as_current_span(
        name,
        context=parent,
        kind=kind,
        attributes=attributes,
        links=[trace.Link(linked) for linked in map(_span_context, links) if linked is not None],
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        ids = current.get_span_context()
        with structlog.contextvars.bound_contextvars(
            trace_id=trace.format_trace_id(ids.trace_id), span_id=trace.format_span_id(ids.span_id)
        ):
            try:
                yield current
            except BaseException as error:
                _mark_failed(current, error)
                raise


def current_traceparent() -> str | None:
    """The traceparent to hand on from here, or None outside any span."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def valid_traceparent(value: str | None) -> str | None:
    """The value if it is a W3C traceparent, else None: what outsiders send is not trusted to be one."""
    return value if value and _span_context(value) is not None else None


def _mark_failed(current: Span, error: BaseException) -> None:
    current.set_status(Status(StatusCode.ERROR, kind(error)))
    current.set_attribute("error.type", kind(error))


def _context(traceparent: str) -> Context:
    return _PROPAGATOR.extract({"traceparent": traceparent}, context=Context())


def _span_context(traceparent: str) -> trace.SpanContext | None:
    found = trace.get_current_span(_context(traceparent)).get_span_context()
    return found if found.is_valid else None


class JsonLines(SpanExporter):
    """Appends spans to a file, one JSON object a line; a batch is one write, so processes may share it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        self._open = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        os.write(self._file, "".join(_line(span) for span in spans).encode())
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        if self._open:
            self._open = False
            os.close(self._file)


def _line(ended: ReadableSpan) -> str:
    context = ended.get_span_context()
    assert context is not None
    return (
        json.dumps({
            "service": ended.resource.attributes.get("service.name"),
            "name": ended.name,
            "kind": ended.kind.name.lower(),
            "trace_id": trace.format_trace_id(context.trace_id),
            "span_id": trace.format_span_id(context.span_id),
            "parent_id": trace.format_span_id(ended.parent.span_id) if ended.parent else None,
            "links": [trace.format_trace_id(link.context.trace_id) for link in ended.links],
            "start_ns": ended.start_time,
            "end_ns": ended.end_time,
            "status": ended.status.status_code.name.lower(),
            "attributes": {
                key: redact_text(value) if isinstance(value, str) else value
                for key, value in (ended.attributes or {}).items()
            },
        }, ensure_ascii=False, default=str)
        + "\n"
    )  # fmt: skip
