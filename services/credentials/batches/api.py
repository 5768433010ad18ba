"""Sealing over HTTP: secrets that are generated here, and sealed batches from other systems."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Query, Response

from services.credentials.batches import problems
from services.credentials.batches.desk import BatchDesk, BatchOverError, BatchUsedError, UnknownBatchError
from services.credentials.batches.store import Batch, BatchStore
from services.credentials.batches.verdicts import Verdict
from services.credentials.batches.views import (
    BatchAsked,
    BatchSent,
    BatchStatus,
    LineVerdict,
    status_of,
    verdict_of,
)
from services.credentials.sealing import SealingOffice
from services.credentials.store import CredentialsStore
from services.credentials.views import SealingAsked, SealingJob
from shared.http import Page, PageQuery, Router, requires, route_options, write_cursor
from shared.http.problems import BAD_CURSOR, FORBIDDEN, ROUND_CLOSED, ROUND_UNKNOWN
from shared.mongo import Document
from shared.security.principals import Principal, Role
from shared.security.sealed_batches import LONGEST, BatchRefused

RoundId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,40}$", description="รอบการประเมิน / round")]
BatchId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="ชุดรหัส / batch")]
_GENERATING = frozenset({Role.DEPARTMENT, Role.OPERATOR})
_SENDING = frozenset({Role.PUBLISHER, Role.ASSESSOR, Role.OPERATOR})
Sealer = Annotated[Principal, Depends(requires(*_GENERATING, *_SENDING))]
Sender = Annotated[Principal, Depends(requires(*_SENDING))]
Overseer = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.AUDITOR))]
Follower = Annotated[Principal, Depends(requires(*_SENDING, Role.DEPARTMENT, Role.AUDITOR))]


def sealing_routes(
    store: CredentialsStore, office: SealingOffice, desk: BatchDesk, clock: Callable[[], datetime]
) -> Router:
    """Sealing a round's credentials, and how far it has come."""
    router = Router(prefix="/v1")

    @router.post("/rounds/{round}/credentials", status_code=202, tags=["sealing"])
    @route_options(max_body=LONGEST + 64 * 1024)
    async def seal_round(
        round: RoundId,  # noqa: A002
        asked: SealingAsked | BatchSent,
        who: Sealer,
        response: Response,
    ) -> SealingJob | BatchStatus:
        """Seal a generated credential for every holder of the round, or those of a sealed batch.

        Either goes on after the answer; `Location` says where to look.
        """
        await _open_round(store, round)
        if isinstance(asked, BatchSent):
            _may(who, _SENDING)
            taken = status_of(await _taken(desk, asked, round, who))
            response.headers["Location"] = f"/v1/rounds/{round}/batches/{taken.batch}"
            return taken
        _may(who, _GENERATING)
        job = await store.ask_for_sealing(round, who.subject, who.role.value, clock())
        office.loop.nudge()
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


def batch_routes(store: CredentialsStore, batches: BatchStore, desk: BatchDesk) -> Router:
    """Keys for sealed batches, and what became of each line."""
    router = Router(prefix="/v1")

    @router.post("/rounds/{round}/batches", status_code=201, tags=["batches"])
    async def open_batch(round: RoundId, asked: BatchAsked, who: Sender) -> BatchStatus:  # noqa: A002
        """Publish a key to which one batch is to be encrypted. It serves once and is destroyed afterwards."""
        await _open_round(store, round)
        return status_of(await desk.open(who, round, asked.way))

    @router.get("/rounds/{round}/batches", tags=["batches"])
    async def list_batches(
        round: RoundId,  # noqa: A002
        who: Follower,
        page: Annotated[PageQuery, Depends()],
    ) -> Page[BatchStatus]:
        """The sealed batches of a round, in the order in which they were opened. A publisher sees its own."""
        try:
            after = datetime.fromisoformat(text) if (text := page.after()) else None
        except ValueError:
            raise BAD_CURSOR.problem(where="query.cursor") from None
        found = await batches.of_round(round, after, page.limit)
        following = write_cursor(found[-1].opened_at.isoformat()) if len(found) == page.limit else None
        return Page(items=[status_of(each) for each in found if _sees(who, each)], next=following)

    @router.get("/rounds/{round}/batches/{batch}", tags=["batches"])
    async def batch_status(round: RoundId, batch: BatchId, who: Follower) -> BatchStatus:  # noqa: A002
        """A sealed batch: its key, how far it has come, how many lines got which verdict."""
        return status_of(await _seen(batches, round, batch, who))

    @router.get("/rounds/{round}/batches/{batch}/verdicts", tags=["batches"])
    async def list_verdicts(
        round: RoundId,  # noqa: A002
        batch: BatchId,
        who: Follower,
        page: Annotated[PageQuery, Depends()],
        verdict: Annotated[Verdict | None, Query()] = None,
    ) -> Page[LineVerdict]:
        """What became of each line of a batch, in the order of the lines."""
        known = await _seen(batches, round, batch, who)
        try:
            after = int(page.after() or 0)
        except ValueError:
            raise BAD_CURSOR.problem(where="query.cursor") from None
        found = await batches.verdicts(known.batch, verdict.value if verdict else None, after, page.limit)
        following = write_cursor(str(found[-1]["number"])) if len(found) == page.limit else None
        return Page(items=[verdict_of(each) for each in found], next=following)

    return router


async def _open_round(store: CredentialsStore, round_id: str) -> None:
    known = await store.round(round_id)
    if known is None:
        raise ROUND_UNKNOWN.problem(where="path.round")
    if known["state"] == "closed":
        raise ROUND_CLOSED.problem(where="path.round")


async def _taken(desk: BatchDesk, sent: BatchSent, round_id: str, who: Principal) -> Batch:
    try:
        return await desk.take(sent.sealed, round_id, who)
    except BatchRefused as refused:
        raise problems.of(refused.fault) from None
    except BatchUsedError:
        raise problems.BATCH_USED.problem(where="body.sealed") from None
    except BatchOverError:
        raise problems.BATCH_OVER.problem(where="body.sealed") from None
    except UnknownBatchError:
        raise problems.BATCH_UNKNOWN.problem(where="body.sealed") from None


async def _seen(batches: BatchStore, round_id: str, batch: str, who: Principal) -> Batch:
    found = await batches.get(batch)
    if found is None or found.round != round_id or not _sees(who, found):
        raise problems.BATCH_UNKNOWN.problem(where="path.batch")
    return found


def _sees(who: Principal, batch: Batch) -> bool:
    return who.role is not Role.PUBLISHER or batch.publisher == who.org


def _may(who: Principal, roles: frozenset[Role]) -> None:
    if who.role not in roles:
        raise FORBIDDEN.problem(
            f"บทบาท {who.role.value} ทำรายการนี้ไม่ได้", f"The role {who.role.value} may not do this.", where="body"
        )


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
