"""Who holds a lease, and that nobody who is gone does."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.mongo import Leases
from tests.world import World

NOW, MINUTE = datetime(2026, 11, 1, 9, tzinfo=UTC), timedelta(minutes=1)


async def test_one_holds_it_until_it_runs_out_or_is_given_back(world: World) -> None:
    leases = Leases(world.mongo("registry").documents("leases"))
    first = await leases.take("audit", "one", NOW, MINUTE)
    assert first is not None
    assert await leases.take("audit", "two", NOW, MINUTE) is None
    assert await leases.take("audit", "one", NOW, MINUTE) == first, "renewed"
    await leases.give_back(first)
    second = await leases.take("audit", "two", NOW, MINUTE)
    assert second is not None
    assert second.token == first.token + 1
    assert await leases.take("audit", "one", NOW + MINUTE, MINUTE) is not None


async def test_who_is_cancelled_while_it_takes_one_leaves_none_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = world.mongo("registry").documents("leases")
    given, go_on, insert = asyncio.Event(), asyncio.Event(), documents.insert

    async def slow(document: dict[str, object]) -> bool:
        added = await insert(document)
        given.set()
        await go_on.wait()
        return added

    monkeypatch.setattr(documents, "insert", slow)
    taking = asyncio.create_task(Leases(documents).take("audit", "one", NOW, MINUTE))
    await given.wait()
    taking.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert await Leases(documents).take("audit", "two", NOW, MINUTE) is not None
