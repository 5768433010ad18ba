"""A client of the store that sends exactly what it is told to, honest or not."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit


async def send(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, bytes]:
    """One request as given, nothing added but Host. Status 0 when the server hung up instead of answering."""
    return await asyncio.to_thread(_send, method, url, headers, body)


def _send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    parts = urlsplit(url)
    link = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        link.putrequest(method, f"{parts.path}?{parts.query}", skip_accept_encoding=True)
        for name, value in headers.items():
            link.putheader(name, value)
        link.endheaders()
        link.send(body)
        answer = link.getresponse()
        return answer.status, answer.read()
    except (ConnectionError, http.client.HTTPException):
        return 0, b""
    finally:
        link.close()


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
