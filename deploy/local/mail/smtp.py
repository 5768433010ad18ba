"""The SMTP side: every recipient is welcome, and 250 is said after the mail is kept."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

from aiosmtpd.smtp import SMTP

from deploy.local.mail.store import MailStore, Received

SIZE_LIMIT = 10 << 20


class _Handler:
    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 (its name)
        mail = Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), bytes(envelope.original_content))
        try:
            await self._store.keep(mail)
        except sqlite3.Error:
            return "451 4.3.0 the mail could not be kept; try again"
        return "250 2.0.0 kept"


async def serve_smtp(store: MailStore, host: str, port: int) -> asyncio.Server:
    """Listens for mail and keeps it in the store."""
    handler = _Handler(store)

    def session() -> SMTP:
        return SMTP(
            handler,
            data_size_limit=SIZE_LIMIT,
            enable_SMTPUTF8=True,
            hostname="saraban.localhost",
            ident="Saraban development mail",
        )

    return await asyncio.get_running_loop().create_server(session, host, port)
