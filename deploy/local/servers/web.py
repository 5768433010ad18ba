"""One HTTP request to a server of this machine, past any proxy that the environment names."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

Answer = tuple[int, bytes]


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    answer = ask(url)
    return answer is not None and answer[0] == HTTPStatus.OK


def ask(url: str, form: Mapping[str, str] | None = None, *, seconds: float = 3) -> Answer | None:
    """Status and body of a GET, or of a POST when there is a form; None when nobody answered properly."""
    parts = urlsplit(url)
    link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    try:
        if form is None:
            link.request("GET", path)
        else:
            link.request("POST", path, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
        answer = link.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        link.close()
