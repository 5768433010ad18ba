"""Probes that tell the truth: alive while the loops turn, ready while the servers answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from shared.security.redaction import kind
from shared.telemetry import get_logger
from shared.telemetry.metrics import CHECK_OK, CONTENT_TYPE, exposition

log = get_logger()

CHECK_TIMEOUT_S: Final = 2.0


@dataclass(frozen=True)
class Check:
    """One question with a name. `ask` answers None when all is well, else a short reason fit for the public."""

    name: str
    ask: Callable[[], Awaitable[str | None]]


@dataclass(frozen=True)
class Probes:
    """What `/livez` and `/readyz` ask. A failing live check means: restart me; a ready one: send nothing here.

    What is `told` stands in the answer of `/readyz` and fails nothing: work waits, and requests are served.
    """

    live: Sequence[Check] = ()
    ready: Sequence[Check] = ()
    told: Sequence[Check] = ()


class Turning(Protocol):
    """What works beside the requests: a `Loop`, or what tells of itself as one does."""

    @property
    def name(self) -> str: ...
    def problem(self, longest_s: float) -> str | None: ...


def heartbeat(loop: Turning, longest_s: float) -> Check:
    """Passes while the loop's task lives and a round of it is silent for at most `longest_s` seconds."""

    async def ask() -> str | None:
        return loop.problem(longest_s)

    return Check(loop.name, ask)


def answers(name: str, ping: Callable[[], Awaitable[object]]) -> Check:
    """Passes when `ping()` returns in time without raising."""

    async def ask() -> str | None:
        await ping()
        return None

    return Check(name, ask)


async def _outcome(check: Check) -> str | None:
    try:
        reason = await asyncio.wait_for(check.ask(), CHECK_TIMEOUT_S)
    except TimeoutError:
        reason = "no answer in time"
    except Exception as error:  # noqa: BLE001 a check may fail in any way; that is its answer
        reason = kind(error)
    CHECK_OK.labels(check.name).set(0 if reason else 1)
    return reason


async def _report(checks: Sequence[Check]) -> tuple[bool, dict[str, str]]:
    reasons = await asyncio.gather(*(_outcome(check) for check in checks))
    found = {check.name: reason or "ok" for check, reason in zip(checks, reasons, strict=True)}
    return not any(reasons), found


def add_probes(app: FastAPI, probes: Probes) -> None:
    """Serve `/livez`, `/readyz` and `/metrics`."""
    last_ready: bool | None = None

    @app.get("/livez", include_in_schema=False)
    async def livez() -> Response:
        well, found = await _report(probes.live)
        return JSONResponse({"status": "ok" if well else "failing", "checks": found}, 200 if well else 503)

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        nonlocal last_ready
        (well, found), (_, told) = await asyncio.gather(_report([*probes.live, *probes.ready]), _report(probes.told))
        if well != last_ready:
            last_ready = well
            log.info("http.ready.changed", ready=well, failing=[name for name, said in found.items() if said != "ok"])
        checks = {**found, **told}
        return JSONResponse({"status": "ok" if well else "failing", "checks": checks}, 200 if well else 503)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(exposition(), media_type=CONTENT_TYPE)
