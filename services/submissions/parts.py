"""What follows a receipt, put together for the composition root: deadlines, reviews, summaries, merges, lists."""

from dataclasses import dataclass
from functools import partial

from services.submissions.audit.api import audit_routes
from services.submissions.audit.journal import Journal
from services.submissions.carrying.carrier import Carrier
from services.submissions.chasing.api import chase_routes
from services.submissions.consumers import in_turn
from services.submissions.desk import Clock, Desk
from services.submissions.downloads.api import Links, download_routes
from services.submissions.downloads.archive import Archives
from services.submissions.due_store import DueStore
from services.submissions.overdue.sweeper import DeadlineSweeper
from services.submissions.reviewing.api import review_routes
from services.submissions.reviewing.inbound import InboundReviews
from services.submissions.reviewing.reviewing import Reviews
from services.submissions.roster_store import RosterStore
from services.submissions.settings import SubmissionsSettings
from services.submissions.store import Store
from services.submissions.summary.api import summary_routes
from services.submissions.summary.carrying import SummaryCarrier
from services.submissions.summary.lists_api import summary_list_routes
from services.submissions.summary_store import SummaryStore
from shared.blobs import Blobs
from shared.bus import Bus
from shared.contracts.topics import READS
from shared.http import Router
from shared.http.anchors import anchor_routes
from shared.loops import Loop
from shared.mongo import Leases, Mongo
from shared.mongo.anchoring import Anchoring
from shared.mongo.trail_keeper import TrailKeeper
from shared.security.anchors import Signer


@dataclass(frozen=True)
class Following:
    """All that follows a receipt."""

    store: Store
    dues: DueStore
    roster: RosterStore
    summaries: SummaryStore
    reviews: Reviews
    deadlines: DeadlineSweeper
    archives: Archives
    links: Links
    journal: Journal
    anchoring: Anchoring
    trail: TrailKeeper
    clock: Clock

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self.dues.prepare()
        await self.roster.prepare()
        await self.summaries.prepare()
        await self.anchoring.prepare()

    @property
    def loops(self) -> list[Loop]:
        """What runs beside the requests."""
        return [self.deadlines.loop, self.trail.loop]

    def routers(self, desk: Desk) -> list[Router]:
        """What of it goes over HTTP."""
        return [
            review_routes(desk, self.reviews, self.clock),
            summary_routes(desk, self.summaries, self.clock),
            summary_list_routes(desk, self.summaries),
            chase_routes(desk, self.roster, self.clock),
            download_routes(desk, self.store.clusters, self.archives, self.links, self.journal, self.clock),
            audit_routes(self.store.trail),
            anchor_routes(self.anchoring.newest),
        ]


def following(
    settings: SubmissionsSettings, mongo: Mongo, bus: Bus, blobs: Blobs, store: Store, leases: Leases, clock: Clock
) -> Following:
    """Build it, and declare what it reads."""
    reads = READS["submissions"]
    dues, roster, summaries = DueStore(mongo, store), RosterStore(store), SummaryStore(mongo, bus.relay, clock=clock)
    journal = Journal(store.trail, clock)
    reviews = Reviews(store, journal, days=settings.return_days)
    every, again = settings.deadline_seconds, settings.deadline_again
    known = partial(bus.caught_up, "projections")
    deadlines = DeadlineSweeper(store, dues, leases, every=every, again=again, clock=clock, known=known)
    archives = Archives(roster, blobs, settings.accepted, journal, at_once=settings.archives_at_once)
    links = Links(blobs, settings.accepted, settings.download_lifetime)
    bus.consume("reviews", reads["reviews"], InboundReviews(reviews, clock))
    bus.consume("carrying", reads["carrying"], in_turn(Carrier(store, clock), SummaryCarrier(store, summaries)))
    signer = Signer.derived(settings.anchor_secret(), "submissions")
    anchoring = Anchoring(mongo, bus.relay, store.trail, "submissions", lambda: signer)
    every_s, kept_days = settings.audit_anchor_seconds, settings.audit_days
    trail = TrailKeeper(anchoring, leases, clock, every_s=every_s, kept_days=kept_days)
    return Following(
        store, dues, roster, summaries, reviews, deadlines, archives, links, journal, anchoring, trail, clock
    )
