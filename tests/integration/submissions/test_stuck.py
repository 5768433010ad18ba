"""Reports that stay undecided look after look: operators see how many."""

from __future__ import annotations

from services.submissions.domain import MANY_LOOKS
from services.submissions.store import Store, key_of
from services.submissions.uploading.sending import Change
from tests.integration.submissions.test_overtaken import Nobody
from tests.unit.submissions.sent import report, sent
from tests.world import World


async def test_only_what_is_undecided_after_many_looks_is_stuck(world: World) -> None:
    store = Store(world.mongo("submissions"), Nobody())
    await store.prepare()
    looked = {"a": ("received", MANY_LOOKS), "b": ("received", MANY_LOOKS - 1), "c": ("rejected", MANY_LOOKS)}
    for center, (state, looks) in looked.items():
        change = Change(sent(report(1, state, center=center, looks=looks), center=center))
        await store.write(key_of("2569", center), lambda _, change=change: change)  # type: ignore[misc]
    assert await store.sweeps.stuck() == 1
