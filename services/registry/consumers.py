"""What the registry reads of the bus: entries of other systems' rolls."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Final

from services.registry.roll.importing import Importing
from services.registry.roll.inbound import Asked, answer_id, answers, understand, waves
from services.registry.roll.rows import RowReader
from services.registry.roll.store import RollStore
from shared.bus import Batch, Event
from shared.contracts.events import RollEntry
from shared.contracts.topics import READS
from shared.telemetry import get_logger
from shared.thai.calendar import buddhist_year, in_bangkok

log = get_logger()

INBOUND: Final = READS["registry"]["inbound"]


class InboundRolls:
    """Takes entries into the tree and answers each once, however often it comes.

    What was answered is not looked at again, so that an event which comes late takes nothing back. The tree is written
    before the answers: a batch that breaks off in between comes again, changes nothing, and is answered then.
    """

    def __init__(self, importing: Importing, rolls: RollStore, clock: Callable[[], datetime]) -> None:
        self._importing, self._rolls, self._clock = importing, rolls, clock

    async def __call__(self, batch: Batch) -> None:
        """Answer a batch. Raises what passes: the tree is taken, the database is away."""
        now = self._clock()
        by_round = await self._unanswered(batch, buddhist_year(in_bangkok(now)))
        for round_id, asked in by_round.items():
            refused = await self._importing.enter(round_id, waves(asked), now)
            given = answers(asked, refused, now)
            await self._rolls.answer(given, now)
            verdicts = Counter[str](answer.verdict for _, answer, _ in given)
            log.info(
                "registry.roll.answered",
                round=round_id,
                accepted=verdicts["accepted"],
                repaired=verdicts["repaired"],
                rejected=verdicts["rejected"],
            )

    async def _unanswered(self, batch: Batch, this_year: int) -> dict[str, list[Asked]]:
        """The events that wait for an answer, by round and in their order."""
        events = {answer_id(each.envelope.source, each.envelope.id): each for each in batch.of(RollEntry)}
        reader = RowReader(this_year)
        done = await self._rolls.answered(events)
        by_round: dict[str, list[Asked]] = defaultdict(list)
        for number, (key, event) in enumerate(events.items()):
            if key in done:
                continue
            asked = _asked(key, number, event, reader)
            if asked.names_its_key:
                by_round[asked.round].append(asked)
            else:
                batch.reject(event, "key_contradicts_data", "code")
        return by_round


def _asked(key: str, number: int, event: Event[RollEntry], reader: RowReader) -> Asked:
    envelope, entry = event.envelope, event.data
    said = understand(number, entry, reader)
    return Asked(key, envelope.id, envelope.source, envelope.key, entry.round, said, envelope.traceparent)
