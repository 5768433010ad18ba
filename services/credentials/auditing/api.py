"""The trail over HTTP: for auditors and operators, and for holders about themselves."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Query
from fastapi.responses import Response

from services.credentials import problems
from services.credentials.auditing.pack import gather, pack, printed
from services.credentials.auditing.views import Forgotten, Person, SubjectPack, for_holders
from services.credentials.journal import Journal
from shared.contracts.events import AuditRecorded
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.problems import BAD_CURSOR, FORBIDDEN
from shared.mongo.trail import AuditTrail
from shared.security.principals import Principal, Role

Subject = Annotated[str, Query(pattern=r"^(center|lao)/[^\x00-\x20/#|]{1,64}$", examples=["center/5801001"])]
Reference = Annotated[str, Path(pattern=r"^p-[a-z2-7]{24}$")]
Anyone = Annotated[Principal, Depends(requires())]
Auditor = Annotated[Principal, Depends(requires(Role.AUDITOR))]
Operator = Annotated[Principal, Depends(requires(Role.OPERATOR))]
_READERS = frozenset({Role.AUDITOR, Role.OPERATOR})


def trail_routes(trail: AuditTrail, journal: Journal, kept_days: int, clock: Callable[[], datetime]) -> Router:
    """What was done about a holder, entry by entry and as one pack."""
    router = Router(prefix="/v1")

    async def may_read(who: Principal, subject: str, action: str) -> None:
        kind, _, code = subject.partition("/")
        if who.role not in _READERS and subject != f"{who.role.value}/{who.org}":
            await journal.declined(who, kind, code, action, "forbidden", "")
            raise FORBIDDEN.problem(where="query.subject")
        if who.role in _READERS:
            await journal.read(who, kind, code, action)

    async def packed(who: Principal, subject: str) -> SubjectPack:
        await may_read(who, subject, "audit.pack")
        entries, complete = await gather(trail, subject)
        return pack(subject, entries, clock(), kept_days, named=who.role in _READERS, complete=complete)

    @router.get("/audit", tags=["audit"])
    async def audit(who: Anyone, page: Annotated[PageQuery, Depends()], subject: Subject) -> Page[AuditRecorded]:
        """Who saw or changed what of a holder. Holders see which office acted, auditors a reference to the person."""
        await may_read(who, subject, "audit.read")
        try:
            found = await trail.about(subject, page.after(), page.limit)
        except ValueError:  # a cursor that is well made but not of this list
            raise BAD_CURSOR.problem(where="query.cursor") from None
        following = write_cursor(found[-1][0]) if len(found) == page.limit else None
        shown = [entry if who.role in _READERS else for_holders(entry) for _, entry in found]
        return Page(items=shown, next=following)

    @router.get("/audit/pack", tags=["audit"])
    async def subject_pack(who: Anyone, subject: Subject) -> SubjectPack:
        """All that the trail knows of one subject: who saw or changed what, why and when."""
        return await packed(who, subject)

    @router.get(
        "/audit/pack.pdf",
        tags=["audit"],
        response_class=Response,
        responses={200: {"content": {"application/pdf": {}}, "description": "ฉบับพิมพ์ / to print"}},
    )
    async def subject_pack_printed(who: Anyone, subject: Subject) -> Response:
        """The same, to print."""
        made = await packed(who, subject)
        pdf = await asyncio.to_thread(printed, made)
        return Response(
            pdf, media_type="application/pdf", headers={"Content-Disposition": 'attachment; filename="pack.pdf"'}
        )

    return router


def register_routes(trail: AuditTrail, journal: Journal) -> Router:
    """Who stands behind a reference, and the right to be forgotten."""
    router = Router(prefix="/v1")

    @router.get("/audit/people/{reference}", tags=["audit"])
    async def person(reference: Reference, who: Auditor) -> Person:
        """Who stands behind a reference. That it was asked is an entry too."""
        await journal.read(who, "person", reference, "person.look")
        name = await trail.people.name_of(reference)
        if name is None:
            raise problems.NO_SUCH_PERSON.problem(where="path.reference")
        return Person(reference=reference, name=name)

    @router.post("/audit/people/{reference}/forget", status_code=204, tags=["audit"])
    async def forget(reference: Reference, asked: Forgotten, who: Operator) -> None:
        """Erase who stands behind a reference. The entries and their chains stay whole; nobody can be found by them."""
        await journal.read(who, "person", reference, "person.forget", asked.reason)
        await trail.people.forget(reference)

    return router
