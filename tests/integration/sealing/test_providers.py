"""A provider that a deployment brings along, driven as one: installed, named by a line, sealing and rotated to."""

from pathlib import Path

import pytest

from shared.mongo.sealing import Access, BadMasterKeyError, MasterKeys, Vault, read_master_keys
from tests.integration.sealing.conftest import KEY, Opening
from tests.integration.sealing.test_seals import PASSWORD, credential

PROVIDER = '''
import hashlib
from shared.mongo.sealing import BadMasterKeyError, local

def read(line, access):
    """From a vault of its own; here the name is the key."""
    name = line.partition(":")[2]
    if name == "gone":
        raise BadMasterKeyError("names a key that is gone")
    if name == "broken":
        raise RuntimeError("hunter2")
    if name == "odd":
        return "no key"
    return local((hashlib.sha512(name.encode()).digest() * 2)[:96])
'''


def install(folder: Path) -> None:
    """What installing a distribution with an entry point leaves on a path."""
    (folder / "acme_keys.py").write_text(PROVIDER)
    about = folder / "acme_keys-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-keys\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[saraban.master_keys]\nacme = acme_keys:read\n")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("installed")
async def test_an_installed_provider_seals_and_is_rotated_to(vault: Vault, vault_with: Opening) -> None:
    (sealed,) = await vault.seal_many([credential()])
    acme = read_master_keys("acme:one", (), Access())
    rotating = vault_with(MasterKeys(acme.current, (KEY,)))
    while await rotating.rewrap():
        pass
    assert set(await rotating.wrapped()) == {acme.current.provider}
    alone = vault_with(read_master_keys("acme:one", (), Access()))
    await alone.prepare()
    assert (await alone.open(sealed, credential().label))["password"] == PASSWORD
    assert read_master_keys("acme:two", (), Access()).current.provider != acme.current.provider


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("acme:gone", "names a key that is gone"),
        ("acme:broken", "the provider 'acme' failed (RuntimeError)"),
        ("acme:odd", "gave no master key"),
        ("bcme:one", "must begin with one of file, kmip, aws-kms, azure-kv, gcp-kms, acme"),
    ],
)
def test_what_a_provider_refuses_is_told_and_what_it_lets_slip_is_not(line: str, says: str) -> None:
    with pytest.raises(BadMasterKeyError) as refused:
        read_master_keys(line, (), Access())
    assert says in str(refused.value)
    assert "hunter2" not in str(refused.value)
