"""The mail server for development."""

from __future__ import annotations

import smtplib
from pathlib import Path

from deploy.local.ports import HOST, Ports
from deploy.local.process import Process, python
from deploy.local.servers.web import answers


class Mail:
    """Takes mail on one port and shows it on another; what it acknowledged is on disk."""

    name = "mail"
    needs: tuple[str, ...] = ()

    def __init__(self, directory: Path, ports: Ports) -> None:
        self.process = Process(self.name, directory)
        self._data = directory / "mail"
        self._ports = ports

    @property
    def address(self) -> str:
        return f"smtp://{HOST}:{self._ports['smtp']}"

    @property
    def page(self) -> str:
        """Where people read the mails; its JSON lies under `/api`."""
        return f"http://{HOST}:{self._ports['mail-web']}"

    def start(self) -> None:
        if self.process.alive():
            return
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.process.spawn(
            python("deploy.local.mail"),
            {
                "MAIL_HOST": HOST,
                "MAIL_SMTP_PORT": str(self._ports.claim("smtp")),
                "MAIL_WEB_PORT": str(self._ports.claim("mail-web")),
                "MAIL_FILE": str(self._data / "mail.sqlite"),
            },
        )

    def ready(self) -> bool:
        try:
            with smtplib.SMTP(HOST, self._ports["smtp"], timeout=3) as session:
                session.noop()
        except (OSError, smtplib.SMTPException):
            return False
        return answers(f"{self.page}/api/stats")

    def stop(self) -> None:
        self.process.stop(patience=4)
