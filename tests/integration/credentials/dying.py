"""The service as a process that kills itself, as a power cut would have it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from tests.world import World, eventually


def process(world: World, master_key: Path, failpoint: str) -> subprocess.Popen[bytes]:
    """The service as a process of its own that kills itself at a failpoint."""
    environment = {
        **os.environ,
        **world.environment,
        "SARABAN_NAMESPACE": world.namespace,
        "SARABAN_ROLES": "relay",
        "SARABAN_HTTP_PORT": "0",
        "SARABAN_MASTER_KEY_FILE": str(master_key),
        "SARABAN_FAILPOINTS": failpoint,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "services.credentials"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


async def died_by_its_own_hand(worker: subprocess.Popen[bytes]) -> bool:
    async def over() -> bool:
        return worker.poll() is not None

    try:
        await eventually(over, within=60)
    finally:
        if worker.poll() is None:
            worker.kill()
        _, said = await asyncio.to_thread(worker.communicate)
    assert worker.returncode == -9, said.decode()
    return True
