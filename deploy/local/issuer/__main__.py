"""Runs the issuer: `python -m deploy.local.issuer`, told by its environment where its files are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from joserfc.jwk import ECKey

from deploy.local.issuer.app import create_app


def run() -> None:
    """Serves until SIGTERM."""
    address = os.environ["ISSUER_URL"]
    key = ECKey.import_key(json.loads(Path(os.environ["ISSUER_KEY_FILE"]).read_text()))
    secret = Path(os.environ["ISSUER_SECRET_FILE"]).read_text()
    parts = urlsplit(address)
    uvicorn.run(
        create_app(address, key, secret),
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 80,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    run()
