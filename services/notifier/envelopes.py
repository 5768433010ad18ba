"""A letter as the bytes of a mail.

Written out here rather than by the standard library's policies, which take ten times as long for the same few parts:
a national round makes twenty-five thousand of them.
"""

from base64 import b64encode
from datetime import datetime
from email.utils import format_datetime

from services.notifier.letters import Letter
from shared.thai.calendar import in_bangkok

SENDER_NAME = "ระบบสารบรรณ (Saraban)"
_WORD_BYTES = 45
"""UTF-8 bytes in one encoded word: with its frame it stays below RFC 2047's 75 characters."""

_CONTINUES = 0x80
"""The high bits of a UTF-8 byte that continues a character."""
_LINE = 76


def message_id(delivery: str, sender: str) -> str:
    """The Message-ID of a delivery: the same on every attempt, so that a duplicate can be told as one."""
    domain = sender.rpartition("@")[2]
    return f"<{delivery}@{domain if domain.isascii() and domain else 'saraban.invalid'}>"


def seal(letter: Letter, delivery: str, *, sender: str, office: str, address: str, now: datetime) -> bytes:
    """The mail, CRLF line ends, ready for DATA: plain text and HTML, both base64, ASCII but for a non-ASCII address."""
    boundary = f"=_{delivery}"
    head = (
        f"From: {_FROM} <{sender}>\r\n"
        f"To: {encoded(office)} <{address}>\r\n"
        f"Subject: {encoded(letter.subject)}\r\n"
        f"Date: {format_datetime(in_bangkok(now).replace(microsecond=0))}\r\n"
        f"Message-ID: {message_id(delivery, sender)}\r\n"
        "Auto-Submitted: auto-generated\r\n"  # RFC 3834: keeps vacation answers away
        "Content-Language: th, en\r\n"
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n'
        "\r\n"
    )
    return b"".join((
        head.encode(),
        _part(boundary, "text/plain", letter.text),
        _part(boundary, "text/html", letter.html),
        f"--{boundary}--\r\n".encode(),
    ))  # fmt: skip


def _part(boundary: str, kind: str, text: str) -> bytes:
    head = f"--{boundary}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    body = b64encode(text.encode())
    lines = [body[start : start + _LINE] for start in range(0, len(body), _LINE)]
    return b"\r\n".join((head.encode() + lines[0], *lines[1:], b""))


def encoded(text: str) -> str:
    """A header value as RFC 2047 encoded words, folded, cut between characters. Control characters become spaces."""
    if not text.isprintable():
        text = "".join(mark if mark.isprintable() else " " for mark in text)
    raw, words, start = text.encode(errors="replace"), [], 0
    while True:
        end = start + _WORD_BYTES
        while end < len(raw) and raw[end] & 0xC0 == _CONTINUES:
            end -= 1
        words.append(f"=?utf-8?b?{b64encode(raw[start:end]).decode()}?=")
        start = end
        if start >= len(raw):
            return "\r\n ".join(words)


_FROM = encoded(SENDER_NAME)
