"""Sealing over HTTP. What else the vault answers stands with the rooms it belongs to."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Path, Response

from services.credentials import problems
from services.credentials.sealing import SealingOffice
from services.credentials.store import CredentialsStore
from services.credentials.views import (
    SealingAsked,
    SealingJob,
)
from shared.http import Router, requires
from shared.http.problems import ROUND_CLOSED, ROUND_UNKNOWN
from shared.mongo import Document
from shared.security.principals import Principal, Role

RoundId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,40}$", description="รอบการประเมิน / round")]
HolderCode = Annotated[str, Path(pattern=r"^[^\x00-\x20/#|]{1,64}$", description="รหัสศูนย์หรือ อปท. / center or LAO code")]
Sealer = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR))]
Overseer = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.AUDITOR))]
Anyone = Annotated[Principal, Depends(requires())]


def sealing_routes(store: CredentialsStore, office: SealingOffice) -> Router:
    """Sealing a round, and how far it has come."""
    router = Router(prefix="/v1")

    @router.post("/rounds/{round}/credentials", status_code=202, tags=["sealing"])
    async def seal_round(round: RoundId, _asked: SealingAsked, who: Sealer, response: Response) -> SealingJob:  # noqa: A002
        """Seal a generated credential for every obligated center and its LAO. Goes on after the answer."""
        known = await store.round(round)
        if known is None:
            raise ROUND_UNKNOWN.problem(where="path.round")
        if known["state"] == "closed":
            raise ROUND_CLOSED.problem(where="path.round")
        job = await store.ask_for_sealing(round, who.subject, who.role.value, datetime.now(UTC))
        office.nudge()
        response.headers["Location"] = f"/v1/rounds/{round}/credentials"
        return await _job(store, job)

    @router.get("/rounds/{round}/credentials", tags=["sealing"])
    async def sealing_of(round: RoundId, _who: Overseer) -> SealingJob:  # noqa: A002
        """How far the sealing of a round has come."""
        job = await store.job(round)
        if job is None:
            raise problems.NOT_ASKED.problem(where="path.round")
        return await _job(store, job)

    return router


async def _job(store: CredentialsStore, job: Document) -> SealingJob:
    states = await store.states_of(job["_id"])
    centers, laos = await store.count_obliged(job["_id"]), await store.count_obliged_laos(job["_id"])
    return SealingJob(
        round=job["_id"],
        state=job["state"],
        holders=centers + laos,
        credentials=sum(states.values()),
        by_state=states,
        missing=job["missing"],
        asked_at=job["asked_at"],
        ended_at=job["ended_at"],
    )
