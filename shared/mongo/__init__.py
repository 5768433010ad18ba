"""MongoDB, and the only room that imports its driver.

Stores get `Documents` (queries), `Aggregates` (state and events in one atomic write) and `Projection` (another
service's state, kept at its highest sequence).
"""

from shared.mongo.aggregates import Aggregates, AlreadyThere, Backpressure, Conflict, NewEvent, Stored
from shared.mongo.client import UNAVAILABLE, Mongo
from shared.mongo.documents import (
    ASCENDING,
    DESCENDING,
    Document,
    Documents,
    InsertOne,
    ReplaceOne,
    UpdateOne,
)
from shared.mongo.leases import Lease, Leases
from shared.mongo.outbox import Outbox, OutboxEntry
from shared.mongo.projections import Projected, Projection

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "UNAVAILABLE",
    "Aggregates",
    "AlreadyThere",
    "Backpressure",
    "Conflict",
    "Document",
    "Documents",
    "InsertOne",
    "Lease",
    "Leases",
    "Mongo",
    "NewEvent",
    "Outbox",
    "OutboxEntry",
    "Projected",
    "Projection",
    "ReplaceOne",
    "Stored",
    "UpdateOne",
]
