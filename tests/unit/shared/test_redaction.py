"""What must not be shown is taken out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.security.redaction import redact_exception, redact_text


@pytest.mark.parametrize(
    "secret_text",
    [
        "mongodb://user:{}@host:27017/x",
        "Authorization: Bearer {}",
        "password={}",
        '{{"password": "{}"}}',
        "secret_key: {}",
        "https://s3/x?X-Amz-Signature={}&y=1",
        "eyJhbGciOiJFUzI1NiJ9.{}.c2ln",
    ],
)
@given(secret=st.text("abcdefXYZ0123456789", min_size=12, max_size=30))
def test_a_secret_in_a_known_dress_is_taken_out(secret_text: str, secret: str) -> None:
    assert secret not in redact_text(secret_text.format(secret))


@pytest.mark.parametrize("personal", ["somchai@example.go.th", "1 1037 02071 81 4", "081-234-5678", "1103702071814"])
def test_personal_data_is_taken_out(personal: str) -> None:
    assert personal not in redact_text(f"about {personal} here")


def test_plain_words_stay() -> None:
    assert redact_text("Heartbeat to 127.0.0.1:9092 failed for group saraban.registry") == (
        "Heartbeat to 127.0.0.1:9092 failed for group saraban.registry"
    )


def test_long_texts_are_cut() -> None:
    assert len(redact_text("x " * 1000)) == 300


def test_an_exception_shows_class_place_and_causes_but_no_values() -> None:
    def fails() -> None:
        try:
            raise KeyError("hidden-value")
        except KeyError as inner:
            raise ValueError("hidden-value too") from inner

    with pytest.raises(ValueError) as raised:
        fails()
    safe = redact_exception(raised.value)
    assert (safe.kind, safe.causes) == ("ValueError", ("KeyError",))
    assert safe.place.startswith("tests/unit/shared/test_redaction.py:")
    assert "hidden" not in repr(safe)
