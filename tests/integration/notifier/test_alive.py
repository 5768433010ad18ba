"""A process whose consumer has stopped is to be restarted, and says so."""

from services.notifier.app import build
from shared.bus import DeadLetterLimit, Outgoing
from shared.contracts.topics import ROUNDS
from tests.integration.notifier.country import settings
from tests.world import eventually


async def test_a_service_whose_consumer_stopped_asks_to_be_restarted(world, post, client):
    """Too much that nobody can read: the topic is not drained into the dead letters, the consumer stops instead."""
    async with client(build(settings(world, post))) as http:

        async def ready() -> bool:
            return bool((await http.get("/readyz")).status_code == 200)

        await eventually(ready)
        assert (await http.get("/livez")).status_code == 200
        unreadable = Outgoing(ROUNDS.named(world.namespace), b"same", b"{", [])
        await world.send(*[unreadable] * (2 * DeadLetterLimit().run))

        async def failing() -> bool:
            return bool((await http.get("/livez")).status_code == 503)

        await eventually(failing, within=60)
        said = (await http.get("/livez")).json()
        assert said["status"] == "failing"
        assert f"{world.namespace}.notifier.projections" in said["checks"]["bus"]
        assert "in a row" in said["checks"]["bus"]
        assert (await http.get("/readyz")).status_code == 503
