"""The OpenAPI document, with the problems every route may answer."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.http.problems import CATALOGUE, MEDIA_TYPE, ProblemDocument

_REFERENCE: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ALWAYS: Final = (400, 500, 503)
_WITH_TOKEN: Final = (401, 403)
_WITH_PLACE: Final = (404,)
_WITH_BODY: Final = (413, 415)
_CHANGING: Final = (409, 429)
_METHODS_CHANGING: Final = frozenset({"post", "put", "patch", "delete"})

_KEY_PARAMETER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body give the same answer for 24 hours; the same key and another body, 409.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 128, "pattern": "^[!-~]+$"},
}


def install_openapi(app: FastAPI) -> None:
    """Have `app.openapi()` describe problems instead of the framework's own errors."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            _describe_problems(made)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _describe_problems(made: dict[str, Any]) -> None:
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    problem["title"] = "Problem"
    schemas["Problem"] = problem
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            if method in _METHODS_CHANGING:
                operation.setdefault("parameters", []).append(_KEY_PARAMETER)
            operation["responses"].update(
                {
                    str(status): {"description": _titles(status), "content": _REFERENCE}
                    for status in _statuses(path, method, operation)
                }
            )


def _statuses(path: str, method: str, operation: dict[str, Any]) -> list[int]:
    found = list(_ALWAYS)
    found += _WITH_TOKEN if operation.get("security") else ()
    found += _WITH_PLACE if "{" in path or _names_a_place(operation) else ()
    found += _WITH_BODY if "requestBody" in operation else ()
    found += _CHANGING if method in _METHODS_CHANGING else ()
    found += (422,) if operation.get("parameters") or "requestBody" in operation else ()
    documented = {int(status) for status in operation["responses"] if status.isdigit()}
    return sorted({*found, *(status for status in documented if status >= 400)})  # noqa: PLR2004


def _names_a_place(operation: dict[str, Any]) -> bool:
    """Whether a list is asked for what lies within an organization, which may not be there."""
    return any(parameter.get("name") == "within" for parameter in operation.get("parameters", ()))


def _titles(status: int) -> str:
    kinds = [kind for kind in CATALOGUE.values() if kind.status == status]
    return " · ".join(f"`{kind.slug}` {kind.title} / {kind.title_en}" for kind in kinds) or "Problem"
