"""A real SMTP server whose answers a test can choose, and which can be closed and opened again on the same port."""

import asyncio
import email
import socket
from collections import Counter
from email import policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP


class PostOffice:
    """`recipient_says` and `message_says` by address (message: by recipient); `sender_says` for everybody.

    `hang_up` lists addresses whose connection is cut after the mail was taken but before 250 is said.
    """

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.taken: list[tuple[str, bytes]] = []
        self.sessions = 0
        self.sender_says: str | None = None
        self.recipient_says: dict[str, str] = {}
        self.message_says: dict[str, str] = {}
        self.hang_up: set[str] = set()
        self.attempts: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._transports: set[asyncio.BaseTransport] = set()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def open(self) -> "PostOffice":
        office = self

        class Session(SMTP):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                office.sessions += 1
                office._transports.add(transport)
                super().connection_made(transport)

        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Session(self, enable_SMTPUTF8=True, hostname="post.test", loop=loop), "127.0.0.1", self.port
        )
        return self

    async def close(self) -> None:
        """Refuse new connections and cut the ones there are."""
        if self._server:
            self._server.close()
        self.cut()
        self._server = None

    def cut(self) -> None:
        """Cut every connection without a word."""
        for transport in self._transports:
            transport.abort()  # type: ignore[attr-defined]
        self._transports.clear()

    def mails(self, address: str | None = None) -> list[EmailMessage]:
        """The mails taken (for an address), in order."""
        found = []
        for recipient, raw in self.taken:
            if address in {None, recipient}:
                message = email.message_from_bytes(raw, policy=policy.default)
                assert isinstance(message, EmailMessage)
                found.append(message)
        return found

    def addresses(self) -> list[str]:
        """The recipients of the mails taken, sorted."""
        return sorted(recipient for recipient, _ in self.taken)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if self.sender_says:
            return self.sender_says
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        self.attempts[address] += 1
        if said := self.recipient_says.get(address):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        (address,) = envelope.rcpt_tos
        if said := self.message_says.get(address):
            return said
        self.taken.append((address, envelope.original_content))
        if address in self.hang_up:
            self.hang_up.discard(address)
            server.transport.abort()
        return "250 taken"


def text_of(message: EmailMessage) -> str:
    """The plain words of a mail."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
