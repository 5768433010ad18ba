"""Runs the mail server: `python -m deploy.local.mail`, told by its environment where."""

from __future__ import annotations

import os
from pathlib import Path

import uvicorn

from deploy.local.mail.smtp import serve_smtp
from deploy.local.mail.store import MailStore
from deploy.local.mail.web import create_app


async def run() -> None:
    """Serves mail and web until SIGTERM."""
    host = os.environ["MAIL_HOST"]
    store = MailStore(Path(os.environ["MAIL_FILE"]))
    smtp = await serve_smtp(store, host, int(os.environ["MAIL_SMTP_PORT"]))
    web = uvicorn.Server(
        uvicorn.Config(
            create_app(store),
            host=host,
            port=int(os.environ["MAIL_WEB_PORT"]),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    try:
        await web.serve()
    finally:
        smtp.close()
        store.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(run())
