"""Puts together what becomes of the vault's keys: erased with their holder, moved to another master key."""

from collections.abc import Callable
from datetime import datetime

from services.credentials.erasing.api import erasure_routes
from services.credentials.erasing.desk import ErasureDesk
from services.credentials.erasing.gravedigger import Gravedigger
from services.credentials.erasing.store import ErasureStore
from services.credentials.journal import Journal
from services.credentials.keeping.api import key_routes
from services.credentials.keeping.rotation import Rotation
from services.credentials.overseeing.sight import Sight
from services.credentials.overseeing.store import TreeStore
from services.credentials.store import CredentialsStore
from shared.bus import Bus
from shared.http import Router
from shared.loops import Loop
from shared.mongo import Leases, Mongo
from shared.mongo.sealing import Vault


class KeepingKeys:
    """Erasures and rotation: their routes, loops and collections."""

    def __init__(
        self,
        mongo: Mongo,
        bus: Bus,
        store: CredentialsStore,
        vault: Vault,
        leases: Leases,
        clock: Callable[[], datetime],
    ) -> None:
        self._erasures = ErasureStore(mongo, store, bus.relay)
        self._gravedigger = Gravedigger(store, self._erasures, vault, leases, clock)
        self._rotation = Rotation(vault, leases, clock)
        journal = Journal(store.trail, clock)
        desk = ErasureDesk(self._erasures, self._gravedigger, journal, clock)
        self.routers: list[Router] = [
            erasure_routes(store, self._erasures, Sight(store, TreeStore(store), journal), desk, journal),
            key_routes(vault, journal),
        ]

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self._erasures.prepare()

    @property
    def loops(self) -> list[Loop]:
        """What runs beside the requests."""
        return [self._gravedigger.loop, self._rotation.loop]
