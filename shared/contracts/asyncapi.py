"""The AsyncAPI 3.0 document of a service, drawn from the same tables as the code runs on."""

import json
from typing import Any

from shared.contracts.events import EVENT_TYPES
from shared.contracts.export import schema_text
from shared.contracts.topics import READS, TOPICS, Service, Topic, dead_letters

HEADERS = {
    "type": "object",
    "required": ["ce_id", "ce_source", "ce_type", "ce_specversion", "ce_subject", "ce_time", "ce_sequence"],
    "properties": {
        name: {"type": "string", "description": text}
        for name, text in {
            "ce_id": "unique with ce_source; the same after a redelivery",
            "ce_source": "which service says it",
            "ce_type": "the event's type and version",
            "ce_specversion": "1.0",
            "ce_subject": "the aggregate",
            "ce_time": "when it happened, ISO 8601",
            "ce_sequence": "counts within the aggregate: keep the highest",
            "content-type": "application/json",
            "traceparent": "W3C trace context",
        }.items()
    },
}


def asyncapi_document(service: Service, version: str = "0.1.0") -> dict[str, Any]:
    """What a service publishes and reads, as a plain JSON-able document."""
    reads = tuple(dict.fromkeys(topic for topics in READS[service].values() for topic in topics))
    writes = tuple(topic for topic in TOPICS if service in topic.writers)
    topics = dict.fromkeys((*writes, *reads, dead_letters(service)))
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"Saraban {service}", "version": version},
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in topics},
        "operations": {
            **{f"send.{topic.name}": _operation("send", topic) for topic in (*writes, dead_letters(service))},
            **{f"receive.{topic.name}": _operation("receive", topic) for topic in reads},
        },
        "components": {"messages": {name: _message(name) for t in topics for name in _types(t)}},
    }


def _types(topic: Topic) -> list[str]:
    return [name for name, kind in EVENT_TYPES.items() if kind.topic is topic]


def _channel(topic: Topic) -> dict[str, Any]:
    kept = "compacted" if topic.compacted else f"kept {topic.kept.days} days" if topic.kept else "kept"
    return {
        "address": topic.named("saraban"),
        "description": f"{topic.carries}. Key: {topic.key}; {kept}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _types(topic)},
    }


def _operation(action: str, topic: Topic) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{topic.name}"}}


def _message(name: str) -> dict[str, Any]:
    payload = json.loads(schema_text(name))
    return {"name": name, "summary": (payload.get("description") or "").strip(), "headers": HEADERS, "payload": payload}
