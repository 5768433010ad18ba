"""The query signature against the figures that AWS published, and what it lets out."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.blobs.presign import Signer

THEN = datetime(2013, 5, 24, tzinfo=UTC)
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def signer(endpoint: str = "https://examplebucket.s3.amazonaws.com") -> Signer:
    return Signer(endpoint, "AKIAIOSFODNN7EXAMPLE", SecretStr(SECRET), "us-east-1")


def test_agrees_with_the_example_in_the_manual() -> None:
    # Amazon S3, "Authenticating Requests: Using Query Parameters", the example of a presigned GET.
    request = signer().sign("GET", "/test.txt", query={}, headers={}, now=THEN, lifetime=timedelta(seconds=86400))
    assert request.url.endswith("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


@pytest.mark.parametrize("seconds", [0, -5, 7 * 86400 + 1])
def test_does_not_sign_for_no_time_or_for_longer_than_the_store_allows(seconds: int) -> None:
    with pytest.raises(ValueError, match="7 days"):
        signer().sign("GET", "/x", query={}, headers={}, now=THEN, lifetime=timedelta(seconds=seconds))


@given(
    name=st.sampled_from(["Content-Length", "Content-Type", "x-amz-checksum-sha256"]),
    value=st.text("abcdefgh0123456789/+=", min_size=1),
)
def test_every_header_given_is_signed_and_its_value_counts(name: str, value: str) -> None:
    def sign(text: str) -> str:
        return signer().sign("PUT", "/b/k", query={}, headers={name: text}, now=THEN, lifetime=timedelta(hours=1)).url

    asked = parse_qs(urlsplit(sign(value)).query)
    assert asked["X-Amz-SignedHeaders"] == [";".join(sorted((name.lower(), "host")))]
    assert asked["X-Amz-Signature"] != parse_qs(urlsplit(sign(value + "x")).query)["X-Amz-Signature"]


def test_neither_the_key_nor_the_signature_shows_in_a_print() -> None:
    request = signer().sign("GET", "/x", query={}, headers={}, now=THEN, lifetime=timedelta(hours=1))
    assert "Signature" not in repr(request)
    assert SECRET not in repr(signer()) + request.url
