"""Every Prometheus metric of the system, in one registry per process.

Labels are bounded: route templates, topic and event names, never a code, a path or a person.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

REGISTRY: Final = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

LOG_DROPPED: Final = Counter(
    "saraban_log_dropped",
    "Log fields dropped because the vocabulary does not allow them",
    ["event"],
    registry=REGISTRY,
)
HTTP_REQUESTS: Final = Counter(
    "saraban_http_requests", "Requests answered", ["method", "route", "status"], registry=REGISTRY
)
HTTP_SECONDS: Final = Histogram(
    "saraban_http_request_seconds",
    "Time until the answer ended",
    ["method", "route"],
    buckets=_FAST,
    registry=REGISTRY,
)
HTTP_REPLAYED: Final = Counter(
    "saraban_http_replayed", "Answers replayed for a repeated Idempotency-Key", ["route"], registry=REGISTRY
)
TOKENS_REFUSED: Final = Counter(
    "saraban_tokens_refused", "Bearer tokens refused, by fault", ["fault"], registry=REGISTRY
)
CHECK_OK: Final = Gauge(
    "saraban_check_ok", "1 where the last readiness or liveness check passed", ["check"], registry=REGISTRY
)

PUBLISHED: Final = Counter("saraban_bus_published", "Records the broker acknowledged", registry=REGISTRY)
PUBLISH_FAILED: Final = Counter(
    "saraban_bus_publish_failed", "Records the broker did not acknowledge in time", registry=REGISTRY
)
CONSUMED: Final = Counter("saraban_bus_consumed", "Records handled", ["consumer"], registry=REGISTRY)
DEAD_LETTERS: Final = Counter(
    "saraban_bus_dead_letters", "Records that could not be read", ["consumer", "fault"], registry=REGISTRY
)
UNKNOWN_TYPES: Final = Counter(
    "saraban_bus_unknown_types",
    "Records of a type this version does not know",
    ["consumer"],
    registry=REGISTRY,
)
BATCH_SECONDS: Final = Histogram(
    "saraban_bus_batch_seconds", "Time to handle a batch", ["consumer"], buckets=_FAST, registry=REGISTRY
)
SWEPT: Final = Counter(
    "saraban_relay_swept", "Outbox entries that a sweeper published after a crash", registry=REGISTRY
)

DATA_KEYS: Final = Gauge(
    "saraban_credentials_data_keys",
    "Data keys of holders by the master key that wraps them; `current` is no for those that rotation has yet to move",
    ["master", "current"],
    registry=REGISTRY,
)

DELIVERIES: Final = Counter(
    "saraban_notifier_deliveries", "Deliveries that came to an end", ["kind", "outcome"], registry=REGISTRY
)

INSPECTIONS: Final = Counter(
    "saraban_inspections", "Reports looked into, by what came of it", ["outcome"], registry=REGISTRY
)
INSPECTION_CPU_SECONDS: Final = Histogram(
    "saraban_inspection_cpu_seconds", "Processor time of one look into a file", buckets=_FAST, registry=REGISTRY
)
INSPECTIONS_WAITING: Final = Gauge(
    "saraban_inspections_waiting", "Reports whose inspection was postponed, at the last look", registry=REGISTRY
)
INSPECTIONS_STUCK: Final = Gauge(
    "saraban_inspections_stuck", "Reports still undecided after many looks, at the last look", registry=REGISTRY
)
INSPECTIONS_POSTPONED: Final = Counter(
    "saraban_inspections_postponed",
    "Looks into a report that ended without a verdict, by cause",
    ["cause"],
    registry=REGISTRY,
)
SCANNER_FAILURES: Final = Counter(
    "saraban_scanner_failures", "Files and pings that the virus scanner did not answer", ["code"], registry=REGISTRY
)


def exposition() -> bytes:
    """The registry in the text format of Prometheus."""
    return generate_latest(REGISTRY)
