"""Claims over HTTP: a holder opens its own credential once, and nobody else sees a secret."""

from datetime import UTC, datetime
from math import ceil
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Path, Request

from services.credentials import problems
from services.credentials.activating import codes
from services.credentials.activating.codes import Mistyped
from services.credentials.claiming.attempts import Wait
from services.credentials.claiming.callers import Caller, Door
from services.credentials.claiming.claims import ClaimDesk, Opened
from services.credentials.claiming.door import DoorDesk
from services.credentials.claiming.reveals import RevealDesk
from services.credentials.claiming.views import (
    ClaimAsked,
    ClaimOpened,
    ClaimVerified,
    CodeGiven,
    Secret,
)
from services.credentials.domain import Refusal
from services.credentials.views import CredentialMetadata, metadata_of
from shared.http import Router, may_have, route_options
from shared.http.problems import INVALID, SIGN_IN
from shared.mongo.sealing import SealBroken
from shared.security.principals import Principal, Role

SESSION_HEADER: Final = "Saraban-Claim-Session"
ClaimId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
MaybeHolder = Annotated[Principal | None, Depends(may_have(Role.CENTER, Role.LAO))]
Session = Annotated[
    str | None,
    Header(
        alias=SESSION_HEADER,
        max_length=64,
        pattern="^[A-Za-z0-9_-]+$",
        description="ของคำขอที่เริ่มด้วยใบรับสิทธิ / of a claim that began with a sheet, in place of a token",
    ),
]
WITHOUT_TOKEN: Final[dict[str, Any]] = {"security": [{}]}


def caller(request: Request, who: MaybeHolder, session: Session = None) -> Caller:
    """A holder with its token, or somebody with a session; neither is 401."""
    if who is not None:
        return who
    if session is None:
        raise SIGN_IN.problem(where=f"header.{SESSION_HEADER}")
    return Door(address_of(request), session)


def address_of(request: Request) -> str:
    """Where a request came from, as the server in front says."""
    return request.client.host if request.client else "unknown"


AnyCaller = Annotated[Caller, Depends(caller)]


def claim_routes(claims: ClaimDesk, door: DoorDesk) -> Router:
    """How a holder begins to open its own credential."""
    router = Router(prefix="/v1")

    @router.post("/claims", status_code=201, tags=["claims"], openapi_extra=WITHOUT_TOKEN)
    @route_options(remember=False)
    async def open_claim(asked: ClaimAsked, who: MaybeHolder, request: Request) -> ClaimOpened:
        """Begin to open a credential: one's own with a token, or any with its sheet. A code goes to the contact."""
        opened = await _open(asked, who, Door(address_of(request)), claims, door)
        if isinstance(opened, Wait):
            raise problems.waiting(opened.refusal, ceil((opened.until - datetime.now(UTC)).total_seconds()))
        if isinstance(opened, Refusal):
            raise problems.of(opened)
        return ClaimOpened(
            claim=opened.claim,
            code_ends=opened.code_ends,
            round=opened.round,
            holder=opened.holder,
            session=opened.session,
        )

    @router.post("/claims/{claim}/verify", tags=["claims"], openapi_extra=WITHOUT_TOKEN)
    @route_options(remember=False)
    async def verify(claim: ClaimId, given: CodeGiven, who: AnyCaller) -> ClaimVerified:
        """Show the code. Five tries, then the claim locks."""
        refusal = await claims.verify(who, claim, given.code)
        if refusal is not None:
            raise problems.of(refusal)
        return ClaimVerified()

    return router


async def _open(
    asked: ClaimAsked, who: Principal | None, at: Door, claims: ClaimDesk, door: DoorDesk
) -> Opened | Wait | Refusal:
    if who is not None:
        if asked.round is None or asked.holder is None or asked.code is not None:
            fields = {"body.round": asked.round is None, "body.holder": asked.holder is None}
            raise INVALID.problem(where=next((place for place, missing in fields.items() if missing), "body.code"))
        return await claims.open(who, asked.round, asked.holder)
    if asked.code is None:
        raise SIGN_IN.problem(where="header.Authorization")
    code = codes.read(asked.code)
    if isinstance(code, Mistyped):
        raise problems.mistyped(code.groups)
    return await door.open(at, code)


def reveal_routes(reveals: RevealDesk) -> Router:
    """How a holder that has shown its code sees its secret, once."""
    router = Router(prefix="/v1")

    @router.post("/claims/{claim}/reveal", tags=["claims"], openapi_extra=WITHOUT_TOKEN)
    @route_options(remember=False)
    async def reveal(
        claim: ClaimId,
        who: AnyCaller,
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
            must_change=revealed.credential.must_change,
        )

    @router.post("/claims/{claim}/confirm", tags=["claims"], openapi_extra=WITHOUT_TOKEN)
    async def confirm(claim: ClaimId, who: AnyCaller) -> CredentialMetadata:
        """Say that the secret is in hand."""
        confirmed = await reveals.confirm(who, claim)
        if isinstance(confirmed, Refusal):
            raise problems.of(confirmed)
        return metadata_of(confirmed)

    return router
