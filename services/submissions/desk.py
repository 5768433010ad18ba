"""What the routes of this service have in common: who may call them, and the questions that several of them ask."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Protocol

from fastapi import Depends, Path, Query

from services.submissions import problems
from services.submissions.domain import Duty, Submission, Upload
from services.submissions.receipts.signing import ReceiptSigner
from services.submissions.store import LONGEST_CHAIN, Store, Written
from services.submissions.uploading.completion import Completion
from services.submissions.uploading.receiving import on_time_for
from services.submissions.uploading.uploads import Uploads
from services.submissions.views import UploadView, upload_view
from shared.contracts.events import RoundChanged
from shared.http import problems as common
from shared.http import requires
from shared.security.principals import Principal, Role
from shared.security.scope import DEPARTMENT_CODE, may_act, may_see

_TIERS = (Role.DEPARTMENT, Role.PROVINCE, Role.DISTRICT, Role.LAO)
Sender = Annotated[Principal, Depends(requires(Role.CENTER, Role.LAO))]
Reader = Annotated[Principal, Depends(requires(*_TIERS, Role.CENTER, Role.OPERATOR, Role.AUDITOR, Role.ASSESSOR))]
Overseer = Annotated[Principal, Depends(requires(*_TIERS, Role.OPERATOR, Role.AUDITOR, Role.ASSESSOR))]

RoundId = Annotated[str, Path(alias="round", min_length=1, max_length=64)]
Code = Annotated[str, Path(min_length=1, max_length=64)]
Within = Annotated[
    str | None, Query(min_length=1, max_length=64, description="organization code; by default the caller's own")
]
_LOCAL = frozenset({Role.PROVINCE, Role.DISTRICT, Role.LAO})
Clock = Callable[[], datetime]


class Following(Protocol):
    """What belongs to a center in a round, and follows it when it is merged."""

    @property
    def round(self) -> str: ...
    @property
    def center(self) -> str: ...
    @property
    def path(self) -> tuple[str, ...]: ...
    @property
    def successor(self) -> str | None: ...


class Desk:
    """What the routes need, and the questions that several of them ask."""

    def __init__(
        self, store: Store, uploads: Uploads, completion: Completion, signer: ReceiptSigner, *, largest: int
    ) -> None:
        self.store, self.uploads, self.completion, self.signer, self.largest = (
            store,
            uploads,
            completion,
            signer,
            largest,
        )

    async def receipt_keys(self) -> dict[str, Any]:
        """The JWK set of every key that ever signed a receipt; the one in use first."""
        current = self.signer.public_key
        kept = await self.store.receipts.keys()
        return {"keys": [current, *(key for key in kept if key["kid"] != current["kid"])]}

    async def round(self, round_: str) -> RoundChanged:
        """The round, or its problem."""
        found = await self.store.round(round_)
        if found is None:
            raise common.ROUND_UNKNOWN.problem(where="path.round")
        return found

    async def center(self, center: str, principal: Principal, *, act: bool) -> tuple[str, ...]:
        """The path of a center on which the principal may act (or look), or the problem."""
        path = await self.store.path_of(center)
        if path is None:
            raise common.CENTER_UNKNOWN.problem(where="path.center")
        allowed = may_act if act else may_see
        if not allowed(principal, path, center):
            raise common.OUT_OF_SCOPE.problem(where="path.center")
        return path

    async def submission(self, round_: str, center: str, principal: Principal) -> Submission | None:
        """What a center sent for a round, if the principal may look at it; None if there is nothing.

        What a merge carried follows its center: the offices over the last survivor see it, and the survivors.
        """
        await self.round(round_)
        stored = await self.store.of_center(round_, center)
        await self.sees(principal, center, stored.state if stored else None)
        return stored.state if stored else None

    async def survivor(self, submission: Submission) -> Submission | None:
        """After a merge (or several) the submission that carries this one now; None while it stands for itself."""
        found: Submission | None = None
        successor = submission.successor
        for _ in range(LONGEST_CHAIN):
            stored = await self.store.of_center(submission.round, successor) if successor else None
            if stored is None:
                break
            found, successor = stored.state, stored.state.successor
        return found

    async def sees(
        self, principal: Principal, center: str, found: Following | None, *, where: str = "path.center"
    ) -> None:
        """Nothing, if the principal may look at what a center sent or has yet to send; or the problem.

        A round that was closed keeps its centers where they were: the offices over them then may look, and those now.
        """
        if found is None:
            await self.center(center, principal, act=False)
            return
        centers, counted, now = await self._keepers(found)
        if not any(may_see(principal, path, one) for path in (counted, now) for one in centers):
            raise common.OUT_OF_SCOPE.problem(where=where)

    async def _keepers(self, found: Following) -> tuple[list[str], tuple[str, ...], tuple[str, ...]]:
        """Who looks after what a center sent: itself and, after merges, the survivors; the offices over the last of
        them as the round counts it, and as it stands in the tree now.
        """
        centers, counted = [found.center], found.path
        if found.successor:
            survivors, path = await self.store.survivors(found.round, found.successor)
            centers, counted = [*centers, *survivors], path or counted
        return centers, counted, await self.store.path_of(centers[-1]) or counted

    async def within(self, principal: Principal, within: str | None) -> tuple[str, ...]:
        """The organizations that all centers of a list must lie under, or the problem."""
        own = principal.org if principal.role in _LOCAL else DEPARTMENT_CODE
        if principal.role in _LOCAL and own == DEPARTMENT_CODE:  # it would see the country
            raise common.OUT_OF_SCOPE.problem(where="query.within")
        if within is None or within == own:
            return (own,)
        if await self.store.sample_path(within) is None:
            raise common.ORGANIZATION_UNKNOWN.problem(where="query.within")
        path = await self.store.sample_path(own, within)
        if path is None or path.index(within) < path.index(own):
            raise common.OUT_OF_SCOPE.problem(where="query.within")
        return (own, within)

    async def upload(self, upload: str, principal: Principal, *, act: bool) -> tuple[Submission, Upload]:
        """An upload on which the principal may act (or look), or the problem. Those act who may open one now."""
        stored = await self.store.of_upload(upload)
        found = stored.state.upload(upload) if stored else None
        if stored is None or found is None:
            raise problems.UPLOAD_UNKNOWN.problem(where="path.upload")
        if not act:
            await self.sees(principal, stored.state.center, stored.state, where="path.upload")
            return stored.state, found
        _, _, now = await self._keepers(stored.state)
        if not may_act(principal, now, stored.state.center):
            raise common.OUT_OF_SCOPE.problem(where="path.upload")
        return stored.state, found

    async def view(self, submission: Submission, upload: Upload, now: datetime, *, new: bool = False) -> UploadView:
        """An upload with what the store has of it; of a `new` one it has nothing."""
        at, stored = Written(submission, upload), set[int]()
        if not new:
            at, there = await self.uploads.look(at, now)
            stored = {one.number for one in there if one.size == upload.part_size(one.number)}
        until = on_time_for(await self.duty(at.submission), at.upload)
        return upload_view(at.submission, at.upload, stored, until)

    async def duty(self, submission: Submission) -> Duty:
        """By which rules a submission that stands is measured."""
        round_ = await self.round(submission.round)
        facts = {"center": submission.center, "path": submission.path, "due_again": submission.due_again}
        return Duty(round=round_, owed=True, **facts)
