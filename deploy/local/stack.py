"""The whole system on one machine: servers and services in one data folder, started, found again, ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from joserfc.jwk import ECKey

from deploy.local import confinement, publishers
from deploy.local.assembly import SERVERS, assemble
from deploy.local.brought import object_store
from deploy.local.ports import Ports
from deploy.local.process import MARK, end, of_stack, resident
from deploy.local.servers.foreign import Foreign
from deploy.local.servers.issuer import Issuer
from deploy.local.servers.mail import Mail
from deploy.local.servers.minio import Minio
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.server import Owned, Server
from deploy.local.servers.service import Service
from deploy.local.servers.tansu import ObjectStore, Tansu
from deploy.local.servers.topics import Topics
from deploy.local.starting import Report, Step, await_ready, bring_down, bring_up, silent
from deploy.local.state import Kind, State
from shared.security.redaction import redact_text

FOR_TANSU = {
    "SARABAN_KAFKA_IDEMPOTENT": "false",  # it fails aiokafka's InitProducerId
    # It holds every fetch that long, also one that has records, and asks the object store about each partition then.
    "SARABAN_KAFKA_FETCH_MAX_WAIT_MS": "250",
    # It keeps each batch as an object, and lists a partition's objects whenever it reads there.
    "SARABAN_RELAY_GATHER_MS": "500",
    "SARABAN_KAFKA_SESSION_MS": "5000",  # a group's first member waits half of it for others, at every start
}


@dataclass(frozen=True)
class Status:
    """One server as it is now. `pid`, `memory` and `peak` (bytes) only where it is a process of ours that runs.

    `ready` is None for a server that the user brought and whose variable is not set here: it cannot be asked.
    """

    name: str
    address: str
    ready: bool | None
    pid: int | None = None
    memory: int | None = None
    peak: int | None = None
    brought: bool = False


class NotOursError(Exception):
    """Asked of a server that the user brought, or that is no process."""


class Stack:
    """One stack in one data folder. All calls are synchronous; from a coroutine, call them in a thread.

    `ports="fixed"` are the ones in the documents (others where they are taken), `"ephemeral"` wherever there is room.
    `environ` is what the caller's environment says: a variable of the contract in it replaces that server.
    """

    def __init__(
        self,
        data_dir: Path | str,
        *,
        kind: Kind = "local",
        ports: Literal["fixed", "ephemeral"] = "fixed",
        environ: Mapping[str, str] | None = None,
        report: Report = silent,
    ) -> None:
        source = os.environ if environ is None else environ
        self.state = State(Path(data_dir))
        self.kind = kind
        self.ports = Ports(self.state, fixed=ports == "fixed")
        self._given = {key: value for key, value in source.items() if key.startswith("SARABAN_") and key != MARK}
        self.report = report
        self.servers = assemble(
            kind, self.state, self.ports, self._given, self._tell, self._of_services, self.object_store
        )

    def _tell(self, name: str, step: Step, note: str = "") -> None:
        """To whomever `report` is at that moment."""
        self.report(name, step, note)

    def start(self, *, servers_only: bool = False) -> None:
        """Starts what does not run, finds what does, returns when all is ready.

        Raises NotReadyError, WrongStackError.
        """
        with self.state.locked():
            self.state.settle(self.kind)
            self.state.brought = [name for name, server in self.servers.items() if isinstance(server, Foreign)]
            self.state.save()
            some = {*SERVERS, *self.state.brought}
            wanted = {name: server for name, server in self.servers.items() if not servers_only or name in some}
            bring_up(wanted, self.report)

    def stop(self) -> None:
        """Ends every process of this stack, also those that nothing tells of; loses nothing."""
        with self.state.locked():
            try:
                bring_down(self.servers.values(), self.report)
            finally:
                end(list(of_stack(self.state.directory)))

    def environment(self) -> dict[str, str]:
        """The SARABAN_* variables with which a service reaches these servers. Holds secrets."""
        store = self.object_store()
        secrets = self.state.secret
        found = {
            "SARABAN_MONGO_URL": self.servers["mongo"].address,
            "SARABAN_KAFKA_BOOTSTRAP": self.servers["kafka"].address,
            "SARABAN_S3_ENDPOINT": store.endpoint,
            "SARABAN_S3_ACCESS_KEY": store.access_key,
            "SARABAN_S3_SECRET_KEY": store.secret_key,
            "SARABAN_OIDC_ISSUER": self.servers["issuer"].address,
            "SARABAN_SMTP_URL": self.servers["mail"].address,
            "SARABAN_MASTER_KEY_FILE": str(secrets("master-key")),
            "SARABAN_RECEIPT_KEY_FILE": str(secrets("receipt-key")),
            "SARABAN_AUDIT_KEY_FILE": str(secrets("audit-key")),
            "SARABAN_PUBLISHERS_FILE": str(publishers.register(self.state)),
        }
        if isinstance(self.servers["kafka"], Tansu):
            found |= FOR_TANSU
        if not confinement.possible():
            found["SARABAN_INSPECTION_UNCONFINED"] = "true"  # `up` is loud about it
        return found | self._given

    def _of_services(self) -> dict[str, str]:
        """What a service is started with: mails name the vault's page, and may be written before the vault runs."""
        vault = self.servers["credentials"]
        if not (isinstance(vault, Owned) and vault.process.alive()):
            self.ports.claim("credentials")
        return {"SARABAN_CLAIM_PAGE": f"{vault.address}/claim", **self.environment()}

    def object_store(self) -> ObjectStore:
        """The S3 store in use and its keys."""
        server = self.servers["s3"]
        if isinstance(server, SeaweedFS | Minio):
            return ObjectStore(server.address, *server.keys)
        return object_store(self._given)

    @property
    def mail_page(self) -> str | None:
        """Where the mails can be read (and `/api` asked); None when the mail server is the user's."""
        server = self.servers["mail"]
        return server.page if isinstance(server, Mail) else None

    def token(self, role: str, org: str, *, ttl: int = 3600, sub: str = "") -> str:
        """A bearer token of the stack's own issuer.

        Raises TokenRefusedError; NotOursError when the issuer is the user's.
        """
        server = self.servers["issuer"]
        if not isinstance(server, Issuer):
            raise NotOursError("SARABAN_OIDC_ISSUER names an issuer of your own: ask it for tokens")
        return server.token(role, org, ttl=ttl, sub=sub)

    def publisher_key(self, name: str = publishers.ONESQA) -> ECKey:
        """The private key with which a publisher of this machine signs its events."""
        return publishers.key(self.state, name)

    def start_service(
        self, name: str, extra_env: Mapping[str, str] | None = None, *, label: str = "", wait: bool = True
    ) -> Service:
        """Starts one service with more environment. `label` makes it one more process beside others of the same name.

        Returns once it is ready (raises NotReadyError), or at once with `wait=False`.
        """
        extra = dict(extra_env or {})
        service = Service(name, self.state.directory, self.ports, lambda: {**self._of_services(), **extra}, label=label)
        self.servers[service.name] = service
        service.start()
        if wait:
            await_ready(service)
        return service

    def kill(self, name: str) -> None:
        """Kill -9: the crash of one server or service."""
        self._owned(name).process.kill()

    def pause(self, name: str) -> None:
        """SIGSTOP: it hangs, its connections stay open."""
        self._owned(name).process.send(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """SIGCONT after `pause`."""
        self._owned(name).process.send(signal.SIGCONT)

    def restart(self, name: str) -> None:
        """Starts one server or service again on its old port, after `kill` or stopping it first; returns when ready."""
        server = self.servers[name]
        server.stop()
        server.start()
        await_ready(server)

    def pid(self, name: str) -> int | None:
        """Its process id now; None when it does not run."""
        run = self._owned(name).process.find()
        return run.pid if run else None

    def running(self) -> bool:
        """Whether any process of this stack lives."""
        return any(isinstance(server, Owned) and server.process.alive() for server in self.servers.values())

    def status(self) -> list[Status]:
        """Every server as it is now, each asked by a true round trip, all at the same time."""
        shown = [server for server in self.servers.values() if not isinstance(server, Topics)]
        with ThreadPoolExecutor(len(shown), "ask") as pool:
            return list(pool.map(self._status, shown))

    def _status(self, server: Server) -> Status:
        if isinstance(server, Foreign):
            return Status(server.name, redact_text(server.address), server.ready(), brought=True)
        if server.name in self.state.brought:
            return Status(server.name, "", None, brought=True)
        run = server.process.find() if isinstance(server, Owned) else None
        if run is None:
            return Status(server.name, "", ready=False)
        return Status(server.name, server.address, server.ready(), run.pid, *resident(run.pid))

    def _owned(self, name: str) -> Owned:
        server = self.servers[name]
        if not isinstance(server, Owned):
            raise NotOursError(f"{name} is not a process of this stack")
        return server
