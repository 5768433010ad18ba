"""What follows from events: letters to holders, and that a holder was told of its credential."""

from collections.abc import Callable
from datetime import datetime

from services.credentials.overseeing.store import TreeStore
from services.credentials.telling.letters import LETTER_LIFE, TOLD, letter_about
from services.credentials.telling.store import LetterBag
from shared.bus import Batch
from shared.contracts.events import HolderKind, NoticeDelivered
from shared.contracts.topics import READS

EFFECTS = READS["credentials"]["effects"]
_READY = "credential_ready"


class Effects:
    """Each effect is made once, however often its event comes."""

    def __init__(
        self, tree: TreeStore, letters: LetterBag, clock: Callable[[], datetime], mail_waits: Callable[[], None]
    ) -> None:
        self._tree, self._letters, self._clock, self._mail_waits = tree, letters, clock, mail_waits

    async def __call__(self, batch: Batch) -> None:
        """Keep the letters that these events cause; mark who was reached."""
        now = self._clock()
        letters = [
            letter_about(event.data, event.envelope.id, now)
            for model in TOLD
            for event in batch.of(model)
            if now - datetime.fromisoformat(event.envelope.time) < LETTER_LIFE  # a topic read anew writes none again
        ]
        if letters:
            await self._letters.put(letters)
            self._mail_waits()
        reached = [
            (data.round, _kind(data), data.recipient, data.delivered_at)
            for event in batch.of(NoticeDelivered)
            for data in [event.data]
            if data.kind == _READY
        ]
        if reached:
            await self._tree.mark_notified(reached)


def _kind(notice: NoticeDelivered) -> HolderKind:
    """Whose notice: the path of an LAO ends with itself, that of a center with its LAO."""
    return "lao" if notice.path and notice.path[-1] == notice.recipient else "center"
