"""Holds a running service to its own OpenAPI document: made-up requests, checked answers."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 8
FEW = 4
"""For who is not signed in, and is told so whatever is asked."""


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[str]:
    """The application behind a real socket; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        running = asyncio.create_task(server.serve(sockets=[free]))
        while not server.started:
            assert not running.done(), "the server did not start"
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{free.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


Names = Callable[[str], Mapping[str, str]]
"""What stands there: for the path of an operation, the names that its parameters may have."""


def conform(
    address: str, headers: Mapping[str, str], there: Names | None = None, examples: int = EXAMPLES
) -> dict[str, set[int]]:
    """Send made-up requests to every operation with these headers; the statuses that each was answered with.

    `there` names what exists, so that most requests find it; those that only read come first, before others change it.
    Half of the requests leave out whatever query they may, as most filters find nothing.
    """
    document = schemathesis.openapi.from_url(f"{address}/openapi.json")
    found = [each.ok() for each in document.get_all_operations() if isinstance(each, Ok)]
    answered, failures = dict[str, set[int]](), list[BaseException]()
    for operation in sorted(found, key=lambda each: each.method.upper() != "GET"):
        needed = _needed(document.raw_schema["paths"][operation.path][operation.method.lower()])
        names = there(operation.path) if there else {}

        def ask(case: schemathesis.Case[Any]) -> int:
            return case.call_and_validate(base_url=address, headers=dict(headers), checks=CHECKS).status_code

        try:
            answered[operation.label] = _asked(operation, names, needed, ask, examples)
        except (FailureGroup, AssertionError) as failure:
            failures.append(failure)
    if failures:
        raise failures[0] if len(failures) == 1 else BaseExceptionGroup("several operations", failures)
    return answered


def _asked(
    operation: Any,
    names: Mapping[str, str],
    needed: set[str],
    ask: Callable[[schemathesis.Case[Any]], int],
    examples: int,
) -> set[int]:
    """The statuses of one operation's answers."""
    statuses: set[int] = set()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    # The first example is the simplest: all that is there, and no filter.
    @given(
        case=operation.as_strategy(),
        known=st.sampled_from([True, True, True, False]),
        bare=st.sampled_from([True, False]),
    )
    def answers_as_documented(case: schemathesis.Case[Any], known: bool, bare: bool) -> None:
        if known:
            case.path_parameters.update({name: names[name] for name in case.path_parameters if name in names})
            case.query.update({name: names[name] for name in needed if name in names})
        if bare:
            case.query = {name: value for name, value in case.query.items() if name in needed}
        statuses.add(ask(case))

    answers_as_documented()
    return statuses


def unread(answered: Mapping[str, set[int]]) -> list[str]:
    """The operations that read and never gave anything."""
    return [label for label, statuses in answered.items() if label.startswith("GET ") and 200 not in statuses]


def _needed(operation: Mapping[str, Any]) -> set[str]:
    return {each["name"] for each in operation.get("parameters", []) if each["in"] == "query" and each["required"]}
