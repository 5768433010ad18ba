"""The real MinIO: one node, its program built once by Go (upstream gives its last release as source only)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from deploy.local.cache import CannotFetchError, Say, once, run, tool
from deploy.local.ports import HOST, Ports
from deploy.local.process import Process
from deploy.local.servers.seaweedfs import PROBE_BUCKET, new_key_pair
from deploy.local.state import State

MODULE = "github.com/minio/minio"
VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"


class Minio:
    """Takes S3 requests with one key pair of its own. An acknowledged object survives kill -9."""

    name = "s3"
    needs: tuple[str, ...] = ()

    def __init__(self, state: State, ports: Ports, origins: tuple[str, ...], say: Say) -> None:
        self.process = Process(self.name, state.directory)
        self._state = state
        self._data = state.directory / "objects"
        self._ports = ports
        self._origins = origins
        self._say = say

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
        program = built(self._say)
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        access, secret = self.keys
        address = f"{HOST}:{self._ports.claim(self.name)}"
        certificates = self._state.directory / "secrets" / "minio-certificates"
        self.process.spawn(
            [
                str(program),
                "server",
                "--quiet",
                "--address",
                address,
                "--certs-dir",
                str(certificates),
                str(self._data),
            ],
            {
                "MINIO_ROOT_USER": access,
                "MINIO_ROOT_PASSWORD": secret,
                "MINIO_API_CORS_ALLOW_ORIGIN": ",".join(self._origins),
                "MINIO_BROWSER": "off",
                "MINIO_API_STALE_UPLOADS_EXPIRY": "168h",  # it would forget after a day what may be resumed for three
                "MINIO_UPDATE": "off",
            },
        )

    def ready(self) -> bool:
        from shared.blobs.buckets import Buckets

        return Buckets(self.address, *self.keys).round_trip(PROBE_BUCKET)

    def stop(self) -> None:
        self.process.stop(patience=4)


def built(say: Say) -> Path:
    """MinIO's program; built at first use. Raises CannotFetchError."""

    def build(draft: Path) -> None:
        go = tool("go", "building MinIO")
        say(f"building MinIO {VERSION} with Go (some minutes, once)")
        run(
            [go, "install", "-v", f"{MODULE}@{VERSION}"], say, "packages compiled", {"GOBIN": str(draft), "GOFLAGS": ""}
        )
        told = subprocess.run([go, "version", "-m", str(draft / "minio")], capture_output=True, text=True, check=False)
        if f"{MODULE}\t{VERSION}\t" not in told.stdout:
            raise CannotFetchError(f"Go built something else than {MODULE} {VERSION}")

    return once(f"minio-{VERSION}", build) / "minio"
