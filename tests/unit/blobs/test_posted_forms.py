"""The signature of forms against the figures that AWS published, and what a form's policy says."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from shared.blobs import Blobs, Place, SignedPost
from shared.blobs.presign import Signer

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
THEN = datetime(2015, 12, 29, 7, 30, tzinfo=UTC)
EXAMPLE = (
    '{ "expiration": "2015-12-30T12:00:00.000Z",',
    '  "conditions": [',
    '    {"bucket": "sigv4examplebucket"},',
    '    ["starts-with", "$key", "user/user1/"],',
    '    {"acl": "public-read"},',
    '    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},',
    '    ["starts-with", "$Content-Type", "image/"],',
    '    {"x-amz-meta-uuid": "14365123651274"},',
    '    {"x-amz-server-side-encryption": "AES256"},',
    '    ["starts-with", "$x-amz-meta-tag", ""],',
    "",
    '    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},',
    '    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},',
    '    {"x-amz-date": "20151229T000000Z" }',
    "  ]",
    "}",
)


def signer() -> Signer:
    return Signer("https://s3.example.com", "AKIAIOSFODNN7EXAMPLE", SecretStr(SECRET), "us-east-1")


def test_agrees_with_the_example_in_the_manual() -> None:
    # Amazon S3, "Example: Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)".
    policy = base64.b64encode("\r\n".join(EXAMPLE).encode()).decode()
    signature = signer().signature_of("20151229T000000Z", policy)
    assert signature == "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"


@pytest.fixture
def form() -> SignedPost:
    store = Blobs(
        "http://127.0.0.1:1", "AKIAIOSFODNN7EXAMPLE", SecretStr(SECRET), public_endpoint="https://s3.example.com"
    )
    try:
        return store.sign_post(
            Place("quarantine", "uploads/a.pdf"),
            content_type="application/pdf",
            sizes=(1, 5000),
            redirect="https://reports.example.com/forms/a",
            now=THEN,
            lifetime=timedelta(minutes=30),
        )
    finally:
        store.close()


def test_a_form_fixes_every_field_and_the_size_and_lives_shortly(form: SignedPost) -> None:
    policy = json.loads(base64.b64decode(form.fields["policy"]))
    assert policy["expiration"] == "2015-12-29T08:00:00.000Z"
    assert form.expires_at == THEN + timedelta(minutes=30)
    assert form.url == "https://s3.example.com/quarantine"
    assert {"bucket": "quarantine"} in policy["conditions"]
    assert ["content-length-range", 1, 5000] in policy["conditions"]
    exact = {name: value for kind, name, value in map(tuple, filter(_is_list, policy["conditions"])) if kind == "eq"}
    # S3 wants a condition for every field but these two, and refuses a form with a field more.
    sent = {f"${name}": value for name, value in form.fields.items() if name not in {"policy", "x-amz-signature"}}
    assert exact == sent
    assert sent["$key"] == "uploads/a.pdf"
    assert sent["$Content-Type"] == "application/pdf"
    assert sent["$success_action_redirect"] == "https://reports.example.com/forms/a"
    assert sent["$acl"] == "bucket-owner-full-control"
    assert not any(kind == "starts-with" for kind, *_ in filter(_is_list, policy["conditions"]))


def _is_list(condition: object) -> bool:
    return isinstance(condition, list)


def test_the_signature_is_over_the_policy_as_it_is_sent(form: SignedPost) -> None:
    expected = signer().signature_of(form.fields["x-amz-date"], form.fields["policy"])
    assert form.fields["x-amz-signature"] == expected


def test_neither_policy_nor_signature_shows_in_a_print(form: SignedPost) -> None:
    assert "policy" not in repr(form)
    assert SECRET not in repr(form) + str(form.fields)


@pytest.mark.parametrize("seconds", [0, -5, 7 * 86400 + 1])
def test_no_form_is_signed_for_no_time_or_for_longer_than_the_store_allows(seconds: int) -> None:
    with pytest.raises(ValueError, match="7 days"):
        signer().sign_post("b", {"key": "k"}, sizes=(1, 2), now=THEN, lifetime=timedelta(seconds=seconds))
