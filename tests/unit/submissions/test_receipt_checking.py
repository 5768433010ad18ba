"""A receipt can be checked with the published keys alone, on paper and as text, and a false one is found out."""

from __future__ import annotations

import hashlib
import io
import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from deploy.local.cli import app
from services.submissions.receipts.checking import NotGood, check_receipt
from services.submissions.receipts.page import receipt_page, unknown_page
from services.submissions.receipts.paper import Office, Since, receipt_paper
from services.submissions.receipts.signing import TYPE, Receipt, ReceiptSigner
from services.submissions.receipts.views import receipt_view
from shared.thai.calendar import BANGKOK
from tests.unit.submissions.sent import after_review, judged, report, sent

REPORT = b"%PDF-1.7 a report"
RECEIPT = Receipt(
    round="2569",
    center="c1",
    sha256=hashlib.sha256(REPORT).hexdigest(),
    size=len(REPORT),
    received_at=datetime(2025, 10, 31, 23, 41, 5, 123000, BANGKOK),
    late=False,
)
OFFICE = Office("ศพด. บ้านหนองน้ำใส", 2569, 2567)
SINCE = Since(RECEIPT.received_at, "received", None, late=False)
DECIDED = Since(RECEIPT.received_at + timedelta(days=1), "accepted", RECEIPT.received_at, late=False)


@pytest.fixture
def signer(tmp_path: Path) -> ReceiptSigner:
    (tmp_path / "key").write_bytes(b"0123456789abcdef" * 3)
    return ReceiptSigner(tmp_path / "key")


@pytest.fixture
def successor(tmp_path: Path) -> ReceiptSigner:
    (tmp_path / "next").write_bytes(b"fedcba9876543210" * 3)
    return ReceiptSigner(tmp_path / "next")


def keys(*signers: ReceiptSigner) -> dict[str, Any]:
    return {"keys": [one.public_key for one in signers]}


def test_what_was_signed_is_what_is_read(signer: ReceiptSigner) -> None:
    signed = signer.sign(RECEIPT)
    for text in (signed, f" {signed}\n", json.dumps({"signed": signed}), json.dumps({"receipt": {"signed": signed}})):
        assert check_receipt(text, keys(signer)) == RECEIPT


def test_a_receipt_outlives_the_key_that_signed_it(signer: ReceiptSigner, successor: ReceiptSigner) -> None:
    signed = signer.sign(RECEIPT)
    assert check_receipt(signed, keys(successor, signer)) == RECEIPT
    assert check_receipt(signed, keys(successor)) == NotGood("unknown-key")


def test_each_false_receipt_is_found_out(signer: ReceiptSigner, successor: ReceiptSigner) -> None:
    head, body, signature = signer.sign(RECEIPT).split(".")
    _, other, _ = signer.sign(replace(RECEIPT, late=True)).split(".")
    published = keys(signer)
    assert check_receipt(f"{head}.{other}.{signature}", published) == NotGood("bad-signature")
    assert check_receipt(f"{head}.{body}.{successor.sign(RECEIPT).split('.')[2]}", published) == NotGood(
        "bad-signature"
    )
    assert check_receipt(f"{head}.{body}.", published) == NotGood("bad-signature")
    assert check_receipt("ใบรับ", published) == NotGood("not-a-receipt")
    assert check_receipt(f"{head}.{body}.{signature}", {"keys": "none"}) == NotGood("keys-unusable")


def test_a_token_of_the_same_key_is_no_receipt(tmp_path: Path) -> None:
    """Another kind of document, or another algorithm, must not pass for a receipt."""
    key = ECKey.generate_key("P-256")
    public = {"keys": [{**key.as_dict(private=False), "kid": key.thumbprint()}]}
    claims = json.dumps(RECEIPT.claims()).encode()
    for header in ({"typ": "JWT"}, {}):
        token = jws.serialize_compact({"alg": "ES256", "kid": key.thumbprint(), **header}, claims, key, ["ES256"])
        assert check_receipt(token, public) == NotGood("not-a-receipt")
    head, body = (
        urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"none","typ":"%s"}' % TYPE.encode(), claims)
    )
    assert check_receipt(f"{head}.{body}.", public) == NotGood("not-a-receipt")


def test_a_code_that_does_not_follow_from_the_facts_is_refused() -> None:
    key = ECKey.generate_key("P-256")
    public = {"keys": [{**key.as_dict(private=False), "kid": key.thumbprint()}]}
    header = {"alg": "ES256", "typ": TYPE, "kid": key.thumbprint()}
    for claims, fault in (
        ({**RECEIPT.claims(), "code": "A" * 12}, "code-differs"),
        ({"code": RECEIPT.code}, "not-a-receipt"),
        ({**RECEIPT.claims(), "received_at": "yesterday"}, "not-a-receipt"),
        ([], "not-a-receipt"),
    ):
        signed = jws.serialize_compact(header, json.dumps(claims).encode(), key, ["ES256"])
        assert check_receipt(signed, public) == NotGood(fault)  # type: ignore[arg-type]


@given(st.text(max_size=300))
def test_no_text_makes_the_check_stumble(text: str) -> None:
    assert isinstance(check_receipt(text, {"keys": []}), NotGood)


# On paper


def test_whatever_came_of_it_each_print_carries_the_same_signature(signer: ReceiptSigner) -> None:
    signed = signer.sign(RECEIPT)
    for since in (SINCE, DECIDED):
        with pikepdf.open(io.BytesIO(receipt_paper(RECEIPT, signed, OFFICE, "http://x/r/CODE", since))) as pdf:
            assert len(pdf.pages) == 1
            assert str(pdf.docinfo["/Keywords"]) == signed
            assert check_receipt(str(pdf.docinfo["/Keywords"]), keys(signer)) == RECEIPT


def test_the_command_checks_a_receipt_and_its_report_without_a_network(signer: ReceiptSigner, tmp_path: Path) -> None:
    def write(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    signed = signer.sign(RECEIPT)
    published = write("keys.json", json.dumps(keys(signer)).encode())
    report_file, other = write("report.pdf", REPORT), write("other.pdf", b"%PDF-1.7 another")
    for name, data in (
        ("receipt.pdf", receipt_paper(RECEIPT, signed, OFFICE, "http://x/r/CODE", SINCE)),
        ("receipt.json", json.dumps({"signed": signed}).encode()),
        ("receipt.jws", signed.encode()),
    ):
        told = CliRunner().invoke(
            app, ["receipts", "check", write(name, data), "--keys", published, "--report", report_file]
        )
        assert told.exit_code == 0, told.output
        assert "เป็นของจริง" in told.output
        assert "พ.ศ. ๒๕๖๘" in told.output
    good = str(tmp_path / "receipt.jws")
    for arguments, code in (
        ([good, "--keys", published, "--report", other], 1),
        ([other, "--keys", published], 1),
        ([report_file, "--keys", published], 1),
        ([good, "--keys", report_file], 1),
        (["/nowhere", "--keys", published], 2),
    ):
        assert CliRunner().invoke(app, ["receipts", "check", *arguments]).exit_code == code, arguments


# The page behind the QR code


def test_the_page_says_in_thai_first_what_a_stranger_may_know_and_no_more() -> None:
    submission = sent(report())
    page = receipt_page(receipt_view(submission, report()))
    assert page.index("ใบรับนี้เป็นของจริง") < page.index("This receipt is genuine")
    assert "พ.ศ. ๒๕๖๘" in page
    assert report().sha256 in page
    for word in ("<script", "http", report().signed, report().upload, submission.path[-1]):
        assert word not in page
    returned = after_review(submission, judged(report())).state
    assert "สมศ. ส่งกลับให้แก้ไข" in receipt_page(receipt_view(returned, report()))
    assert "ไม่พบใบรับเลขนี้" in unknown_page()


def test_what_stands_on_the_page_cannot_act_in_it() -> None:
    hostile = report(center="<script>alert(1)</script>")
    view = receipt_view(sent(hostile, center="<script>alert(1)</script>"), hostile)
    assert "<script" not in receipt_page(view)
