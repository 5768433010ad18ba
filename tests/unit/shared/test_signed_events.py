"""Events of other systems: who may write what, and what a signature holds fast."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey

from shared.bus.envelope import Envelope, decode
from shared.bus.foreign import SIGNATURE, check_signed, encode_signed
from shared.contracts.topics import Topic
from shared.failures import BadData
from shared.security.publishers import UnreadablePublishersError, read_publishers

ROLL = Topic("inbound.roll", "center code", "roll entries", (), foreign=True)
REVIEWS = Topic("inbound.reviews", "round id/center code", "reviews", (), foreign=True)
KEY = ECKey.generate_key("P-256", auto_kid=True)
OTHER = ECKey.generate_key("P-256", auto_kid=True)
ENVELOPE = Envelope(
    "e1",
    "saraban.inbound.entry.v1",
    "/onesqa",
    "c1",
    "2026-11-01T09:00:00+07:00",
    3,
    None,
    "c1",
    b'{"a":"\xe0\xb8\x81"}',
)


@dataclass
class Record:
    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    partition: int = 0
    offset: int = 0


def register(tmp_path, *, topics=("inbound.roll",), keys=(KEY,), source="/onesqa", private=False):
    path = tmp_path / "publishers.json"
    entry = {
        "name": "onesqa",
        "source": source,
        "topics": list(topics),
        "keys": {"keys": [key.as_dict(private=private) for key in keys]},
    }
    path.write_text(json.dumps({"publishers": [entry]}))
    return path


@pytest.fixture(scope="module")
def publishers(tmp_path_factory):
    return read_publishers(register(tmp_path_factory.mktemp("register")))


def pass_in(envelope, publishers, *, key=KEY, topic=ROLL, signed_for=ROLL, change=lambda record: record):
    sent = encode_signed(envelope, signed_for, "saraban", key)
    record = change(Record(sent.topic, sent.key, sent.value, [*sent.headers]))
    check_signed(record, decode(record), topic, publishers)


def test_a_registered_publisher_with_its_own_key_passes(publishers):
    pass_in(ENVELOPE, publishers)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"key": OTHER}, "bad_signature"),
        ({"signed_for": REVIEWS}, "bad_signature"),
        ({"topic": REVIEWS, "signed_for": REVIEWS}, "unknown_publisher"),
        ({"envelope": ENVELOPE._replace(source="/agency")}, "unknown_publisher"),
        ({"envelope": ENVELOPE._replace(source="/saraban/registry")}, "unknown_publisher"),
    ],
    ids=["another key", "moved from another topic", "a topic it may not write", "a stranger", "one of us"],
)
def test_everybody_else_is_refused(publishers, fault, code):
    with pytest.raises(BadData) as refused:
        pass_in(**({"envelope": ENVELOPE, "publishers": publishers} | fault))
    assert refused.value.code == code


@given(
    name=st.sampled_from(["ce_id", "ce_type", "ce_subject", "ce_time", "ce_sequence", "key", "value", SIGNATURE]),
    other=st.integers(4, 10**6).map(str),
)
def test_whatever_is_changed_on_the_way_shows(publishers, name, other):
    def change(record):
        if name == "key":
            record.key = other.encode()
        elif name == "value":
            record.value += other.encode()
        else:
            record.headers = [(n, other.encode() if n == name else v) for n, v in record.headers]
        return record

    with pytest.raises(BadData) as refused:
        pass_in(ENVELOPE, publishers, change=change)
    assert refused.value.code == "bad_signature"


@pytest.mark.parametrize("value", [None, b"", b"\xff\xfe", b"..", b"a" * 10_000])
def test_a_signature_that_is_none_is_a_fault_of_the_record(publishers, value):
    def change(record):
        record.headers = [(n, value if n == SIGNATURE else v) for n, v in record.headers]
        return record

    with pytest.raises(BadData) as refused:
        pass_in(ENVELOPE, publishers, change=change)
    assert refused.value.code in {"unsigned", "bad_signature"}


def test_a_key_is_replaced_while_both_are_registered(tmp_path):
    both = read_publishers(register(tmp_path, keys=(KEY, OTHER)))
    pass_in(ENVELOPE, both, key=KEY)
    pass_in(ENVELOPE, both, key=OTHER)


def test_without_a_register_nobody_may(tmp_path):
    with pytest.raises(BadData, match="unknown_publisher"):
        pass_in(ENVELOPE, read_publishers(None))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"publishers": 3}', '{"publishers": [{"name": "x"}]}', '{"publishers": ["x"]}'],
)
def test_a_register_that_is_none_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "p.json"
    path.write_text(text)
    with pytest.raises(UnreadablePublishersError) as refused:
        read_publishers(path)
    assert "\n" not in str(refused.value)


def test_a_register_holds_public_keys_on_one_curve_alone(tmp_path):
    for wrong in ([], [OctKey.generate_key(256)], [ECKey.generate_key("P-384")]):
        with pytest.raises(UnreadablePublishersError):
            read_publishers(register(tmp_path, keys=wrong))
    with pytest.raises(UnreadablePublishersError, match="private"):
        read_publishers(register(tmp_path, private=True))
    with pytest.raises(UnreadablePublishersError, match="cannot be read"):
        read_publishers(tmp_path / "absent")
