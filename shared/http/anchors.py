"""How far the audit chains of a service were anchored: what an auditor notes elsewhere."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends
from pydantic import BaseModel, Field

from shared.contracts.events import AuditAnchored
from shared.http.auth import requires
from shared.http.problems import ProblemKind
from shared.http.routing import Router
from shared.security.anchors import hash_of
from shared.security.principals import Principal, Role

NOT_ANCHORED: Final = ProblemKind(
    "not-anchored", 404, "ยังไม่มีการตรึงสมุดตรวจสอบ", "Nothing was anchored yet",
    "รอการตรึงครั้งถัดไปแล้วลองใหม่", "Wait for the next anchoring and try again.",
)  # fmt: skip
Watcher = Annotated[Principal, Depends(requires(Role.AUDITOR, Role.OPERATOR))]


class Anchor(BaseModel):
    """The newest anchor. Whoever notes number and hash elsewhere misses even lost anchors."""

    number: int
    hash: str
    time: datetime
    key: str = Field(description="Ed25519 public key, base64url: pass it to `saraban audit verify --key`")


def anchor_routes(newest: Callable[[], Awaitable[AuditAnchored | None]]) -> Router:
    """The newest anchor, for auditors and operators."""
    router = Router(prefix="/v1")

    @router.get("/audit/anchors/newest", tags=["audit"], responses={404: {"description": NOT_ANCHORED.title_en}})
    async def newest_anchor(_who: Watcher) -> Anchor:
        """The newest anchor of the chains of this service."""
        found = await newest()
        if found is None:
            raise NOT_ANCHORED.problem()
        return Anchor(number=found.number, hash=hash_of(found), time=found.time, key=found.key)

    return router
