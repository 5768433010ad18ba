"""The mail that carries a short code. The vault hands it to the mail server itself: a code never rides on the bus."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from pydantic import SecretBytes

from services.credentials.claiming.attempts import Claim
from services.credentials.claiming.codes import code_of
from services.credentials.claiming.store import ClaimStore
from services.credentials.store import CredentialsStore
from shared.thai.calendar import format_moment, in_bangkok


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


class CodeBag:
    """The codes that are due."""

    def __init__(self, store: CredentialsStore, claims: ClaimStore, sender: str, code_key: SecretBytes) -> None:
        self._store, self._claims = store, claims
        self._sender, self._code_key = sender, code_key

    async def due(self, now: datetime, limit: int) -> Sequence[Claim]:
        return await self._claims.mails_due(now, limit)

    async def take(self, item: Claim, now: datetime, lasting: timedelta) -> bool:
        return await self._claims.take_mail(item, now, lasting)

    async def written(self, item: Claim, now: datetime) -> EmailMessage | None:
        contact = await self._store.contact_of(item.kind, item.holder)
        if contact is None or now >= item.code_ends:
            return None
        name, address = contact
        return letter(item, name, code_of(item.claim, self._code_key), self._sender, address)

    async def settled(self, item: Claim) -> None:
        await self._claims.mail_settled(item)

    def name(self, item: Claim) -> str:
        return item.claim
