"""The web side: a page for people, and the same as JSON for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from deploy.local.mail.store import Listed, MailStore, text

BANGKOK = timezone(timedelta(hours=7))
PAGE = Path(__file__).with_name("page.html")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"


class MailLine(BaseModel):
    """One mail in a list."""

    id: int
    received: str
    sender: str
    to: list[str]
    message_id: str
    subject: str


class MailPage(BaseModel):
    """Some mails; `next` is what to give as `after` (or `before`) to get the following ones."""

    messages: list[MailLine]
    next: int | None


class FullMail(MailLine):
    """One mail with its words."""

    text: str


class Stats(BaseModel):
    """Counts. `duplicates`: mails beyond the first of their Message-ID."""

    messages: int
    message_ids: int
    duplicates: int
    without_message_id: int
    mailboxes: int


class Duplicated(BaseModel):
    """A Message-ID that came more than once."""

    message_id: str
    times: int


def create_app(store: MailStore) -> FastAPI:
    """The page at `/` and the JSON under `/api`."""
    app = FastAPI(title="Saraban development mail", docs_url=None, redoc_url=None)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def page() -> HTMLResponse:
        return HTMLResponse(PAGE.read_text("utf-8"), headers={"Content-Security-Policy": POLICY})

    @app.get("/api/stats")
    def stats() -> Stats:
        return Stats(**store.counts())

    @app.get("/api/duplicates")
    def duplicates() -> list[Duplicated]:
        return [Duplicated(message_id=name, times=times) for name, times in store.duplicated()]

    @app.get("/api/messages")
    def messages(
        to: str = "",
        after: Annotated[int | None, Query(ge=0)] = None,
        before: int | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> MailPage:
        """Newest first; with `after` the mails since that id, oldest first. `to`: an address, or a part of one."""
        if after is None:
            found = store.newest(to=to, before=before, limit=limit)
        else:
            found = store.after(after, to=to, limit=limit)
        full = len(found) == limit
        return MailPage(messages=[line(mail) for mail in found], next=found[-1].id if full else None)

    @app.get("/api/messages/{mail}")
    def message(mail: int) -> FullMail:
        found = store.newest(before=mail + 1, limit=1)
        raw = store.raw(mail)
        if raw is None or not found:
            raise HTTPException(404, "no such mail")
        return FullMail(**line(found[0]).model_dump(), text=text(raw))

    @app.get("/api/messages/{mail}/raw")
    def source(mail: int) -> Response:
        raw = store.raw(mail)
        if raw is None:
            raise HTTPException(404, "no such mail")
        return Response(raw, media_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})

    return app


def line(mail: Listed) -> MailLine:
    """A mail as the list shows it, its time in Thailand."""
    received = datetime.fromtimestamp(mail.received, UTC).astimezone(BANGKOK).isoformat(timespec="milliseconds")
    return MailLine(
        id=mail.id,
        received=received,
        sender=mail.sender,
        to=list(mail.recipients),
        message_id=mail.message_id,
        subject=mail.subject,
    )
