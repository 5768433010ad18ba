"""Short codes, and the mail that carries one."""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretBytes

from services.credentials.claiming import codes
from services.credentials.claiming.mail import letter
from tests.unit.credentials.test_domain import NOW, a_claim

KEY = SecretBytes(b"k" * 32)


@given(st.text("0123456789abcdef", min_size=32, max_size=32))
def test_a_code_has_six_digits_and_fits_its_claim_alone(claim: str) -> None:
    code = codes.code_of(claim, KEY)
    assert re.fullmatch(r"\d{6}", code)
    assert codes.fits(code, claim, KEY)
    assert not codes.fits(f"{(int(code) + 1) % 10**6:06d}", claim, KEY)
    assert not codes.fits("", claim, KEY)
    assert not codes.fits("รหัส", claim, KEY)


def test_codes_follow_from_the_key_and_the_claim() -> None:
    claims = [codes.reference(codes.new_claim_id()) for _ in range(2000)]
    assert len({codes.code_of(claim, KEY) for claim in claims}) > 1900
    other = SecretBytes(b"x" * 32)
    assert sum(codes.fits(codes.code_of(claim, other), claim, KEY) for claim in claims) < 5


def test_a_claim_is_kept_under_a_hash_of_at_least_112_bits_of_chance() -> None:
    claim = codes.new_claim_id()
    assert len(claim) * 6 >= 112
    assert claim not in codes.reference(claim)


def test_the_mail_says_the_code_in_both_languages_and_nothing_else_that_is_secret() -> None:
    claim = a_claim(code_ends=datetime(2025, 10, 31, 9, 30, tzinfo=UTC), opened_at=NOW)
    mail = letter(claim, "ศพด. บ้านหนองบัว", "123456", "vault@example.go.th", "center@example.go.th")
    read = message_from_bytes(mail.as_bytes(), policy=policy.default)
    body = read.get_content()
    assert body.index("เรียน ศพด. บ้านหนองบัว") < body.index("123456") < body.index("The code to open")
    assert "๓๑ ตุลาคม พ.ศ. ๒๕๖๘" in body
    assert "31 October 2025 16:30" in body
    assert "http" not in body
    assert "123456" not in str(read["Subject"])
    assert claim.claim not in str(read)
    assert read["Auto-Submitted"] == "auto-generated"


def test_the_same_mail_sent_again_has_the_same_id() -> None:
    first, again = (letter(a_claim(), "n", "1", "a@b.c", "d@e.f")["Message-ID"] for _ in range(2))
    other = letter(a_claim(claim="other", code_ends=NOW + timedelta(1)), "n", "1", "a@b.c", "d@e.f")["Message-ID"]
    assert first == again != other
