"""Where received mails lie: one SQLite file, written in batches."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT, received REAL NOT NULL, sender TEXT NOT NULL,
    message_id TEXT NOT NULL, subject TEXT NOT NULL, raw BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS mail_message_id ON mail (message_id);
CREATE TABLE IF NOT EXISTS recipient (
    address TEXT NOT NULL, mail INTEGER NOT NULL, PRIMARY KEY (address, mail)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS recipient_mail ON recipient (mail);
"""


@dataclass(frozen=True)
class Received:
    """A mail as it came over the wire."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass(frozen=True)
class Listed:
    """A mail in a list: everything but its text."""

    id: int
    received: float
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    subject: str


class MailStore:
    """Keeps each mail as it came, also a second one with the same Message-ID: counting those is what it is for.

    `keep` returns once the mail is committed: it survives kill -9 of this process. (A commit does not wait for the
    disk itself, so a power cut may take the last moments: right for development, wrong for anything else.)
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[tuple[Received, asyncio.Future[None]]] = []
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {SCHEMA}")
        path.chmod(0o600)
        self._reader = sqlite3.connect(path, check_same_thread=False)

    async def keep(self, mail: Received) -> None:
        """Stores one mail. Mails that came in the same moment share a commit. Raises sqlite3.Error."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        if not self._waiting:
            # After whatever else the sockets have brought by now. No thread: a commit takes 0.1 ms, a hop as long.
            loop.call_soon(self._write_waiting)
        self._waiting.append((mail, done))
        await done

    def _write_waiting(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            self._write([mail for mail, _ in batch])
        except sqlite3.Error as failure:
            for _, done in batch:
                if not done.done():
                    done.set_exception(failure)
        else:
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    def _write(self, mails: Sequence[Received]) -> None:
        now = time.time()
        with self._connection as write:
            for mail in mails:
                message_id, subject = header(mail.raw, b"message-id"), header(mail.raw, b"subject")
                row = write.execute(
                    "INSERT INTO mail (received, sender, message_id, subject, raw) VALUES (?, ?, ?, ?, ?)",
                    (now, mail.sender, message_id, subject, mail.raw),
                )
                write.executemany(
                    "INSERT OR IGNORE INTO recipient VALUES (?, ?)",
                    [(address.lower(), row.lastrowid) for address in mail.recipients],
                )

    def newest(self, *, to: str = "", before: int | None = None, limit: int = 50) -> list[Listed]:
        """The newest mails first. `to` is a part of an address."""
        return self._list(to, "mail.id < ?", before or (1 << 62), "DESC", limit)

    def after(self, mark: int, *, to: str = "", limit: int = 100) -> list[Listed]:
        """The mails that came after the one with this id, oldest first."""
        return self._list(to, "mail.id > ?", mark, "ASC", limit)

    def _list(self, to: str, where: str, mark: int, order: str, limit: int) -> list[Listed]:
        if "@" in to:
            where += " AND mail.id IN (SELECT mail FROM recipient WHERE address = ?)"
            values: tuple[object, ...] = (mark, to.lower(), limit)
        elif to:
            where += " AND mail.id IN (SELECT mail FROM recipient WHERE address LIKE '%' || ? || '%')"
            values = (mark, to.lower(), limit)
        else:
            values = (mark, limit)
        query = (  # where and order are words of this file
            "SELECT id, received, sender, message_id, subject,"  # noqa: S608
            " (SELECT group_concat(address) FROM recipient WHERE recipient.mail = mail.id)"
            f" FROM mail WHERE {where} ORDER BY id {order} LIMIT ?"
        )
        rows = self._reader.execute(query, values)
        return [
            Listed(row[0], row[1], row[2], tuple((row[5] or "").split(",")), row[3], readable(row[4])) for row in rows
        ]

    def raw(self, mail: int) -> bytes | None:
        """A mail as it came; None when there is none with this id."""
        row = self._reader.execute("SELECT raw FROM mail WHERE id = ?", (mail,)).fetchone()
        return row[0] if row else None

    def counts(self) -> dict[str, int]:
        """How many mails, distinct Message-IDs, mails beyond the first of their Message-ID, and mailboxes."""
        total, distinct, unnamed = self._reader.execute(
            "SELECT count(*), count(DISTINCT nullif(message_id, '')), coalesce(sum(message_id = ''), 0) FROM mail"
        ).fetchone()
        (mailboxes,) = self._reader.execute("SELECT count(DISTINCT address) FROM recipient").fetchone()
        return {
            "messages": total,
            "message_ids": distinct,
            "duplicates": total - unnamed - distinct,
            "without_message_id": unnamed,
            "mailboxes": mailboxes,
        }

    def duplicated(self, limit: int = 100) -> list[tuple[str, int]]:
        """Message-IDs that came more than once, and how often."""
        rows: Iterable[tuple[str, int]] = self._reader.execute(
            "SELECT message_id, count(*) FROM mail WHERE message_id != ''"
            " GROUP BY message_id HAVING count(*) > 1 LIMIT ?",
            (limit,),
        )
        return list(rows)

    def close(self) -> None:
        """Closes the file."""
        self._reader.close()
        self._connection.close()


def header(raw: bytes, name: bytes) -> str:
    """A header's value as it stands in the mail, unfolded; empty where there is none. Never raises."""
    head = raw.partition(b"\r\n\r\n")[0]
    found = re.search(rb"(?mi)^" + name + rb":[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", head)
    return " ".join(found.group(1).decode(errors="replace").split()) if found else ""


def readable(value: str) -> str:
    """A header's value as people read it; as it stands where it cannot be decoded."""
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError):
        return value


def text(raw: bytes) -> str:
    """The words of a mail as plain text; its HTML when it has no other."""
    message = message_from_bytes(raw, EmailMessage, policy=policy.default)
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, ValueError):
        return body.as_bytes().decode(errors="replace")
