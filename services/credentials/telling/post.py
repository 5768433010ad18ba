"""Hands mails to the mail server, again and again until it takes them or they have ended."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, Final, Literal, Protocol
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPRecipientsRefused

from shared.loops import Loop
from shared.security.redaction import kind
from shared.telemetry import get_logger

log = get_logger()

LOOK_EVERY_S: Final = 0.5
AT_ONCE: Final = 4
"""Connections to the mail server, and mails on their way."""
TAKEN_FOR: Final = timedelta(seconds=20)
"""A mail that was taken and not sent within this time is taken again: a repeat says the same."""
TIMEOUT_S: Final = 10.0
_BATCH: Final = 100
_PERMANENT: Final = 500
_MAILBOX_FULL: Final = 552  # RFC 5321 4.5.3.1.10: temporary where a recipient is refused with it


class Bag(Protocol):
    """One kind of mails that are due. An item is whatever the bag knows a mail by."""

    async def due(self, now: datetime, limit: int) -> Sequence[Any]:
        """What waits to be sent, the longest waiting first."""

    async def take(self, item: Any, now: datetime, lasting: timedelta) -> bool:
        """Take one for sending; others see it again after `lasting`. False when somebody else has it."""

    async def written(self, item: Any, now: datetime) -> EmailMessage | None:
        """The mail, or None where there is nobody to send it to or its time is over."""

    async def settled(self, item: Any) -> None:
        """It need not be sent any more."""

    def name(self, item: Any) -> str:
        """What the log knows it by; no address, no name."""


def _for_now(code: int) -> bool:
    """Whether a recipient was put off (greylisted, its mailbox full) rather than refused for good."""
    return code < _PERMANENT or code == _MAILBOX_FULL


class Courier:
    """A few connections to the mail server."""

    def __init__(self, smtp_url: str) -> None:
        self._url = urlsplit(smtp_url)
        self._free: list[SMTP] = []

    async def deliver(self, mail: EmailMessage, name: str) -> Literal["sent", "later", "refused"]:
        """Hand a mail over. `later`: worth another try."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._hand_over(mail)
        except SMTPRecipientsRefused as refused:
            if all(_for_now(each.code) for each in refused.recipients):
                log.warning("credentials.mail.delayed", mail=name, reason=kind(refused))
                return "later"
            log.warning("credentials.mail.refused", mail=name)
            return "refused"
        except (SMTPException, OSError, TimeoutError) as error:
            log.warning("credentials.mail.delayed", mail=name, reason=kind(error))
            return "later"
        log.info("credentials.mail.sent", mail=name)
        return "sent"

    async def close(self) -> None:
        """Take leave of the mail server."""
        while self._free:
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                await self._free.pop().quit()

    async def _hand_over(self, mail: EmailMessage) -> None:
        connection = self._free.pop() if self._free else await self._connect()
        try:
            if not connection.is_connected:
                connection = await self._connect()
            await connection.send_message(mail)
        except SMTPRecipientsRefused:
            self._free.append(connection)
            raise
        except BaseException:
            connection.close()
            raise
        self._free.append(connection)

    async def _connect(self) -> SMTP:
        tls = self._url.scheme == "smtps"
        connection = SMTP(
            hostname=self._url.hostname,
            port=self._url.port or (465 if tls else 25),
            use_tls=tls,
            username=unquote(self._url.username) if self._url.username else None,
            password=unquote(self._url.password) if self._url.password else None,
            timeout=TIMEOUT_S,
        )
        await connection.connect()
        return connection


class Post:
    """Empties its bags, in their order: codes that somebody waits for go before letters that can."""

    def __init__(self, bags: Sequence[Bag], courier: Courier, clock: Callable[[], datetime]) -> None:
        self._bags, self._courier, self._clock = bags, courier, clock
        self.loop = Loop("mail", self.send_due, rest_s=LOOK_EVERY_S, closing=courier.close)

    async def send_due(self) -> int:
        """One pass over what is due; how many mails were settled."""
        sent = 0
        for bag in self._bags:
            due = await bag.due(self._clock(), _BATCH)
            for start in range(0, len(due), AT_ONCE):
                sent += sum(await asyncio.gather(*(self._send(bag, item) for item in due[start : start + AT_ONCE])))
                self.loop.beat()
        return sent

    async def _send(self, bag: Bag, item: Any) -> bool:
        now = self._clock()
        if not await bag.take(item, now, TAKEN_FOR):
            return False
        mail = await bag.written(item, now)
        if mail is not None and await self._courier.deliver(mail, bag.name(item)) == "later":
            return False
        await bag.settled(item)
        return mail is not None
