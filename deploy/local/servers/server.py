"""What a stack asks of each of its servers."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from deploy.local.process import Process


class Server(Protocol):
    """One server of a stack. All calls are synchronous; none of them waits for another server."""

    @property
    def name(self) -> str:
        """The word by which people and commands name it."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the servers that must be ready before this one is started."""

    @property
    def address(self) -> str:
        """Where clients reach it. Only to be asked once it was started."""

    def start(self) -> None:
        """Starts it; does nothing when it runs. Returns before it is ready."""

    def ready(self) -> bool:
        """One true round trip now: what its clients will want of it. False, not an error, while it is down."""

    def stop(self) -> None:
        """Ends it in seconds, without loss. Does nothing when it does not run."""


@runtime_checkable
class Owned(Protocol):
    """A server that is a process of ours, not one that the user brought."""

    @property
    def process(self) -> Process:
        """The process behind it."""
