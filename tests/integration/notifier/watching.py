"""What a test waits for."""

import signal
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from services.notifier.settings import NotifierSettings
from shared.bus.envelope import decode
from shared.contracts.events import EVENT_TYPES
from shared.contracts.topics import Topic
from shared.mongo import Document
from shared.telemetry import metrics
from tests.integration.notifier.post_office import PostOffice
from tests.world import World, eventually

ENDS = {"delivered", "bounced", "skipped"}


async def events(world: World, *topics: Topic) -> list[BaseModel]:
    """The data of every event on these topics, each id once."""
    found = {}
    for record in await world.records(*topics):
        envelope = decode(record)
        found[envelope.id] = EVENT_TYPES[envelope.type].validate(envelope.data)
    return list(found.values())


class Desk:
    """Looks into the notifier's own database."""

    def __init__(self, world: World) -> None:
        self.documents = world.mongo("notifier").documents("deliveries")

    async def all(self, **query: Any) -> list[Document]:
        return await self.documents.find(query)

    async def states(self) -> Counter[str]:
        return Counter(row["state"] for row in await self.documents.find({}, fields=["state"]))

    async def until(self, **states: int) -> None:
        """Until these are the states of all deliveries."""

        async def so() -> bool:
            return await self.states() == Counter(states)

        await eventually(so)

    async def ended(self, number: int) -> None:
        """Until so many deliveries exist and all have come to an end."""

        async def so() -> bool:
            states = await self.states()
            return states.total() == number and set(states) <= ENDS

        await eventually(so)


async def mails(post: PostOffice, number: int) -> None:
    """Until at least so many mails have arrived."""

    async def so() -> bool:
        return len(post.taken) >= number

    await eventually(so)


class Handled:
    """Counts the records that the notifier's consumers have handled since it was made."""

    def __init__(self, world: World) -> None:
        self._counters = {
            name: metrics.CONSUMED.labels(f"{world.namespace}.notifier.{name}") for name in ("projections", "effects")
        }
        self._before = {name: _value(counter) for name, counter in self._counters.items()}

    async def until(self, projections: int, effects: int) -> None:
        async def so() -> bool:
            now = {name: _value(counter) - self._before[name] for name, counter in self._counters.items()}
            return now["projections"] >= projections and now["effects"] >= effects

        await eventually(so)


def _value(counter: Any) -> float:
    return float(counter._value.get())


async def start(world: World, settings: NotifierSettings, *, failpoints: str = "", roles: str = "") -> Process:
    """The notifier as a process of its own, on a free port that nobody asks."""
    chosen = settings.model_dump(exclude={"mongo_url", "s3_secret_key", "roles", "failpoints"}, exclude_none=True)
    environment = {**world.environment, **{f"SARABAN_{name.upper()}": str(value) for name, value in chosen.items()}}
    environment |= {"SARABAN_HTTP_PORT": "0", "SARABAN_FAILPOINTS": failpoints}
    environment |= {"SARABAN_ROLES": roles} if roles else {}
    return await create_subprocess_exec(
        sys.executable, "-m", "services.notifier", env=environment, stdout=DEVNULL, stderr=DEVNULL
    )


async def died(process: Process) -> None:
    """Until the process was killed by its own failpoint."""
    assert await process.wait() == -signal.SIGKILL


async def stopped(processes: Iterable[Process]) -> None:
    """End processes that still run."""
    for process in processes:
        if process.returncode is None:
            process.terminate()
            await process.wait()
