"""Receipts over HTTP: anybody with a code may check one; who may see the report gets it on paper."""

import asyncio
from typing import Any

from fastapi import Response
from starlette.responses import HTMLResponse

from services.submissions import problems
from services.submissions.desk import Clock, Code, Desk, Reader
from services.submissions.domain import Report, Submission
from services.submissions.receipts.checking import check_receipt
from services.submissions.receipts.codes import read_receipt_code
from services.submissions.receipts.page import HEADERS, receipt_page, unknown_page
from services.submissions.receipts.paper import Office, Since, receipt_paper
from services.submissions.receipts.signing import Receipt
from services.submissions.receipts.views import ReceiptView, receipt_view
from shared.http import Router

_PDF: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page to print", "content": {"application/pdf": {"schema": {"type": "string"}}}}
}


def receipt_routes(desk: Desk, public_url: str, clock: Clock) -> Router:
    """The routes of receipts. `public_url` is where strangers reach this service."""
    router = Router()

    @router.get("/v1/receipts/{code}")
    async def get_receipt(code: Code) -> ReceiptView:
        """A receipt by its short code, as people write it down. Whoever has the code may see it."""
        if receipt := await _shown(desk, code):
            return receipt
        raise problems.RECEIPT_UNKNOWN.problem(where="path.code")

    @router.get("/v1/receipts/{code}/paper", response_class=Response, responses=_PDF)
    async def get_receipt_paper(principal: Reader, code: Code) -> Response:
        """A receipt to print: its code, a QR code to check it, its signature inside the file, and what came of it."""
        at = await _found(desk, code)
        if at is None:
            raise problems.RECEIPT_UNKNOWN.problem(where="path.code")
        submission, report = at
        await desk.sees(principal, submission.center, submission, where="path.code")
        round_ = await desk.round(submission.round)
        name = await desk.store.name_of(submission.center)
        said = check_receipt(report.signed, await desk.receipt_keys())
        assert isinstance(said, Receipt), "every key that ever signed is kept"
        office = Office(name or submission.center, round_.fiscal_year, round_.academic_year)
        address = f"{public_url}/r/{report.receipt}"
        shown = receipt_view(submission, report, await desk.survivor(submission))
        since = Since(clock(), shown.state, shown.decided_at, shown.late)
        pdf = await asyncio.to_thread(receipt_paper, said, report.signed, office, address, since)
        headers = {"Content-Disposition": f'attachment; filename="receipt-{report.receipt}.pdf"'}
        return Response(pdf, media_type="application/pdf", headers=headers)

    @router.get("/v1/receipt-keys")
    async def receipt_keys() -> dict[str, Any]:
        """The public keys (JWK set) with which anybody checks a receipt: the one in use and all that were before."""
        return await desk.receipt_keys()

    @router.get("/r/{code}", include_in_schema=False)
    async def receipt_to_look_at(code: Code) -> HTMLResponse:
        """The page behind a receipt's QR code."""
        receipt = await _shown(desk, code)
        if receipt is None:
            return HTMLResponse(unknown_page(), status_code=404, headers=HEADERS)
        return HTMLResponse(receipt_page(receipt), headers=HEADERS)

    return router


async def _found(desk: Desk, code: str) -> tuple[Submission, Report] | None:
    wanted = read_receipt_code(code)
    stored = await desk.store.receipts.of(wanted)
    report = next((one for one in stored.state.reports if one.receipt == wanted), None) if stored else None
    return (stored.state, report) if stored and report else None


async def _shown(desk: Desk, code: str) -> ReceiptView | None:
    at = await _found(desk, code)
    return receipt_view(*at, await desk.survivor(at[0])) if at else None
