"""The CloudEvents codec: what goes in comes out, and what cannot be read says why."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.envelope import MAX_EVENT_BYTES, Envelope, decode, encode
from shared.failures import BadData


@dataclass
class Record:
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = field(default_factory=list)
    key: bytes | None = b"k"
    topic: str = "t"
    partition: int = 0
    offset: int = 0


def good() -> Envelope:
    return Envelope("1", "a.b.c.v1", "/saraban/registry", "k", "2026-01-01T00:00:00+07:00", 3, None, "k", b"{}")


def record(**headers) -> Record:
    out = encode(good(), "t")
    return Record(out.value, [(n, headers.get(n, v)) for n, v in out.headers if headers.get(n, v) != b"absent"])


texts = st.text(min_size=1, max_size=40)


@given(
    st.builds(
        Envelope,
        id=texts,
        type=texts,
        source=texts,
        subject=texts,
        time=texts,
        sequence=st.integers(min_value=0, max_value=2**62),
        traceparent=st.none() | texts,
        key=texts,
        data=st.binary(min_size=1, max_size=200),
    )
)
def test_an_envelope_survives_the_wire(envelope):
    out = encode(envelope, "topic")
    assert decode(Record(out.value, out.headers, out.key)) == envelope


@pytest.mark.parametrize(
    ("bad", "code", "place"),
    [
        (record(ce_id=None), "null_header", "ce_id"),
        (record(ce_source=b"\xff\xfe"), "bad_header", "ce_source"),
        (record(ce_type=b"absent"), "missing_header", "ce_type"),
        (record(ce_specversion=b"0.3"), "wrong_specversion", "ce_specversion"),
        (record(ce_sequence=b"many"), "bad_sequence", "ce_sequence"),
        (Record(None, record().headers), "empty_value", ""),
        (Record(b"x" * (MAX_EVENT_BYTES + 1), record().headers), "oversized_value", ""),
        (Record(b"{}", record().headers, key=b"\xff"), "bad_key", ""),
        (Record(b"{}", [*record().headers, ("traceparent", b"\xff")]), "bad_header", "traceparent"),
    ],
)
def test_an_unreadable_record_says_what_and_where(bad, code, place):
    with pytest.raises(BadData) as caught:
        decode(bad)
    assert (caught.value.code, caught.value.place) == (code, place)


headers = st.lists(
    st.tuples(st.sampled_from(["ce_id", "ce_type", "ce_sequence", "x"]), st.none() | st.binary(max_size=9)), max_size=6
)


@given(value=st.none() | st.binary(max_size=20), key=st.none() | st.binary(max_size=9), headers=headers)
def test_any_bytes_are_an_envelope_or_bad_data_and_nothing_else(value, key, headers):
    base = [pair for pair in record().headers if pair[0] not in dict(headers)]
    try:
        decode(Record(value, base + headers, key))
    except BadData as fault:
        assert fault.code  # noqa: PT017
