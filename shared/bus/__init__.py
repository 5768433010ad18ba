"""Kafka, and the only room that imports its clients.

A service asks `Bus` for consumers and a relay; tools read whole topics with `read_topic`.
"""

from shared.bus.admin import ensure_topics, rewind
from shared.bus.broker import Bus
from shared.bus.consumer import Batch, Consumer, Event
from shared.bus.dead import DeadLetterLimit
from shared.bus.envelope import Envelope, Incoming, Outgoing
from shared.bus.publisher import Publisher
from shared.bus.reading import probe, read_topic
from shared.bus.relay import Relay
from shared.bus.rereading import Place, reread
from shared.bus.settled import settle, settled
from shared.bus.sweeper import Sweeper

__all__ = [
    "Batch",
    "Bus",
    "Consumer",
    "DeadLetterLimit",
    "Envelope",
    "Event",
    "Incoming",
    "Outgoing",
    "Place",
    "Publisher",
    "Relay",
    "Sweeper",
    "ensure_topics",
    "probe",
    "read_topic",
    "reread",
    "rewind",
    "settle",
    "settled",
]
