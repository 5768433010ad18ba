"""The application every service starts from."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from shared.http.errors import add_error_answers
from shared.http.idempotency import Idempotency, IdempotencyStore
from shared.http.observe import Observed
from shared.http.openapi import install_openapi
from shared.http.pages import add_pages
from shared.http.probes import Probes, add_probes
from shared.http.routing import Route, Router, RouteServices
from shared.security.tokens import TokenVerifier

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    *,
    service: str,
    title: str,
    version: str = "0.1.0",
    description: str = "",
    routers: Sequence[Router] = (),
    verifier: TokenVerifier | None = None,
    idempotency: IdempotencyStore | None = None,
    probes: Probes | None = None,
    asyncapi: Mapping[str, Any] | None = None,
    lifespan: Lifespan | None = None,
    unavailable: Sequence[type[Exception]] = (),
) -> FastAPI:
    """A FastAPI application with everything a service answers alike.

    Problem documents, bearer tokens, `Idempotency-Key`, body limits, `/livez` `/readyz` `/metrics`
    `/openapi.json` `/docs` `/asyncapi`, traces and access log. Without a `verifier` every guarded route answers
    401; without an `idempotency` store the header is ignored. `unavailable` names exceptions that mean "try later":
    they answer 503 with Retry-After, as `Unavailable` does.
    """
    app = FastAPI(
        title=title,
        version=version,
        description=description,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    services = RouteServices(verifier, Idempotency(idempotency, service) if idempotency is not None else None)
    add_error_answers(app, unavailable)
    add_probes(app, probes or Probes())
    add_pages(app, asyncapi)
    for router in routers:
        _check(router)
        app.include_router(router)
    install_openapi(app)
    app.add_middleware(Observed, services=services)
    return app


def _check(router: Router) -> None:
    strangers = [route.path for route in router.routes if isinstance(route, APIRoute) and not isinstance(route, Route)]
    if strangers:
        raise TypeError(f"routes without the service's guard: {strangers}")
