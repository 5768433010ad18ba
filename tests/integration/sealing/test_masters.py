"""Master keys that lie elsewhere: on a real KMIP server, and on servers with the shapes of the clouds' key services."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.mongo.sealing import Access, KmsUnavailable, MasterKeys, WrongMasterKey, kms, read_master_keys
from shared.mongo.sealing import masters as reading
from tests.integration.sealing.certificates import Authority
from tests.integration.sealing.clouds import Cloud, cloud
from tests.integration.sealing.conftest import Opening
from tests.integration.sealing.servers import kmip_made, kmip_running, line_for
from tests.integration.sealing.test_seals import PASSWORD, credential

CLOUDS = ("aws", "azure", "gcp")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def access(authority: Authority) -> Access:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    credentials: dict[str, dict[str, Any]] = {
        "aws": {"accessKeyId": "AKTEST", "secretAccessKey": "secret"},
        "azure": {"tenantId": "t", "clientId": "c", "clientSecret": "s"},
        "gcp": {"email": "vault@example.iam.gserviceaccount.com", "privateKey": private},
    }
    return Access(credentials, authority.file, authority.give("client"))


@pytest.fixture(scope="module")
def kmip(authority: Authority) -> Iterator[str]:
    """The address of a running KMIP server."""
    with kmip_running(authority) as address:
        yield address


@pytest.fixture(scope="module")
def kmip_keys(kmip: str, authority: Authority, access: Access) -> dict[str, list[str]]:
    assert access.certificate_file
    return kmip_made(kmip, authority, access.certificate_file)


@pytest.fixture
def clouds(authority: Authority) -> Iterator[Cloud]:
    with cloud(authority.give("cloud")) as server:
        yield server


def keys_of(line: str, access: Access, server: Cloud | None = None) -> MasterKeys:
    """As the settings read them; the clouds' sign-in servers are at the same address as their key services."""
    if server is not None:
        signing_in = {"azure": "identityPlatformEndpoint", "gcp": "endpoint"}
        known = {kind: dict(given) for kind, given in access.credentials.items()}
        for kind, field in signing_in.items():
            known[kind][field] = server.endpoint
        access = Access(known, access.ca_file, access.certificate_file)
    return read_master_keys(line, (), access)


@pytest.mark.parametrize("delegated", [False, True])
async def test_secrets_are_sealed_under_a_key_on_a_kmip_server(
    vault_with: Opening, kmip: str, kmip_keys: dict[str, list[str]], access: Access, delegated: bool
) -> None:
    key = kmip_keys["delegated" if delegated else "handed out"][0]
    keys = keys_of(f"kmip://{kmip}/{key}" + ("?delegated=true" if delegated else ""), access)
    vault = vault_with(keys)
    await vault.prepare()
    wanted = [credential(f"h{number}") for number in range(20)]
    sealed = await vault.seal_many(wanted)
    again = await vault_with(keys).open_many([(seal, each.label) for seal, each in zip(sealed, wanted, strict=True)])
    assert [each and each["password"] for each in again] == [PASSWORD] * 20
    assert set(await vault.wrapped()) == {keys.current.provider}


async def test_another_key_of_the_same_kmip_server_opens_nothing(
    vault_with: Opening, kmip: str, kmip_keys: dict[str, list[str]], access: Access
) -> None:
    first, second = (keys_of(f"kmip://{kmip}/{key}", access) for key in kmip_keys["handed out"])
    vault = vault_with(first)
    await vault.prepare()
    with pytest.raises(WrongMasterKey):
        await vault_with(second).prepare()


@pytest.mark.parametrize("kind", CLOUDS)
async def test_secrets_are_sealed_under_a_key_of_a_cloud(
    vault_with: Opening, clouds: Cloud, access: Access, kind: str
) -> None:
    keys = keys_of(line_for(kind, clouds), access, clouds)
    vault = vault_with(keys)
    await vault.prepare()
    wanted = [credential(f"h{number}") for number in range(10)]
    clouds.calls.clear()
    sealed = await vault.seal_many(wanted)
    asked = sum(count for call, count in clouds.calls.items() if call != "token")
    assert asked <= len(wanted) + 1, "one call for each new key, and one for the keyring"
    again = await vault_with(keys).open_many([(seal, each.label) for seal, each in zip(sealed, wanted, strict=True)])
    assert [each and each["password"] for each in again] == [PASSWORD] * 10


@pytest.mark.parametrize("kind", CLOUDS)
async def test_a_cloud_that_does_not_know_what_wraps_our_keys_is_a_wrong_master_key(
    vault_with: Opening, clouds: Cloud, access: Access, kind: str
) -> None:
    keys = keys_of(line_for(kind, clouds), access, clouds)
    await vault_with(keys).prepare()
    clouds.keys.clear()
    with pytest.raises(WrongMasterKey):
        await vault_with(keys).prepare()


async def test_a_call_that_broke_off_is_repeated(vault_with: Opening, clouds: Cloud, access: Access) -> None:
    vault = vault_with(keys_of(line_for("aws", clouds), access, clouds))
    await vault.prepare()
    clouds.broken = 2
    (sealed,) = await vault.seal_many([credential()])
    assert (await vault.open(sealed, credential().label))["password"] == PASSWORD
    assert clouds.broken == 0


async def test_a_key_server_that_is_away_is_no_broken_seal(vault_with: Opening, clouds: Cloud, access: Access) -> None:
    keys = keys_of(line_for("aws", clouds), access, clouds)
    vault = vault_with(keys)
    await vault.prepare()
    (sealed,) = await vault.seal_many([credential()])
    clouds.broken = 1_000
    for work in (vault.open(sealed, credential().label), vault.seal_many([credential("b")])):
        with pytest.raises(KmsUnavailable):
            await work


async def test_a_key_server_that_never_answers_is_given_up_in_bounded_time(
    vault_with: Opening, clouds: Cloud, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = vault_with(keys_of(line_for("aws", clouds), access, clouds))
    await vault.prepare()
    (sealed,) = await vault.seal_many([credential()])
    monkeypatch.setattr(kms, "CALL_S", 0.2)
    clouds.answers.clear()
    try:
        with pytest.raises(KmsUnavailable):
            await asyncio.wait_for(vault.seal_many([credential("b")]), 20)
    finally:
        clouds.answers.set()
    assert await vault.open(sealed, credential().label)


async def test_a_key_server_with_a_strangers_certificate_is_told_nothing(
    vault_with: Opening, clouds: Cloud, access: Access, tmp_path: Path
) -> None:
    trusting_another = Access(access.credentials, Authority(tmp_path).file, None)
    vault = vault_with(keys_of(line_for("aws", clouds), trusting_another, clouds))
    with pytest.raises(KmsUnavailable):
        await vault.prepare()
    assert not clouds.calls


def test_a_data_key_tells_which_master_key_wraps_it_and_nothing_secret(clouds: Cloud, access: Access) -> None:
    one, other = (keys_of(line_for("aws", clouds, name), access, clouds).current for name in ("k1", "k2"))
    assert one.provider != other.provider
    assert "secret" not in json.dumps(dict(one.reference)) + repr(one)
    assert (
        keys_of(line_for("aws", clouds), Access({"aws": {"accessKeyId": "B", "secretAccessKey": "C"}})).current.provider
        == one.provider
    )
    assert reading.local(b"k" * 96).provider != reading.local(b"l" * 96).provider
