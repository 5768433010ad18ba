"""A change of an event that would break a reader fails here, before it is released."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.asyncapi import asyncapi_document
from shared.contracts.compatibility import breaks
from shared.contracts.events import EVENT_TYPES, TYPE_OF_MODEL
from shared.contracts.export import CURRENT, RELEASED, schema_text
from shared.contracts.topics import READS, SERVICES, TOPICS, all_topics


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_the_exported_schema_is_what_the_code_says(name):
    written = (CURRENT / f"{name}.json").read_text(encoding="utf-8")
    assert written == schema_text(name), "run: python -m shared.contracts.export"


@pytest.mark.parametrize("file", sorted(RELEASED.glob("*.json")), ids=lambda f: f.stem)
def test_no_reader_of_a_released_event_breaks(file):
    assert file.stem in EVENT_TYPES, f"{file.stem} was released and is gone"
    assert breaks(json.loads(file.read_text(encoding="utf-8")), json.loads(schema_text(file.stem))) == []


OLD: dict[str, Any] = {
    "properties": {
        "code": {"type": "string"},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "path": {"type": "array", "items": {"type": "string"}},
        "part": {"$ref": "#/$defs/Part"},
        "state": {"anyOf": [{"enum": ["on", "off"], "type": "string"}, {"type": "null"}]},
        "spare": {"anyOf": [{"$ref": "#/$defs/Part"}, {"type": "null"}]},
        "lengths": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
        "digest": {"type": "string", "minLength": 2, "maxLength": 64, "pattern": "^[0-9a-f]+$"},
        "count": {"type": "integer", "minimum": 0, "maximum": 50},
    },
    "required": ["code", "kind"],
    "$defs": {"Part": {"properties": {"size": {"type": "integer"}}, "required": ["size"], "type": "object"}},
}


DIGEST = {"type": "string", "minLength": 2, "maxLength": 64, "pattern": "^[0-9a-f]+$"}


def changed(**properties: Any) -> dict[str, Any]:
    return {**OLD, "properties": {**OLD["properties"], **properties}}


def test_a_new_optional_field_is_welcome():
    assert breaks(OLD, changed(extra={"type": "string"})) == []


@pytest.mark.parametrize(
    ("new", "word"),
    [
        ({**OLD, "properties": {k: v for k, v in OLD["properties"].items() if k != "note"}}, "note: taken away"),
        ({**changed(extra={"type": "string"}), "required": ["code", "kind", "extra"]}, "extra: became required"),
        ({**OLD, "required": ["code"]}, "kind: became optional"),
        (changed(code={"type": "integer"}), "code: was ['string'], is ['integer']"),
        (changed(kind={"type": "string", "enum": ["a", "b", "c"]}), "kind: its allowed values changed"),
        (changed(path={"type": "array", "items": {"type": "integer"}}), "path[]: was"),
        (changed(note={"type": "string"}), "note: was"),
        ({**OLD, "$defs": {"Part": {"properties": {}, "type": "object"}}}, "part.size: taken away"),
        ({**OLD, "$defs": {"Part": {"properties": {}, "type": "object"}}}, "spare.size: taken away"),
        (
            changed(state={"anyOf": [{"enum": ["on", "off", "broken"], "type": "string"}, {"type": "null"}]}),
            "state: its allowed values changed",
        ),
        (changed(state={"anyOf": [{"type": "string"}, {"type": "null"}]}), "state: its allowed values changed"),
        (changed(spare={"anyOf": [{"type": "string"}, {"type": "null"}]}), "spare: was ['null', 'object']"),
        (changed(code={"type": "string", "minLength": 1}), "code: minLength was none, is 1"),
        (changed(code={"type": "string", "pattern": "^c"}), "code: pattern was none, is ^c"),
        (changed(code={"type": "string", "const": "c"}), "code: its allowed values changed"),
        (
            changed(digest={"type": "string", "minLength": 3, "maxLength": 64, "pattern": "^[0-9a-f]+$"}),
            "digest: minLength",
        ),
        (
            changed(digest={"type": "string", "minLength": 2, "maxLength": 32, "pattern": "^[0-9a-f]+$"}),
            "digest: maxLength",
        ),
        (changed(digest=DIGEST | {"pattern": "^[0-9]+$"}), "digest: pattern"),
        (changed(count={"type": "integer", "minimum": 1, "maximum": 50}), "count: minimum was 0, is 1"),
        (changed(count={"type": "integer", "minimum": 0, "maximum": 49}), "count: maximum was 50, is 49"),
        (changed(note={"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]}), "note: maxLength was none"),
        (
            changed(lengths={"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}}),
            "lengths{}: minimum was 0, is 1",
        ),
    ],
)
def test_a_breaking_change_is_named(new, word):
    assert any(line.startswith(word) for line in breaks(OLD, new)), breaks(OLD, new)


@pytest.mark.parametrize(
    "wider",
    [
        {"digest": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[0-9a-f]+$"}},
        {"digest": {"type": "string"}},
        {"count": {"type": "integer", "minimum": -1}},
        {"state": {"anyOf": [{"type": "null"}, {"enum": ["off", "on"], "type": "string"}]}},
    ],
)
def test_a_wider_bound_and_another_order_are_welcome(wider):
    assert breaks(OLD, changed(**wider)) == []


@given(st.sampled_from(sorted(EVENT_TYPES)))
def test_every_event_may_replace_itself(name):
    schema = json.loads(schema_text(name))
    assert breaks(schema, schema) == []


def test_every_event_type_is_named_after_its_service_and_version():
    for name in EVENT_TYPES:
        system, service, *rest = name.split(".")
        assert system == "saraban"
        assert service in {*SERVICES, "status", "audit", "inbound"}
        assert rest[-1] == "v1"


def test_each_model_stands_for_one_type():
    assert len(TYPE_OF_MODEL) == len(EVENT_TYPES)


def test_topic_names_are_distinct():
    names = [topic.name for topic in all_topics()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("service", SERVICES)
def test_the_asyncapi_document_names_every_topic_the_service_touches(service):
    document = asyncapi_document(service)
    for topics in READS[service].values():
        for topic in topics:
            assert f"receive.{topic.name}" in document["operations"]
    for topic in TOPICS:
        assert (f"send.{topic.name}" in document["operations"]) == (service in topic.writers)
    json.dumps(document)
