"""The claim page: for a phone, Thai first. It is whole in itself, and looking at it changes nothing."""

import base64
import hashlib
from pathlib import Path
from typing import Final

from fastapi.responses import HTMLResponse

from shared.http import Router

_HERE: Final = Path(__file__).parent


def _part(name: str) -> str:
    return (_HERE / "claim_page" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def page() -> tuple[str, dict[str, str]]:
    """The page and its headers. Its own script and style run, by their hashes, and nothing else."""
    style, script = _part("claim.css"), _part("claim.js")
    html = _part("claim.html").replace("{{style}}", style).replace("{{script}}", script)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "X-Robots-Tag": "noindex, nofollow",
    }
    return html, headers


def page_routes() -> Router:
    """`GET /claim`, the same for everybody: the code stands in the fragment, which no browser sends."""
    router = Router()
    html, headers = page()

    @router.get("/claim", response_class=HTMLResponse, tags=["claims"])
    async def claim_page() -> HTMLResponse:
        """The page on which a holder opens its credential with an activation sheet."""
        return HTMLResponse(html, headers=headers)

    return router
