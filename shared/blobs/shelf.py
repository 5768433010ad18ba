"""One small document in the object store that is replaced whole, by one writer at a time, and leaves no old copy.

Each state is an object of its own with a growing number, made only if that number is free: of two writers one is told
that it came too late. The older objects are deleted as soon as the newer one stands. What a process that died in
between left behind, the next reader deletes.
"""

import io
from dataclasses import dataclass

from shared.blobs.client import Blobs
from shared.blobs.errors import NotFound, Refused
from shared.blobs.values import Place

_DIGITS = 12
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class TakenError(Exception):
    """Somebody else wrote the next state first: read again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A state as it was read. Hand its number to `replace`."""

    number: int
    content: bytes


class Shelf:
    """A document by bucket and name. The bucket must keep no versions: an old state would lie on in them."""

    def __init__(self, blobs: Blobs, bucket: str, name: str) -> None:
        self._blobs, self._bucket, self._name = blobs, bucket, name

    async def prepare(self) -> None:
        """The bucket is there. Raises Refused where it keeps versions."""
        await self._blobs.ensure_bucket(self._bucket, versions=False)

    async def read(self) -> Standing | None:
        """The newest state, or None before there was one. Older states that still lie there are deleted."""
        while True:
            numbers = await self._numbers()
            if not numbers:
                return None
            content = io.BytesIO()
            try:
                await self._blobs.fetch(self._place(numbers[-1]), content)
            except NotFound:
                continue  # replaced since it was listed
            await self._forget(numbers[:-1])
            return Standing(numbers[-1], content.getvalue())

    async def replace(self, before: Standing | None, content: bytes) -> Standing:
        """Write the state that follows `before` (None: the first). When it returns, no older one lies there.

        Raises TakenError when somebody else was first; nothing is changed then.
        """
        number = before.number + 1 if before else 1
        try:
            await self._blobs.put(
                self._bucket, self._key(number), content, content_type="application/octet-stream", only_new=True
            )
        except Refused as error:
            if error.code not in _TAKEN:
                raise
            # The client repeats a request whose answer got lost: then it was we who took the number.
            if not await self._is(number, content):
                raise TakenError from None
        await self._forget([each for each in await self._numbers() if each < number])
        return Standing(number, content)

    async def _is(self, number: int, content: bytes) -> bool:
        found = io.BytesIO()
        try:
            await self._blobs.fetch(self._place(number), found)
        except NotFound:
            return False
        return found.getvalue() == content

    async def _numbers(self) -> list[int]:
        prefix = f"{self._name}/"
        found = await self._blobs.places(self._bucket, prefix=prefix)
        return sorted(int(place.key.removeprefix(prefix)) for place in found)

    async def _forget(self, numbers: list[int]) -> None:
        for number in numbers:
            await self._blobs.delete(self._place(number))

    def _place(self, number: int) -> Place:
        return Place(self._bucket, self._key(number))

    def _key(self, number: int) -> str:
        return f"{self._name}/{number:0{_DIGITS}d}"
