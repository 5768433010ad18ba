"""The vault over HTTP. Officers see metadata, holders open their own credential once, nobody else sees a secret."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Path, Query, Response

from services.credentials import problems
from services.credentials.domain import Credential
from services.credentials.journal import Journal
from services.credentials.sealing import SealingOffice
from services.credentials.store import CredentialsStore
from services.credentials.views import (
    CredentialMetadata,
    SealingAsked,
    SealingJob,
    metadata_of,
)
from shared.contracts.events import AuditRecorded
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.problems import BAD_CURSOR, FORBIDDEN, OUT_OF_SCOPE, ROUND_CLOSED, ROUND_UNKNOWN
from shared.mongo import Document
from shared.security.principals import Principal, Role
from shared.security.scope import may_see

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


def officer_routes(store: CredentialsStore, journal: Journal) -> Router:
    """What officers and auditors may see: never a secret."""
    router = Router(prefix="/v1")

    @router.get("/holders/{code}/credential", tags=["metadata"])
    async def metadata(
        code: HolderCode,
        who: Anyone,
        round: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9._-]{1,40}$")] = None,  # noqa: A002
    ) -> CredentialMetadata:
        """What officers may know of a holder's credential: that it is there, and whether it was opened."""
        for credential in await store.latest_credentials(code, round):
            if _sees(who, credential):
                await journal.looked(who, credential)
                return metadata_of(credential)
        raise OUT_OF_SCOPE.problem(
            "ไม่มีรหัสนี้ในเขตที่ท่านดูแล", "There is no such credential in your part of the tree.", where="path.code"
        )

    @router.get("/audit", tags=["audit"])
    async def audit(
        who: Anyone,
        page: Annotated[PageQuery, Depends()],
        subject: Annotated[str, Query(pattern=r"^(center|lao)/[^\x00-\x20/#|]{1,64}$", examples=["center/5801001"])],
    ) -> Page[AuditRecorded]:
        """Who saw or changed what of a holder. For auditors and operators, and for holders about themselves."""
        if who.role not in {Role.AUDITOR, Role.OPERATOR} and subject != f"{who.role.value}/{who.org}":
            raise FORBIDDEN.problem(where="query.subject")
        try:
            found = await store.trail.about(subject, page.after(), page.limit)
        except ValueError:  # a cursor that is well made but not of this list
            raise BAD_CURSOR.problem(where="query.cursor") from None
        following = write_cursor(found[-1][0]) if len(found) == page.limit else None
        return Page(items=[entry for _, entry in found], next=following)

    return router


def _sees(who: Principal, credential: Credential) -> bool:
    if who.role is Role.LAO and credential.kind == "lao":
        return who.org == credential.holder
    return may_see(who, credential.path, credential.center)


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
