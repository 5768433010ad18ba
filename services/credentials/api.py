"""The vault over HTTP. Officers see metadata, holders open their own credential once, nobody else sees a secret."""

from datetime import UTC, datetime
from math import ceil
from typing import Annotated

from fastapi import Depends, Header, Path, Query, Response

from services.credentials import problems
from services.credentials.attempts import Wait
from services.credentials.claims import ClaimDesk
from services.credentials.domain import Credential, Refusal
from services.credentials.journal import Journal
from services.credentials.reveals import RevealDesk
from services.credentials.sealing import SealingOffice
from services.credentials.store import CredentialsStore
from services.credentials.views import (
    ClaimAsked,
    ClaimOpened,
    ClaimVerified,
    CodeGiven,
    CredentialMetadata,
    SealingAsked,
    SealingJob,
    Secret,
    metadata_of,
)
from shared.contracts.events import AuditRecorded
from shared.http import Page, PageQuery, Router, requires, route_options, write_cursor
from shared.http.problems import BAD_CURSOR, FORBIDDEN, OUT_OF_SCOPE, ROUND_CLOSED, ROUND_UNKNOWN
from shared.mongo import Document
from shared.mongo.sealing import SealBroken
from shared.security.principals import Principal, Role
from shared.security.scope import may_see

RoundId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,40}$", description="รอบการประเมิน / round")]
HolderCode = Annotated[str, Path(pattern=r"^[^\x00-\x20/#|]{1,64}$", description="รหัสศูนย์หรือ อปท. / center or LAO code")]
ClaimId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Sealer = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR))]
Overseer = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.AUDITOR))]
Anyone = Annotated[Principal, Depends(requires())]
HolderSelf = Annotated[Principal, Depends(requires(Role.CENTER, Role.LAO))]


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


def claim_routes(claims: ClaimDesk) -> Router:
    """How a holder begins to open its own credential."""
    router = Router(prefix="/v1")

    @router.post("/claims", status_code=201, tags=["claims"])
    @route_options(remember=False)
    async def open_claim(asked: ClaimAsked, who: HolderSelf) -> ClaimOpened:
        """Begin to open one's own credential: a code goes to the registered contact."""
        opened = await claims.open(who, asked.round, asked.holder)
        if isinstance(opened, Wait):
            raise problems.waiting(opened.refusal, ceil((opened.until - datetime.now(UTC)).total_seconds()))
        if isinstance(opened, Refusal):
            raise problems.of(opened)
        return ClaimOpened(claim=opened.claim, code_ends=opened.code_ends)

    @router.post("/claims/{claim}/verify", tags=["claims"])
    @route_options(remember=False)
    async def verify(claim: ClaimId, given: CodeGiven, who: HolderSelf) -> ClaimVerified:
        """Show the code. Five tries, then the claim locks."""
        refusal = await claims.verify(who, claim, given.code)
        if refusal is not None:
            raise problems.of(refusal)
        return ClaimVerified()

    return router


def reveal_routes(reveals: RevealDesk) -> Router:
    """How a holder that has shown its code sees its secret, once."""
    router = Router(prefix="/v1")

    @router.post("/claims/{claim}/reveal", tags=["claims"])
    @route_options(remember=False)
    async def reveal(
        claim: ClaimId,
        who: HolderSelf,
        key: Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=128, pattern="^[!-~]+$")],
    ) -> Secret:
        """See the secret, once. The same key fetches a lost answer again for two minutes."""
        try:
            revealed = await reveals.reveal(who, claim, key)
        except SealBroken:
            raise problems.SEAL_BROKEN.problem() from None
        if isinstance(revealed, Refusal):
            raise problems.of(revealed)
        return Secret(
            round=revealed.credential.round,
            holder=revealed.credential.holder,
            version=revealed.credential.edition,
            username=revealed.username.get_secret_value(),
            password=revealed.password.get_secret_value(),
        )

    @router.post("/claims/{claim}/confirm", tags=["claims"])
    async def confirm(claim: ClaimId, who: HolderSelf) -> CredentialMetadata:
        """Say that the secret is in hand."""
        confirmed = await reveals.confirm(who, claim)
        if isinstance(confirmed, Refusal):
            raise problems.of(confirmed)
        return metadata_of(confirmed)

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
