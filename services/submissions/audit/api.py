"""The audit trail over HTTP."""

from typing import Annotated

from fastapi import Depends, Query

from services.submissions.desk import Reader
from shared.contracts.events import AuditRecorded
from shared.http import Page, PageQuery, Router, write_cursor
from shared.http.problems import BAD_CURSOR, FORBIDDEN
from shared.mongo.trail import AuditTrail
from shared.security.principals import Role


def audit_routes(trail: AuditTrail) -> Router:
    """Who looked at a center's reports and who judged them."""
    router = Router(prefix="/v1")

    @router.get("/audit")
    async def audit(
        principal: Reader,
        page: Annotated[PageQuery, Depends()],
        subject: Annotated[str, Query(pattern=r"^center/[^\x00-\x20/#|]{1,64}$", examples=["center/5801001"])],
    ) -> Page[AuditRecorded]:
        """Looks at a center's reports and verdicts on them, by time. For auditors and operators, and for the center."""
        if principal.role not in {Role.AUDITOR, Role.OPERATOR} and subject != f"{principal.role.value}/{principal.org}":
            raise FORBIDDEN.problem(where="query.subject")
        try:
            found = await trail.about(subject, page.after(), page.limit)
        except ValueError:  # a cursor that is well made but not of this list
            raise BAD_CURSOR.problem(where="query.cursor") from None
        following = write_cursor(found[-1][0]) if len(found) == page.limit else None
        return Page(items=[entry for _, entry in found], next=following)

    return router
