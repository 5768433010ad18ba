"""SMTP: a connection that is kept and used again, and what each answer of the server means.

Three meanings, and they must not be confused: this mail will never be taken (a bounce), this mail was not taken now
(try it again, it costs an attempt), or the server takes nothing now (no mail is to blame).
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from services.notifier.checks import Bounce
from services.notifier.outcomes import Failed, Sent

IDLE_SECONDS = 30.0
"""A connection that was not used for this long is closed before the server does it in the middle of a mail."""
_DONE = 250
_ACCEPTED = (250, 251)
_PERMANENT = 500
_MAILBOX_FULL = 552  # RFC 5321 4.5.3.1.10: to be treated as temporary where a recipient is refused with it
_NOT_THE_MAIL = frozenset({421, 503, 530, 535, 538})
"""Going away, out of step, not signed in: no verdict on the recipient, whatever their first digit."""


class ServerDown(Exception):  # noqa: N818
    """The mail server can't be reached, or takes nothing from us now. Nothing left this process."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `timeout` in seconds bounds the connecting, and each mail as a whole."""

    host: str
    port: int
    sender: str
    timeout: float
    hostname: str = "localhost"
    """How we introduce ourselves (EHLO)."""
    tls: bool = False
    username: str | None = None
    password: str | None = None

    @classmethod
    def at(cls, url: str, sender: str, timeout: float, hostname: str = "localhost") -> "MailServer":
        """From `smtp[s]://[user:password@]host[:port]`."""
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        return cls(
            parts.hostname or "localhost",
            parts.port or (465 if tls else 25),
            sender,
            timeout,
            hostname,
            tls,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
        )

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"


class Connection:
    """One connection to a mail server, opened when first needed. For one task at a time."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._smtp: SMTP | None = None
        self._used = 0.0

    async def probe(self) -> None:
        """Connect. Raises ServerDown."""
        await self._connected()

    async def hand_in(self, address: str, mail: bytes) -> Sent | Failed | Bounce:
        """Hand in one mail for one address. Raises ServerDown.

        `Failed(doubtful=True)` when the connection broke after the mail was on its way: it may have been taken.
        """
        smtp, fresh = await self._connected()
        outcome = await self._try(smtp, address, mail)
        if outcome is None and not fresh:  # the server had closed an idle connection
            smtp, _ = await self._connected()
            outcome = await self._try(smtp, address, mail)
        if outcome is None:
            raise ServerDown("connection_lost")
        self._used = time.monotonic()
        return outcome

    async def close(self) -> None:
        """Take leave of the server; never raises."""
        smtp, self._smtp = self._smtp, None
        if smtp and smtp.is_connected:
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                await smtp.quit(timeout=2)
        if smtp:
            smtp.close()

    async def _connected(self) -> tuple[SMTP, bool]:
        if self._smtp and time.monotonic() - self._used > IDLE_SECONDS:
            await self.close()
        if self._smtp and self._smtp.is_connected:
            return self._smtp, False
        server = self._server
        smtp = SMTP(
            hostname=server.host,
            port=server.port,
            timeout=server.timeout,
            use_tls=server.tls,
            username=server.username,
            password=server.password,
            local_hostname=server.hostname,
        )
        try:
            async with asyncio.timeout(server.timeout):
                await smtp.connect()
                if smtp.is_ehlo_or_helo_needed:
                    await smtp.ehlo()
        except SMTPResponseException as refusal:
            raise ServerDown(f"greeting_{refusal.code}") from None
        except (SMTPException, OSError, TimeoutError) as error:
            raise ServerDown(type(error).__name__) from None
        self._smtp, self._used = smtp, time.monotonic()
        return smtp, True

    async def _try(self, smtp: SMTP, address: str, mail: bytes) -> Sent | Failed | Bounce | None:
        """One attempt; None when the connection was lost before the server said a word about this mail."""
        step = "sender"
        try:
            async with asyncio.timeout(self._server.timeout):
                options, encoding = [], "ascii"
                if not address.isascii():
                    if not smtp.supports_extension("smtputf8"):
                        return Bounce("address_unsupported")
                    options, encoding = [b"SMTPUTF8"], "utf-8"
                # The commands themselves: the library's own parse every address again, for a tenth of the whole mail.
                said = await smtp.execute_command(b"MAIL", b"FROM:<%b>" % self._server.sender.encode(), *options)
                if said.code == _DONE:
                    step = "recipient"
                    said = await smtp.execute_command(b"RCPT", b"TO:<%b>" % address.encode(encoding))
                    if said.code in _ACCEPTED:
                        step = "message"
                        await smtp.data(mail)
                        return Sent()
            return await self._refused(smtp, step, said.code, alike=not options)
        except SMTPDataError as refusal:
            return await self._refused(smtp, step, refusal.code)
        except SMTPServerDisconnected:
            self._drop()
            return None if step == "sender" else Failed("connection_lost", doubtful=step == "message")
        except (SMTPException, OSError, TimeoutError) as error:
            self._drop()
            return Failed(type(error).__name__, doubtful=step == "message")

    async def _refused(self, smtp: SMTP, step: str, code: int, *, alike: bool = True) -> Failed | Bounce:
        """What a refusal means. A sender named as in every other mail (`alike`) is refused because of us, not of it."""
        try:
            await smtp.rset(timeout=self._server.timeout)
        except (SMTPException, OSError, TimeoutError):
            self._drop()
        reason = f"{step}_{code}"
        if step == "sender" and alike:
            raise ServerDown(reason)
        if code in _NOT_THE_MAIL:
            self._drop()
            return Failed(reason)
        full = step == "recipient" and code == _MAILBOX_FULL
        return Failed(reason) if code < _PERMANENT or full or step == "sender" else Bounce(reason)

    def _drop(self) -> None:
        if self._smtp:
            self._smtp.close()
        self._smtp = None
