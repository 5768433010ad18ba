"""Turns whatever a route raised into a problem document; what was not foreseen shows nothing of the inside."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from opentelemetry import trace
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from shared.failures import Unavailable
from shared.http import problems
from shared.http.problems import PlaceAtFault, Problem, ProblemKind
from shared.http.routing import template_of
from shared.telemetry import get_logger

log = get_logger()

_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_MOST_PLACES: Final = 20
_OF_STATUS: Final[dict[int, ProblemKind]] = {
    400: problems.BAD_REQUEST,
    401: problems.SIGN_IN,
    403: problems.FORBIDDEN,
    404: problems.NOT_FOUND,
    405: problems.METHOD_NOT_ALLOWED,
    409: problems.CONFLICT,
    413: problems.BODY_TOO_LARGE,
    415: problems.WRONG_MEDIA_TYPE,
    422: problems.INVALID,
    429: problems.TOO_MANY,
    503: problems.UNAVAILABLE,
}


def add_error_answers(app: FastAPI, unavailable: Sequence[type[Exception]] = ()) -> None:
    """Make every failure of the application answer with a problem document."""
    passing: list[type[Exception]] = [Unavailable, *unavailable]
    for each in passing:
        app.add_exception_handler(each, _on_unavailable)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


def trace_id() -> str | None:
    """The current trace, for the caller to quote."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def answer(problem: Problem) -> Response:
    """The response of a problem raised outside the routes."""
    return problem.response(trace_id())


async def _on_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return answer(error)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = _OF_STATUS.get(error.status_code)
    if kind is None:
        kind = problems.INTERNAL if error.status_code >= 500 else problems.BAD_REQUEST  # noqa: PLR2004
    if kind is problems.METHOD_NOT_ALLOWED:
        return answer(kind.problem(headers={"Allow": ", ".join(_allowed(request))}))
    return answer(kind.problem(headers=error.headers))


def _allowed(request: Request) -> list[str]:
    """Every method that this address knows (RFC 9110, 15.5.6): several routes may share it, each with one method."""
    routes = request.app.router.routes
    return [
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]


async def _on_unavailable(request: Request, error: Exception) -> Response:
    log.warning(
        "http.request.failed", method=request.method, route=template_of(request.scope), status=503, exc_info=error
    )
    return answer(problems.UNAVAILABLE.problem(headers={"Retry-After": "2"}))


def unforeseen(scope: Scope, error: Exception) -> Response:
    """A failure nobody foresaw: logged by class and place, told to the caller as a trace id."""
    log.error("http.request.failed", method=scope["method"], route=template_of(scope), status=500, exc_info=error)
    return answer(problems.INTERNAL.problem())


async def _on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return answer(_problem_of(error.errors()))


def _problem_of(errors: Sequence[Any]) -> Problem:
    places = [PlaceAtFault(where=_where(each["loc"]), fault=_fault(each)) for each in errors[:_MOST_PLACES]]
    first = places[0]
    if errors[0]["type"] == "json_invalid":
        return problems.BODY_NOT_JSON.problem(where=f"body, character {errors[0]['loc'][-1]}")
    return problems.INVALID.problem(
        f"ตรวจ {first.where} และอีก {len(errors) - 1} แห่ง" if len(errors) > 1 else f"ตรวจ {first.where}",
        f"Look at {first.where}: {first.fault}" + (f", and at {len(errors) - 1} more." if len(errors) > 1 else "."),
        where=first.where,
        errors=places,
    )


def _where(location: Sequence[object]) -> str:
    if len(location) > 1 and location[0] == "body" and str(location[1])[:1].isupper():
        # Where a body may have one of several forms, pydantic names the form's class: that is no place in the body.
        location = ("body", *location[2:])
    return ".".join(str(part) for part in location)


def _fault(error: dict[str, Any]) -> str:
    # pydantic's messages quote limits and patterns but not the input, except where a validator of ours does.
    return str(error["type"]) if error["type"] in {"value_error", "assertion_error"} else str(error["msg"])
