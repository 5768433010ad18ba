"""A real KMIP server with keys that an operator has made on it, and the lines that name keys of each kind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kmip.core.enums import CryptographicAlgorithm, CryptographicUsageMask, SecretDataType
from kmip.pie.client import ProxyKmipClient
from kmip.pie.objects import SecretData

from tests.integration.sealing.certificates import Authority
from tests.integration.sealing.clouds import Cloud


@contextmanager
def kmip_running(authority: Authority) -> Iterator[str]:
    """The address of a running KMIP server, which trusts and is known by this authority."""
    authority.give("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.sealing.kmip_server", str(authority.file.parent), str(port)],
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 60
        while not _listens(port):
            assert server.poll() is None, (server.communicate()[1] or b"").decode()
            assert time.monotonic() < until
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)  # it keeps a process of its own for its state
        server.wait()


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def kmip_made(address: str, authority: Authority, certificate: Path) -> dict[str, list[str]]:
    """Two keys of 96 bytes to be handed out, two that never leave the server; nobody else may use them."""
    host, port = address.split(":")
    made: dict[str, list[str]] = {"handed out": [], "delegated": []}
    with ProxyKmipClient(
        hostname=host,
        port=int(port),
        cert=str(certificate),
        key=str(certificate),
        ca=str(authority.file),
        config_file="/dev/null",
    ) as operator:
        for number in range(2):
            secret = SecretData(bytes([number]) * 96, SecretDataType.PASSWORD, masks=[CryptographicUsageMask.EXPORT])
            made["handed out"].append(operator.register(secret))
            masks = [CryptographicUsageMask.ENCRYPT, CryptographicUsageMask.DECRYPT]
            made["delegated"].append(operator.create(CryptographicAlgorithm.AES, 256, cryptographic_usage_mask=masks))
        for key in (*made["handed out"], *made["delegated"]):
            operator.activate(key)
    return made


def line_for(kind: str, server: Cloud, name: str = "k1") -> str:
    """The line that names a key of a cloud."""
    return {
        "aws": f"aws-kms:arn:aws:kms:ap-southeast-1:123456789012:key/{name}?endpoint={server.endpoint}",
        "azure": f"azure-kv:https://{server.endpoint}/keys/{name}",
        "gcp": f"gcp-kms:projects/p/locations/l/keyRings/r/cryptoKeys/{name}?endpoint={server.endpoint}",
    }[kind]
