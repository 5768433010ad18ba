"""One of our own services as a process of the stack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.ports import HOST, Ports
from deploy.local.process import MARK, Process, python
from deploy.local.servers.web import answers


class Service:
    """`python -m services.<service>`. `label` tells several processes of the same service apart."""

    def __init__(
        self,
        service: str,
        directory: Path,
        ports: Ports,
        environment: Callable[[], Mapping[str, str]],
        *,
        needs: tuple[str, ...] = (),
        label: str = "",
    ) -> None:
        self.name = f"{service}-{label}" if label else service
        self.needs = needs
        self.process = Process(self.name, directory)
        self._service = service
        self._ports = ports
        self._environment = environment

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self._ports[self.name]}"

    def start(self) -> None:
        if self.process.alive():
            return
        place = {"SARABAN_HTTP_HOST": HOST, "SARABAN_HTTP_PORT": str(self._ports.claim(self.name))}
        # Nobody but root reads the environment of a service; the mark on its command line is for everybody.
        argv = [*python(f"services.{self._service}"), f"{MARK}={self.process.directory}"]
        self.process.spawn(argv, {**self._environment(), **place})

    def ready(self) -> bool:
        return answers(f"{self.address}/readyz")

    def stop(self) -> None:
        self.process.stop(patience=15)
