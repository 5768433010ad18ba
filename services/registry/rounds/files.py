"""The files of a round over HTTP: its manual and letters, and the snapshot of its opening."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Depends, Path, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from services.registry.domain import Round
from services.registry.reading.scope import Scope
from services.registry.rounds import documents, problems
from services.registry.rounds.api import Step, changed, entered, there
from services.registry.rounds.documents import LARGEST
from services.registry.rounds.journal import Journal
from services.registry.rounds.keeping import RoundKeeper
from services.registry.rounds.papers import Papers
from services.registry.rounds.parts import DocumentKind, RoundDocument, Snapshot
from services.registry.rounds.snapshot import MEDIA_TYPE, Cutting, lies_within
from services.registry.rounds.views import DocumentView
from services.registry.store import RegistryStore
from shared.http import Router, requires, route_options
from shared.http.problems import WRONG_MEDIA_TYPE
from shared.security.principals import Principal, Role
from shared.security.scope import DEPARTMENT_CODE
from shared.telemetry import get_logger

log = get_logger()

Clock = Callable[[], datetime]
Keeper = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR))]
Anybody = Annotated[Principal, Depends(requires())]
InPath = Annotated[str, Path(alias="round", max_length=64)]
Numbered = Annotated[str, Path(alias="id", max_length=64)]

_BYTES: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_FILE_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, not a form. What it is is read from its bytes.",
        "content": dict.fromkeys(("application/pdf", "application/octet-stream"), _BYTES),
    }
}
_FILE_ANSWER: Final[dict[int | str, dict[str, Any]]] = {200: {"content": dict.fromkeys(documents.MEDIA_TYPES, _BYTES)}}
_LINES_ANSWER: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}


def routers(store: RegistryStore, keeper: RoundKeeper, papers: Papers, journal: Journal, clock: Clock) -> list[Router]:
    """`/v1/rounds/{round}/documents` and `/v1/rounds/{round}/snapshot`."""
    return [_documents(store, keeper, papers, journal, clock), _snapshot(store, papers)]


def _documents(store: RegistryStore, keeper: RoundKeeper, papers: Papers, journal: Journal, clock: Clock) -> Router:
    router = Router(prefix="/v1/rounds/{round}/documents", tags=["documents"])

    @router.post("", status_code=status.HTTP_201_CREATED, openapi_extra=_FILE_BODY)
    @route_options(max_body=LARGEST)
    async def add(
        round_id: InPath,
        request: Request,
        by: Keeper,
        name: Annotated[str, Query(min_length=1, max_length=200, description="what the file is called")],
        kind: Annotated[DocumentKind, Query()] = "other",
    ) -> DocumentView:
        """Put a manual, a letter or a form beside the round, for everyone of it to read."""
        state, data = await there(store, round_id), await _body(request)
        media_type = documents.media_type_of(data)
        if not isinstance(media_type, str):
            raise problems.of_document(media_type)
        document = documents.document_of(state, kind, name, media_type, data, by, clock())
        if unfit := documents.may_add(state, document.id):
            raise problems.of_document(unfit)
        await journal.enter(by, "document.add", round_id, document.id)
        kept = await papers.keep(document, data)
        after = await changed(keeper, round_id, lambda found: documents.add_document(found, kept))
        if not isinstance(after, Round):
            raise problems.of_document(after)
        log.info("registry.round.document", round=round_id, step="added")
        return DocumentView.of(_document(after, document.id))

    @router.get("")
    async def read_all(round_id: InPath, _anybody: Anybody) -> list[DocumentView]:
        """The documents of a round, in the order they were added."""
        return [DocumentView.of(document) for document in (await there(store, round_id)).documents]

    @router.get("/{id}", response_class=Response, responses=_FILE_ANSWER)
    async def read(round_id: InPath, document_id: Numbered, _anybody: Anybody) -> Response:
        """The file, as an attachment, with its SHA-256."""
        document = _document(await there(store, round_id), document_id)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.name)}",
            "Content-Length": str(document.size),
            **_digested(document.sha256),
        }
        return StreamingResponse(_pieces(papers, document), media_type=document.media_type, headers=headers)

    @router.delete("/{id}", status_code=status.HTTP_204_NO_CONTENT)
    async def remove(round_id: InPath, document_id: Numbered, by: Keeper) -> None:
        """Take a document off the round; its bytes are removed for good."""
        document = _document(await there(store, round_id), document_id)
        step = Step(store, keeper, journal, by, "document.remove", document_id)
        after = await entered(step, round_id, lambda found: documents.remove_document(found, document_id))
        if not isinstance(after, Round):
            raise problems.of_document(after)
        await papers.forget(document)
        log.info("registry.round.document", round=round_id, step="removed")

    return router


def _snapshot(store: RegistryStore, papers: Papers) -> Router:
    router = Router(prefix="/v1/rounds/{round}/snapshot", tags=["rounds"])
    scope = Scope(store)

    @router.get("", response_class=Response, responses=_LINES_ANSWER)
    async def read(
        round_id: InPath,
        who: Anybody,
        within: Annotated[str | None, Query(max_length=64, description="code of an organization")] = None,
    ) -> Response:
        """The tree and the obligations as they were when the round opened, as JSON lines.

        The whole snapshot bears its SHA-256; a part of it, what lay under one organization then, has no digest.
        """
        snapshot = (await there(store, round_id)).snapshot
        if snapshot is None:
            raise problems.SNAPSHOT_MISSING.problem(where="path.round")
        root = await scope.root(who, within)
        if root == DEPARTMENT_CODE:
            return StreamingResponse(
                _pieces(papers, snapshot), media_type=MEDIA_TYPE, headers=_digested(snapshot.sha256)
            )
        return StreamingResponse(_lines(papers, snapshot, root), media_type=MEDIA_TYPE)

    return router


async def _pieces(papers: Papers, paper: RoundDocument | Snapshot) -> AsyncIterator[bytes]:
    async with papers.reading(paper) as pieces:
        async for piece in pieces:
            yield piece


async def _lines(papers: Papers, snapshot: Snapshot, root: str) -> AsyncIterator[bytes]:
    cutting = Cutting()
    async for piece in _pieces(papers, snapshot):
        if lines := b"".join(line for line in cutting.lines(piece) if lies_within(line, root)):
            yield lines


def _digested(sha256: str) -> dict[str, str]:
    return {"ETag": f'"{sha256}"', "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-cache"}


def _document(state: Round, document_id: str) -> RoundDocument:
    found = documents.document_with(state, document_id)
    if not isinstance(found, RoundDocument):
        raise problems.of_document(found)
    return found


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise WRONG_MEDIA_TYPE.problem(
            "ส่งตัวไฟล์เป็นเนื้อหาโดยตรง ไม่ใช่แบบฟอร์ม",
            "Send the file itself as the body, not as a form.",
            where="header.Content-Type",
        )
    return await request.body()
