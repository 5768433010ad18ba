"""Every topic, once.

The manifests, the access lists, the AsyncAPI pages, the local stack and the consumers all read this table.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

Service = Literal["registry", "credentials", "submissions", "notifier"]
SERVICES: tuple[Service, ...] = get_args(Service)

SOURCE_PREFIX = "/saraban/"


def source_of(service: Service) -> str:
    """The `ce_source` under which a service publishes."""
    return SOURCE_PREFIX + service


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of the public surface.

    `name` carries no namespace; `named()` gives the name on a broker.
    `key` says in words what the record key is. `writers` are the services that may publish here: a record
    whose `ce_source` is another's is a forgery and becomes a dead letter. Where `foreign`, other systems write, and
    each record is signed by a registered publisher.
    """

    name: str
    key: str
    carries: str
    writers: tuple[Service, ...]
    compacted: bool = False
    kept: timedelta | None = None
    sensitive: bool = False
    foreign: bool = False

    def named(self, namespace: str) -> str:
        """The topic's name on a broker, for instance `saraban.registry.centers`."""
        return f"{namespace}.{self.name}"

    @property
    def sources(self) -> frozenset[str]:
        """The `ce_source` values that records of this topic may have."""
        return frozenset(source_of(writer) for writer in self.writers)


YEAR = timedelta(days=365)

ORGANIZATIONS = Topic(
    "registry.organizations", "organization code", "the organization's state", ("registry",), compacted=True
)
CENTERS = Topic(
    "registry.centers",
    "center code",
    "the center's state, its parent chain as codes",
    ("registry",),
    compacted=True,
)
ROUNDS = Topic(
    "registry.rounds",
    "round id",
    "fiscal year, academic year, deadline, grace, extensions, state",
    ("registry",),
    compacted=True,
)
OBLIGATIONS = Topic(
    "registry.obligations",
    "round id/center code",
    "that this center owes a SAR in this round, or no longer",
    ("registry",),
    compacted=True,
)
CLUSTERS = Topic(
    "registry.clusters",
    "round id/cluster id",
    "members, reasons, span in km",
    ("registry",),
    compacted=True,
)
CREDENTIALS = Topic(
    "credentials.events",
    "holder code",
    "issued, claimed, confirmed, rotated, revoked, reissued, erased, merged, refused, alarmed, sheet made; "
    "never a secret or its hash",
    ("credentials",),
    kept=YEAR,
    sensitive=True,
)
SUBMISSIONS = Topic(
    "submissions.events",
    "round id/center code",
    "upload opened, report received, accepted, rejected, returned, overdue, carried; reviews; summaries sent",
    ("submissions",),
    kept=YEAR,
)
NOTICES = Topic(
    "notifier.events",
    "notice id",
    "notice issued, delivered, bounced, skipped, acknowledged; sequence counts within notice and recipient",
    ("notifier",),
    kept=YEAR,
)
STATUS = Topic(
    "status",
    "round id/center code/stage",
    "one plain record for dashboards: stage, state, since, late, path; no personal data",
    SERVICES,
    compacted=True,
)
ROLL_ANSWERS = Topic(
    "registry.answers",
    "center code",
    "what became of an inbound roll entry: accepted, repaired or rejected, and why",
    ("registry",),
    kept=timedelta(days=30),
)
INBOUND_CREDENTIALS = Topic(
    "inbound.credentials",
    "holder code, or batch id",
    "ONESQA in: sealed credentials, or a claim-check to a sealed batch",
    (),
    kept=timedelta(days=7),
    sensitive=True,
    foreign=True,
)
INBOUND_ROLL = Topic(
    "inbound.roll",
    "center code",
    "other agencies in: roll entries",
    (),
    kept=timedelta(days=30),
    foreign=True,
)
INBOUND_REVIEWS = Topic(
    "inbound.reviews",
    "round id/center code",
    "ONESQA in: accepted / returned with reasons",
    (),
    kept=timedelta(days=30),
    foreign=True,
)
AUDIT = Topic("audit", "actor", "who saw or changed what, hash-chained", SERVICES, kept=2 * YEAR, sensitive=True)

TOPICS: tuple[Topic, ...] = (
    ORGANIZATIONS,
    CENTERS,
    ROUNDS,
    OBLIGATIONS,
    CLUSTERS,
    CREDENTIALS,
    SUBMISSIONS,
    NOTICES,
    STATUS,
    AUDIT,
    ROLL_ANSWERS,
    INBOUND_CREDENTIALS,
    INBOUND_ROLL,
    INBOUND_REVIEWS,
)


READS: dict[Service, dict[str, tuple[Topic, ...]]] = {
    "registry": {"inbound": (INBOUND_ROLL,)},
    "credentials": {
        "projections": (ORGANIZATIONS, CENTERS, ROUNDS, OBLIGATIONS),
        "effects": (CREDENTIALS, NOTICES),
        "merging": (ORGANIZATIONS, CENTERS, OBLIGATIONS, CREDENTIALS),
        "inbound": (INBOUND_CREDENTIALS,),
    },
    "submissions": {
        "projections": (CENTERS, ROUNDS, OBLIGATIONS, CLUSTERS),
        "inspection": (SUBMISSIONS,),
        "reviews": (INBOUND_REVIEWS,),
        "carrying": (OBLIGATIONS, SUBMISSIONS),
    },
    "notifier": {
        "projections": (ORGANIZATIONS, CENTERS, ROUNDS, OBLIGATIONS, CREDENTIALS, SUBMISSIONS),
        "effects": (OBLIGATIONS, CREDENTIALS, SUBMISSIONS),
    },
}
"""Who reads what, by consumer group. A test holds the services to it."""


def group_name(namespace: str, service: Service, name: str) -> str:
    """A consumer group's name on a broker, for instance `saraban.notifier.effects`."""
    return f"{namespace}.{service}.{name}"


def dead_letters(service: Service) -> Topic:
    """Where a service puts the records it could not read."""
    return Topic(
        f"{service}.dead",
        "as the source",
        "what the service could not read: original bytes, headers, error class, place",
        (service,),
        kept=timedelta(days=30),
    )


def all_topics() -> tuple[Topic, ...]:
    """The public topics and every service's dead letters."""
    return TOPICS + tuple(dead_letters(service) for service in SERVICES)
