"""Puts together what hands credentials over and watches over it; `app` puts this together with the rest."""

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import SecretBytes

from services.credentials.activating.api import sheet_routes
from services.credentials.activating.desk import SheetDesk
from services.credentials.activating.store import ActivationStore
from services.credentials.auditing.api import register_routes, trail_routes
from services.credentials.claiming.api import claim_routes, reveal_routes
from services.credentials.claiming.claims import ClaimDesk
from services.credentials.claiming.door import DoorDesk
from services.credentials.claiming.mail import CodeBag
from services.credentials.claiming.page import page_routes
from services.credentials.claiming.reveals import RevealDesk
from services.credentials.claiming.store import ClaimStore
from services.credentials.consumers import Projections
from services.credentials.ending.loop import Endings
from services.credentials.ending.store import EndingStore
from services.credentials.journal import Journal
from services.credentials.merging.consumers import MERGING, Merging
from services.credentials.merging.store import MergingStore
from services.credentials.overseeing.alarms import alarm_routes
from services.credentials.overseeing.api import oversight_routes
from services.credentials.overseeing.sight import Sight
from services.credentials.overseeing.store import TreeStore
from services.credentials.renewing.api import request_routes, wish_routes
from services.credentials.renewing.desk import RenewalDesk
from services.credentials.renewing.store import RenewalStore
from services.credentials.restoring.desk import Reconciler
from services.credentials.restoring.store import MarkStore
from services.credentials.settings import CredentialsSettings
from services.credentials.store import CredentialsStore
from services.credentials.telling.consumers import EFFECTS, Effects
from services.credentials.telling.post import Courier, Post
from services.credentials.telling.store import LetterBag
from shared.bus import Bus
from shared.http import Router
from shared.http.anchors import anchor_routes
from shared.loops import Loop
from shared.mongo import Leases, Mongo
from shared.mongo.anchoring import Anchoring
from shared.mongo.sealing import Vault
from shared.mongo.trail_keeper import TrailKeeper
from shared.security.anchors import Signer


class HandingOver:
    """Claims, sheets, renewals, oversight, letters and the trail's keeping: their routes, loops and collections."""

    def __init__(
        self,
        settings: CredentialsSettings,
        mongo: Mongo,
        bus: Bus,
        store: CredentialsStore,
        vault: Vault,
        code_key: SecretBytes,
        leases: Leases,
        clock: Callable[[], datetime],
    ) -> None:
        self._claims = ClaimStore(mongo, bus.relay)
        self._activations = ActivationStore(mongo, bus.relay)
        self._tree, self._renewals, self._merging = TreeStore(store), RenewalStore(store), MergingStore(store)
        self._letters = LetterBag(mongo, store, settings.smtp_from)
        codes = CodeBag(store, self._claims, settings.smtp_from, code_key)
        self._post = Post([codes, self._letters], Courier(settings.smtp_url), clock)
        self._anchoring = Anchoring(mongo, bus.relay, store.trail, "credentials", lambda: _signer(code_key))
        self.reconciler = Reconciler(settings, store, self._activations, self._anchoring, MarkStore(mongo), clock)
        self._keeper = TrailKeeper(
            self._anchoring, leases, clock, every_s=settings.audit_anchor_seconds, kept_days=settings.audit_days
        )
        bus.consume("merging", MERGING, Merging(store, self._merging, Projections(store), clock))
        bus.consume("effects", EFFECTS, Effects(self._tree, self._letters, clock, self._post.loop.nudge))

        journal = Journal(store.trail, clock)
        self._endings = EndingStore(store, settings.claim_days)
        self._ending = Endings(store, self._endings, clock)
        desk = ClaimDesk(store, self._claims, vault, self._endings, code_key, clock, self._post.loop.nudge)
        door = DoorDesk(store, self._activations, desk, self._endings, code_key, clock, settings.claims_per_address)
        sheets = SheetDesk(self._tree, self._activations, store.trail, code_key, settings.claim_page, clock)
        renewing = RenewalDesk(store, self._renewals, vault, settings.secret_rules(), clock)
        sight = Sight(store, self._tree, journal)
        self.routers: list[Router] = [
            oversight_routes(store, self._tree, sight, journal),
            alarm_routes(sight, self._claims, journal),
            claim_routes(desk, door),
            reveal_routes(RevealDesk(store, self._claims, self._endings, vault, clock)),
            page_routes(),
            sheet_routes(store, self._tree, sight, sheets, journal),
            wish_routes(store, renewing, journal),
            request_routes(self._renewals, sight, renewing, journal),
            trail_routes(store.trail, journal, settings.audit_days, clock),
            register_routes(store.trail, journal),
            anchor_routes(self._anchoring.newest),
        ]

    @property
    def outboxes(self) -> list[Any]:
        """The collections whose events a sweeper looks after."""
        return [*self._claims.outboxes, *self._activations.outboxes, self._anchoring.outbox]

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        for each in (
            self._claims,
            self._activations,
            self._tree,
            self._renewals,
            self._merging,
            self._letters,
            self._anchoring,
            self._endings,
        ):
            await each.prepare()

    @property
    def loops(self) -> list[Loop]:
        """What runs beside the requests."""
        return [self._post.loop, self._keeper.loop, self._ending.loop]


def _signer(code_key: SecretBytes) -> Signer:
    return Signer(hmac.digest(code_key.get_secret_value(), b"audit anchors v1", "sha256"))
