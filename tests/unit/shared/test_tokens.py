"""Tokens: what is let in, and every way of being turned away."""

import base64
import hmac
import json
import time
from typing import Any

import pytest
from joserfc.jwk import ECKey

from shared.failures import Unavailable
from shared.security.principals import Principal, Role
from shared.security.tokens import REFRESH_GAP_S, TokenFault, TokenRefused, TokenVerifier
from tests.unit.shared.issuer import URL, Issuer


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


class Monotonic:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def monotonic() -> Monotonic:
    return Monotonic()


@pytest.fixture
def verifier(issuer: Issuer, monotonic: Monotonic) -> TokenVerifier:
    return TokenVerifier(URL, "saraban", issuer.http(), monotonic=monotonic)


def in_base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


async def fault_of(verifier: TokenVerifier, token: str) -> TokenFault:
    with pytest.raises(TokenRefused) as refused:
        await verifier.verify(token)
    return refused.value.fault


async def test_a_good_token_names_its_principal(verifier: TokenVerifier, issuer: Issuer) -> None:
    principal = await verifier.verify(issuer.token("province", "58"))
    assert principal == Principal("province-58", Role.PROVINCE, "58")


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({"exp": int(time.time()) - 3600}, TokenFault.EXPIRED),
        ({"exp": None}, TokenFault.BAD_CLAIMS),
        ({"exp": "soon"}, TokenFault.BAD_CLAIMS),
        ({"exp": True}, TokenFault.BAD_CLAIMS),
        ({"nbf": int(time.time()) + 3600}, TokenFault.NOT_YET_VALID),
        ({"aud": "another"}, TokenFault.WRONG_AUDIENCE),
        ({"aud": None}, TokenFault.WRONG_AUDIENCE),
        ({"iss": "http://elsewhere"}, TokenFault.UNKNOWN_ISSUER),
        ({"role": "minister"}, TokenFault.BAD_CLAIMS),
        ({"role": None}, TokenFault.BAD_CLAIMS),
        ({"org": None}, TokenFault.BAD_CLAIMS),
        ({"org": ["58"]}, TokenFault.BAD_CLAIMS),
        ({"sub": ""}, TokenFault.BAD_CLAIMS),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(
    verifier: TokenVerifier, issuer: Issuer, claims: dict[str, Any], fault: TokenFault
) -> None:
    assert await fault_of(verifier, issuer.token("province", "58", **claims)) is fault


async def test_a_little_clock_skew_is_forgiven(verifier: TokenVerifier, issuer: Issuer) -> None:
    now = int(time.time())
    assert await verifier.verify(issuer.token(exp=now - 5, nbf=now + 5))


async def test_an_audience_list_may_hold_ours(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert await verifier.verify(issuer.token(aud=["another", "saraban"]))


async def test_a_stranger_with_a_known_key_id_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    forged = issuer.token(key=ECKey.generate_key("P-256", {"kid": "k0"}))
    assert await fault_of(verifier, forged) is TokenFault.BAD_SIGNATURE


async def test_the_unsigned_algorithm_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    _, payload, _ = issuer.token().split(".")
    head = in_base64(json.dumps({"alg": "none"}).encode())
    assert await fault_of(verifier, f"{head}.{payload}.") in {TokenFault.BAD_SIGNATURE, TokenFault.MALFORMED}


async def test_a_public_key_used_as_a_shared_secret_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    _, payload, _ = issuer.token().split(".")
    signed = f"{in_base64(json.dumps({'alg': 'HS256', 'kid': 'k0'}).encode())}.{payload}"
    mac = hmac.digest(issuer.keys[0].as_pem(private=False), signed.encode(), "sha256")
    assert await fault_of(verifier, f"{signed}.{in_base64(mac)}") is TokenFault.BAD_SIGNATURE


@pytest.mark.parametrize("rubbish", ["", "a", "a.b", "a.b.c", "ก.ข.ค", "." * 30, "eyJ" * 4000])
async def test_rubbish_is_refused(verifier: TokenVerifier, rubbish: str) -> None:
    assert await fault_of(verifier, rubbish) is TokenFault.MALFORMED


async def test_a_changed_payload_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    head, _, signature = issuer.token("center", "c1").split(".")
    _, richer, _ = issuer.token("department", "00").split(".")
    assert await fault_of(verifier, f"{head}.{richer}.{signature}") is TokenFault.BAD_SIGNATURE


async def test_keys_are_fetched_once_for_many_tokens(verifier: TokenVerifier, issuer: Issuer) -> None:
    for _ in range(5):
        await verifier.verify(issuer.token())
    assert issuer.asked == 1


async def test_a_new_key_is_found_after_rotation(verifier: TokenVerifier, issuer: Issuer, monotonic: Monotonic) -> None:
    await verifier.verify(issuer.token())
    issuer.rotate()
    monotonic.now += REFRESH_GAP_S + 1
    assert await verifier.verify(issuer.token())
    assert issuer.asked == 2


async def test_unknown_key_ids_cannot_hammer_the_issuer(
    verifier: TokenVerifier, issuer: Issuer, monotonic: Monotonic
) -> None:
    await verifier.verify(issuer.token())
    monotonic.now += REFRESH_GAP_S + 1
    for number in range(20):
        stranger = ECKey.generate_key("P-256", {"kid": f"x{number}"})
        assert await fault_of(verifier, issuer.token(key=stranger)) is TokenFault.UNKNOWN_KEY
    assert issuer.asked == 2


async def test_a_withdrawn_key_stops_working(verifier: TokenVerifier, issuer: Issuer, monotonic: Monotonic) -> None:
    old = issuer.token()
    await verifier.verify(old)
    issuer.rotate()
    del issuer.keys[0]
    monotonic.now += 601
    assert await fault_of(verifier, old) is TokenFault.UNKNOWN_KEY


async def test_known_keys_serve_for_a_while_when_the_issuer_is_down(
    verifier: TokenVerifier, issuer: Issuer, monotonic: Monotonic
) -> None:
    await verifier.verify(issuer.token())
    issuer.down = True
    monotonic.now += 700
    assert await verifier.verify(issuer.token())
    monotonic.now += 3600
    with pytest.raises(Unavailable):
        await verifier.verify(issuer.token())


async def test_an_issuer_never_reached_is_not_the_tokens_fault(verifier: TokenVerifier, issuer: Issuer) -> None:
    issuer.down = True
    with pytest.raises(Unavailable):
        await verifier.verify(issuer.token())


async def test_a_discovery_document_of_another_issuer_is_not_believed(verifier: TokenVerifier, issuer: Issuer) -> None:
    issuer.claims_to_be = "http://elsewhere"
    with pytest.raises(Unavailable):
        await verifier.verify(issuer.token())
