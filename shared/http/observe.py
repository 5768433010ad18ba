"""Around every request: a trace, an access log line by path template, metrics, and headers of caution."""

import time
from typing import Final

from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.errors import unforeseen
from shared.http.routing import RouteServices, attach, template_of
from shared.telemetry import get_logger, span, valid_traceparent
from shared.telemetry.metrics import HTTP_REQUESTS, HTTP_SECONDS

log = get_logger()

_QUIET: Final = frozenset({"/livez", "/readyz", "/metrics"})
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CAUTION: Final = (
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_NO_STORE: Final = (b"cache-control", b"no-store")


class Observed:
    """The outermost layer. It never reads a body and never shows a raw path or a query."""

    def __init__(self, app: ASGIApp, services: RouteServices) -> None:
        self._app, self._services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        attach(scope, self._services)
        method = scope["method"] if scope["method"] in _METHODS else "(other)"
        parent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)
        with span(f"HTTP {method}", traceparent=valid_traceparent(parent), kind=SpanKind.SERVER) as current:
            started = time.perf_counter()
            status = 500
            started_answer = False

            async def send_with_caution(message: Message) -> None:
                nonlocal status, started_answer
                if message["type"] == "http.response.start":
                    status, started_answer = message["status"], True
                    message = {**message, "headers": _with_caution(message["headers"])}
                await send(message)

            try:
                await self._app(scope, receive, send_with_caution)
            except Exception as error:
                answer = unforeseen(scope, error)
                if started_answer:
                    raise  # too late to say so; the broken stream tells the caller
                await answer(scope, receive, send_with_caution)
            finally:
                route = template_of(scope)
                took = time.perf_counter() - started
                current.update_name(f"{method} {route}")
                current.set_attribute("http.request.method", method)
                current.set_attribute("http.route", route)
                current.set_attribute("http.response.status_code", status)
                HTTP_REQUESTS.labels(method, route, str(status)).inc()
                HTTP_SECONDS.labels(method, route).observe(took)
                if route not in _QUIET:
                    log.info("http.request.served", method=method, route=route, status=status, ms=round(took * 1000, 1))


def _with_caution(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    given = {name.lower() for name, _ in headers}
    added = [pair for pair in (*_CAUTION, _NO_STORE) if pair[0] not in given]
    return [*headers, *added]
