"""Who is asking: the bearer token is checked before a byte of the body is read."""

from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import Scope

from shared.http import problems
from shared.http.problems import Problem
from shared.security.principals import Principal, Role
from shared.security.tokens import TokenFault, TokenRefused, TokenVerifier
from shared.telemetry import get_logger
from shared.telemetry.metrics import TOKENS_REFUSED

log = get_logger()

_CHECKED: Final = "saraban.principal"
_BEARER: Final = HTTPBearer(auto_error=False, description="OpenID Connect access token with claims `role` and `org`")
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="saraban"'}


class Requires:
    """A dependency that yields the principal, if its role is one of those named (none named: any role)."""

    optional = False

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)

    def __call__(
        self, request: Request, _declared: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)] = None
    ) -> Principal:
        principal: Principal | None = request.scope.get(_CHECKED)
        if principal is None:
            raise problems.SIGN_IN.problem(headers=_CHALLENGE)
        return principal


class MayHave(Requires):
    """As `Requires` for who brings a token; who brings none comes in too, as None."""

    optional = True

    def __call__(  # type: ignore[override]
        self, request: Request, _declared: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)] = None
    ) -> Principal | None:
        principal: Principal | None = request.scope.get(_CHECKED)
        return principal


def requires(*roles: Role) -> Requires:
    """`Annotated[Principal, Depends(requires(Role.OPERATOR))]`: 401 without a good token, 403 with another role."""
    return Requires(*roles)


def may_have(*roles: Role) -> MayHave:
    """`Annotated[Principal | None, Depends(may_have(Role.CENTER))]`: None without a token; a bad one is still 401.

    Such a route guards itself by something else. Give it `openapi_extra={"security": [{}]}`.
    """
    return MayHave(*roles)


def requirement_of(dependant: Dependant) -> Requires | None:
    """What a route asks of its caller, or None for a public route."""
    if isinstance(dependant.call, Requires):
        return dependant.call
    return next(filter(None, map(requirement_of, dependant.dependencies)), None)


async def admit(scope: Scope, requirement: Requires, verifier: TokenVerifier | None) -> Principal | None:
    """Check the request's token and role and leave the principal for the route. Raises 401, 403 or 503.

    None only where the route takes callers without a token and this one brought none.
    """
    if requirement.optional and not any(name == b"authorization" for name, _ in scope["headers"]):
        return None
    token = _bearer(scope)
    if token is None or verifier is None:
        raise problems.SIGN_IN.problem(headers=_CHALLENGE, where="header.Authorization")
    try:
        principal = await verifier.verify(token)
    except TokenRefused as refused:
        TOKENS_REFUSED.labels(refused.fault.value).inc()
        log.info("security.token.refused", fault=refused.fault.value)
        raise _refusal(refused.fault) from None
    if requirement.roles and principal.role not in requirement.roles:
        raise problems.FORBIDDEN.problem(
            f"บทบาท {principal.role.value} ทำรายการนี้ไม่ได้", f"The role {principal.role.value} may not do this."
        )
    scope[_CHECKED] = principal
    return principal


def _bearer(scope: Scope) -> str | None:
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) != 1:
        return None
    scheme, _, token = given[0].decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _refusal(fault: TokenFault) -> Problem:
    kind = problems.TOKEN_EXPIRED if fault is TokenFault.EXPIRED else problems.TOKEN_REFUSED
    return kind.problem(
        f"{kind.title} ({fault.value})",
        f"{kind.title_en} ({fault.value}).",
        where="header.Authorization",
        headers={
            "WWW-Authenticate": f'Bearer realm="saraban", error="invalid_token", error_description="{fault.value}"'
        },
    )
