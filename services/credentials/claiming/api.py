"""Claims over HTTP: a holder opens its own credential once, and nobody else sees a secret."""

from datetime import UTC, datetime
from math import ceil
from typing import Annotated

from fastapi import Depends, Header, Path

from services.credentials import problems
from services.credentials.claiming.attempts import Wait
from services.credentials.claiming.claims import ClaimDesk
from services.credentials.claiming.reveals import RevealDesk
from services.credentials.claiming.views import ClaimAsked, ClaimOpened, ClaimVerified, CodeGiven, Secret
from services.credentials.domain import Refusal
from services.credentials.views import CredentialMetadata, metadata_of
from shared.http import Router, requires, route_options
from shared.mongo.sealing import SealBroken
from shared.security.principals import Principal, Role

ClaimId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
HolderSelf = Annotated[Principal, Depends(requires(Role.CENTER, Role.LAO))]


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
