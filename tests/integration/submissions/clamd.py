"""A real clamd with signatures of our own: none come with it, and none are fetched."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from services.submissions.inspecting.scanner import Scanner, ScannerAway
from tests.world import eventually

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The test string of the trade, which harms nobody (eicar.org)."""
SIGNATURE = "Saraban.Test.EICAR"
PACKAGE = "clamav-daemon"


def program() -> Path | None:
    """The program; from Debian if it is not here and may be installed. None where it cannot be had."""
    found = shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        _install()
        found = shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return Path(found) if found else None


def _install() -> None:
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", PACKAGE]):
        try:
            subprocess.run([*root, "apt-get", *command], env=quiet, capture_output=True, timeout=300, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return


class Clamd:
    """One scanner on a free port; `start` again after `stop` keeps the port."""

    def __init__(self, path: Path, directory: Path, *, stream_limit: str = "60M", file_limit: str = "60M") -> None:
        self._path, self._directory = path, directory
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        signatures = directory / "signatures"
        signatures.mkdir(parents=True)
        # Name, target type (0: any file), offset (*: anywhere), bytes in hex.
        (signatures / "own.ndb").write_text(f"{SIGNATURE}:0:*:{EICAR.hex()}\n")
        self._settings = directory / "clamd.conf"
        self._settings.write_text(
            f"DatabaseDirectory {signatures}\nTCPSocket {self.port}\nTCPAddr 127.0.0.1\nForeground yes\n"
            f"MaxFileSize {file_limit}\nMaxScanSize 400M\nAlertExceedsMax yes\n"
            f"LocalSocket {self.unix}\nStreamMaxLength {stream_limit}\nTemporaryDirectory {directory}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def unix(self) -> Path:
        return self._directory / "clamd.sock"

    async def start(self) -> None:
        """Start it and wait until it answers."""
        with (self._directory / "clamd.log").open("ab") as log:
            command = [str(self._path), f"--config-file={self._settings}"]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        async def answers() -> bool:
            try:
                await Scanner(self.url).ping()
            except ScannerAway:
                assert self._process is not None
                assert self._process.poll() is None, (self._directory / "clamd.log").read_text()
                return False
            return True

        await eventually(answers)

    async def stop(self) -> None:
        if self._process:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
            self._process = None

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
