"""Importing takes hardly more memory for a longer roll: the peaks of registries in processes of their own."""

import asyncio
import secrets
from pathlib import Path

import httpx
import pytest

from deploy.local.stack import Stack
from tests.bench.rolls import Process, send, write_rolls
from tests.world import World

MOST_MORE_MIB = 64
"""Caches of names fill until they have their size. Rows that were kept would take three KiB each, and more."""


@pytest.mark.campaign
async def test_a_roll_of_24_000_rows_is_imported_in_hardly_more_than_one_of_2_000(stack: Stack, tmp_path: Path) -> None:
    short, long = [await peak(stack, tmp_path, rows) for rows in (2_000, 24_000)]
    assert long - short < MOST_MORE_MIB


async def peak(stack: Stack, folder: Path, rows: int) -> float:
    """The most MiB that a registry with an empty database took while it imported so many rows, new ones all."""
    file = (await asyncio.to_thread(write_rolls, rows, folder))["xlsx"]
    world = World(stack, f"t{secrets.token_hex(4)}")
    await world.open()
    settings = {"SARABAN_NAMESPACE": world.namespace, "SARABAN_LOG_LEVEL": "WARNING"}
    service = await asyncio.to_thread(stack.start_service, "registry", settings, label=f"of-{rows}")
    try:
        headers = {"Authorization": f"Bearer {world.token('department', '00')}"}
        async with httpx.AsyncClient(base_url=service.address, headers=headers, timeout=200) as http:
            process = Process(stack.pid(service.name) or 0)
            return (await send(http, process, file, "import", rows)).peak
    finally:
        await asyncio.to_thread(service.stop)
        await world.mongo("registry").drop()
        await world.close()
