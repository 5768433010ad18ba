"""Mails the short codes. The vault hands them to the mail server itself: a code never rides on the bus."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPRecipientsRefused
from pydantic import SecretBytes

from services.credentials.claiming.attempts import Claim
from services.credentials.claiming.codes import code_of
from services.credentials.claiming.store import ClaimStore
from services.credentials.store import CredentialsStore
from shared.security.redaction import kind
from shared.telemetry import get_logger
from shared.thai.calendar import format_moment, in_bangkok

log = get_logger()

LOOK_EVERY_S: Final = 0.5
AT_ONCE: Final = 4
"""Connections to the mail server, and mails on their way."""
TAKEN_FOR: Final = timedelta(seconds=20)
"""A mail that was taken and not sent within this time is taken again: a repeat says the same code."""
TIMEOUT_S: Final = 10.0
_BATCH: Final = 100
_PERMANENT: Final = 500
_MAILBOX_FULL: Final = 552  # RFC 5321 4.5.3.1.10: temporary where a recipient is refused with it


def letter(claim: Claim, name: str, code: str, sender: str, address: str) -> EmailMessage:
    """The mail that carries a code: Thai first, no link, nothing of the credential."""
    until = format_moment(in_bangkok(claim.code_ends))
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, address
    mail["Subject"] = f"รหัสยืนยันการเปิดรหัส e-SAR รอบ {claim.round} / Code to open your e-SAR credential"
    mail["Date"] = format_datetime(in_bangkok(claim.opened_at))
    mail["Message-ID"] = f"<{hashlib.sha256(b'code ' + claim.claim.encode()).hexdigest()[:32]}@saraban>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(
        f"""เรียน {name}

รหัสยืนยันสำหรับเปิดชื่อผู้ใช้และรหัสผ่าน e-SAR ของท่าน คือ

    {code}

ใช้ได้ถึง{until} และใช้ได้ครั้งเดียว
เจ้าหน้าที่จะไม่ขอรหัสนี้จากท่าน หากท่านไม่ได้เป็นผู้ขอ อย่าบอกรหัสแก่ผู้ใด และโปรดแจ้งอำเภอหรือจังหวัดของท่านทันที


The code to open your e-SAR username and password is {code}.
It works once, until {in_bangkok(claim.code_ends):%d %B %Y %H:%M}. No officer will ever ask you for it. If you did not
ask for it, tell nobody, and inform your district or province at once.
"""
    )
    return mail


def _for_now(code: int) -> bool:
    """Whether a recipient was put off (greylisted, its mailbox full) rather than refused for good."""
    return code < _PERMANENT or code == _MAILBOX_FULL


class CodeMail:
    """Sends every code that is due, again and again until the server takes it or the code has ended."""

    def __init__(
        self,
        store: CredentialsStore,
        claims: ClaimStore,
        smtp_url: str,
        sender: str,
        code_key: SecretBytes,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._claims = store, claims
        self._url, self._sender = urlsplit(smtp_url), sender
        self._code_key, self._clock = code_key, clock
        self._free: list[SMTP] = []
        self._asked = asyncio.Event()
        self.beat = time.monotonic()

    def nudge(self) -> None:
        """A mail is due: look at once."""
        self._asked.set()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                self.beat = time.monotonic()
                try:
                    sent = await self.send_due()
                except Exception as error:
                    log.warning("credentials.mail.interrupted", exc_info=error)
                    sent = 0
                if not sent:
                    await self._rest()
        finally:
            await self.close()

    async def send_due(self) -> int:
        """One pass over what is due; how many mails the server took."""
        due = await self._claims.mails_due(self._clock(), _BATCH)
        sent = 0
        for start in range(0, len(due), AT_ONCE):
            sent += sum(await asyncio.gather(*(self._send(claim) for claim in due[start : start + AT_ONCE])))
            self.beat = time.monotonic()
        return sent

    async def _send(self, claim: Claim) -> bool:
        now = self._clock()
        if not await self._claims.take_mail(claim, now, TAKEN_FOR):
            return False
        contact = await self._store.contact_of(claim.kind, claim.holder)
        if contact is None or now >= claim.code_ends:
            await self._claims.mail_settled(claim)
            return False
        name, address = contact
        mail = letter(claim, name, code_of(claim.claim, self._code_key), self._sender, address)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._hand_over(mail)
        except SMTPRecipientsRefused as refused:
            if all(_for_now(each.code) for each in refused.recipients):
                log.warning("credentials.mail.delayed", claim=claim.claim, reason=kind(refused))
                return False
            log.warning("credentials.mail.refused", claim=claim.claim)
        except (SMTPException, OSError, TimeoutError) as error:
            log.warning("credentials.mail.delayed", claim=claim.claim, reason=kind(error))
            return False
        else:
            log.info("credentials.mail.sent", claim=claim.claim)
        await self._claims.mail_settled(claim)
        return True

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

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), LOOK_EVERY_S)
        self._asked.clear()

    async def close(self) -> None:
        """Take leave of the mail server."""
        while self._free:
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                await self._free.pop().quit()
