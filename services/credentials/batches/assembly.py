"""Puts together how secrets come to lie sealed; `app` puts this together with the rest."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from services.credentials.batches.api import batch_routes, sealing_routes
from services.credentials.batches.desk import BatchDesk
from services.credentials.batches.importing import Importer
from services.credentials.batches.inbound import Inbound
from services.credentials.batches.keys import BatchKeys
from services.credentials.batches.office import BatchOffice
from services.credentials.batches.store import BatchStore
from services.credentials.sealing import SealingOffice
from services.credentials.settings import CredentialsSettings
from services.credentials.store import CredentialsStore
from shared.blobs import Blobs
from shared.bus import Bus
from shared.contracts.topics import READS
from shared.http import Router
from shared.loops import Loop
from shared.mongo import Leases, Mongo
from shared.mongo.sealing import Vault
from shared.security.publishers import read_publishers

INBOUND_RECORDS: Final = 250
"""Sealed credentials taken from the bus at once: each is opened, and sealed anew."""


class TakingIn:
    """Secrets that are generated here, and those of sealed batches: their routes, loops, consumer and collections."""

    def __init__(
        self,
        settings: CredentialsSettings,
        mongo: Mongo,
        bus: Bus,
        store: CredentialsStore,
        vault: Vault,
        blobs: Blobs,
        leases: Leases,
        clock: Callable[[], datetime],
    ) -> None:
        rules, publishers = settings.secret_rules(), read_publishers(settings.publishers_file)
        self._blobs, self._bucket = blobs, settings.inbound_bucket
        self._batches, keys = BatchStore(mongo, store), BatchKeys(vault)
        self._office = SealingOffice(store, vault, leases, rules, clock)
        importer = Importer(store, self._batches, vault, rules, clock)
        kept = (blobs, settings.vault_bucket, publishers, store.trail)
        self._imports = BatchOffice(self._batches, importer, keys, *kept, leases, clock)
        desk = BatchDesk(self._batches, keys, *kept, clock, self._imports.loop.nudge)
        inbound = Inbound(store, self._batches, desk, keys, importer, publishers, self._bucket, clock)
        bus.consume("inbound", READS["credentials"]["inbound"], inbound, records=INBOUND_RECORDS)
        self.routers: list[Router] = [
            sealing_routes(store, self._office, desk, clock),
            batch_routes(store, self._batches, desk),
        ]

    async def prepare(self) -> None:
        """Make sure that every index stands, and the bucket in which other systems leave batches."""
        await self._batches.prepare()
        await self._blobs.ensure_bucket(self._bucket, versions=False)

    @property
    def loops(self) -> list[Loop]:
        """What runs beside the requests."""
        return [self._office.loop, self._imports.loop]
