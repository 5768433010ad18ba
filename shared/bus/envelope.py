"""CloudEvents 1.0 in Kafka's binary mode: attributes in `ce_` headers, the data in the value, nothing else.

Source: CloudEvents Kafka protocol binding 1.0.2, section 3.2.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from shared.failures import BadData

SPECVERSION = b"1.0"
JSON = b"application/json"
MAX_EVENT_BYTES = 1 << 20
"""No event of this system comes near 1 MiB; what is larger is a mistake or an attack."""

Headers = list[tuple[str, bytes]]


class Incoming(Protocol):
    """What the codec reads of a Kafka record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Envelope(NamedTuple):
    """An event without its meaning. `time` is ISO 8601, `sequence` counts within the aggregate, `data` is JSON."""

    id: str
    type: str
    source: str
    subject: str
    time: str
    sequence: int
    traceparent: str | None
    key: str
    data: bytes


class Outgoing(NamedTuple):
    """A record to publish. `topic` is the full name on the broker."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


def encode(envelope: Envelope, topic: str) -> Outgoing:
    """The record for an envelope."""
    headers: Headers = [
        ("ce_id", envelope.id.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_specversion", SPECVERSION),
        ("ce_subject", envelope.subject.encode()),
        ("ce_time", envelope.time.encode()),
        ("ce_sequence", str(envelope.sequence).encode()),
        ("content-type", JSON),
    ]
    if envelope.traceparent:
        headers.append(("traceparent", envelope.traceparent.encode()))
    return Outgoing(topic, envelope.key.encode(), envelope.data, headers)


def decode(record: Incoming) -> Envelope:
    """The envelope of a record.

    Raises BadData: `empty_value`, `oversized_value`, `missing_header`, `null_header`, `bad_header`,
    `wrong_specversion`, `bad_sequence` or `bad_key`, with the header's name as the place.
    """
    value = record.value
    if not value:
        raise BadData("empty_value")
    if len(value) > MAX_EVENT_BYTES:
        raise BadData("oversized_value")
    headers = dict(record.headers)
    try:
        if headers["ce_specversion"] != SPECVERSION:
            raise BadData("wrong_specversion", "ce_specversion")
        traceparent = headers.get("traceparent")
        return Envelope(
            headers["ce_id"].decode(),  # type: ignore[union-attr]
            headers["ce_type"].decode(),  # type: ignore[union-attr]
            headers["ce_source"].decode(),  # type: ignore[union-attr]
            headers["ce_subject"].decode(),  # type: ignore[union-attr]
            headers["ce_time"].decode(),  # type: ignore[union-attr]
            int(headers["ce_sequence"]),  # type: ignore[arg-type]
            traceparent.decode() if traceparent else None,
            record.key.decode() if record.key else "",
            value,
        )
    except (KeyError, AttributeError, TypeError, ValueError):
        raise _fault(record, headers) from None


_REQUIRED = ("ce_id", "ce_type", "ce_source", "ce_specversion", "ce_subject", "ce_time", "ce_sequence")


def _fault(record: Incoming, headers: dict[str, bytes | None]) -> BadData:
    """Which attribute made a record unreadable. Off the hot path: good records never come here."""
    for name in _REQUIRED:
        if name not in headers:
            return BadData("missing_header", name)
        if headers[name] is None:
            return BadData("null_header", name)
    for name in (*_REQUIRED, "traceparent"):
        if not _is_text(headers.get(name) or b""):
            return BadData("bad_header", name)
    if not _is_text(record.key or b""):
        return BadData("bad_key")
    return BadData("bad_sequence", "ce_sequence")


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
