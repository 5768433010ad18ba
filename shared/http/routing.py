"""The route every service uses: it admits, limits and remembers before the endpoint sees the request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from fastapi import APIRouter, params
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from shared.http import problems
from shared.http.auth import admit, requirement_of
from shared.http.idempotency import Idempotency
from shared.http.limits import DEFAULT_BODY, limited
from shared.security.tokens import TokenVerifier

_SERVICES: Final = "saraban.services"
_OPTIONS: Final = "__saraban_route__"
_CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class RouteServices:
    """What routes need of the application; `create_app` leaves it in the scope."""

    verifier: TokenVerifier | None
    idempotency: Idempotency | None


@dataclass(frozen=True)
class RouteOptions:
    max_body: int = DEFAULT_BODY
    """Bytes."""
    remember: bool = True
    """False where an answer must never be stored: secrets, one-time codes."""


_DEFAULTS: Final = RouteOptions()


def route_options(*, max_body: int = DEFAULT_BODY, remember: bool = True) -> Callable[[F], F]:
    """Set a route's options; stands below the `@router.post(…)` line."""

    def mark(endpoint: F) -> F:
        setattr(endpoint, _OPTIONS, RouteOptions(max_body, remember))
        return endpoint

    return mark


class Route(APIRoute):
    """Checks the token and role, the content type and the size of a request, and replays answers by key."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in (self.methods or set()):
            await super().handle(scope, receive, send)
            return
        services: RouteServices = scope[_SERVICES]
        options: RouteOptions = getattr(self.endpoint, _OPTIONS, _DEFAULTS)
        requirement = requirement_of(self.dependant)
        principal = await admit(scope, requirement, services.verifier) if requirement is not None else None
        self._check_media_type(scope)
        within = limited(scope, receive, options.max_body)
        if (
            scope["method"] in _CHANGING
            and options.remember
            and principal is not None
            and services.idempotency is not None
        ):
            await services.idempotency.run(super().handle, scope, within, send, principal, self.path_format)
        else:
            await super().handle(scope, within, send)

    def _check_media_type(self, scope: Scope) -> None:
        if self.body_field is None:
            return
        given = _header(scope, b"content-type").split(";")[0].strip().lower()
        if not given and not _has_body(scope):
            return
        if isinstance(self.body_field.field_info, params.Form):
            wanted = self.body_field.field_info.media_type
            accepted = given == wanted
        else:
            wanted = "application/json"
            accepted = given == wanted or given.endswith("+json")
        if not accepted:
            raise problems.WRONG_MEDIA_TYPE.problem(
                f"ต้องส่งเป็น {wanted}", f"Send {wanted}.", where="header.Content-Type", headers={"Accept": wanted}
            )


class Router(APIRouter):
    """An `APIRouter` whose routes are ours."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, route_class=Route, redirect_slashes=False, **options)


def attach(scope: Scope, services: RouteServices) -> None:
    """Leave what routes need in the request's scope."""
    scope[_SERVICES] = services


def template_of(scope: Scope) -> str:
    """The path template of the route that was chosen, or `(none)`: raw paths hold codes."""
    route = scope.get("route")
    return str(getattr(route, "path_format", None) or "(none)")


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _has_body(scope: Scope) -> bool:
    return _header(scope, b"content-length") not in {"", "0"} or bool(_header(scope, b"transfer-encoding"))
