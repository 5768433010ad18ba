"""Settings: a bad value stops the start with one line that names the variable and never its value."""

import pytest

from shared.settings import CoreSettings, load

NEEDED = {
    "SARABAN_KAFKA_BOOTSTRAP": "127.0.0.1:1",
    "SARABAN_MONGO_URL": "mongodb://u:topsecret@127.0.0.1:1",
    "SARABAN_OIDC_ISSUER": "http://127.0.0.1:1",
}


@pytest.fixture(autouse=True)
def needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


def test_roles_are_read_from_a_comma_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SARABAN_ROLES", "api, relay")
    settings = load(CoreSettings)
    assert settings.roles == {"api", "relay"}
    assert settings.runs("api")
    assert not settings.runs("consumer")


def test_the_database_address_is_not_shown() -> None:
    assert "topsecret" not in repr(load(CoreSettings))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROLES", "api,king"),
        ("ROLES", ""),
        ("HTTP_PORT", "lots"),
        ("NAMESPACE", "Bad Name"),
        ("OIDC_ISSUER", "issuer"),
        ("LOG_FORMAT", "xml"),
        ("S3_ENDPOINT", "http://x/y"),
    ],
)
def test_a_bad_value_is_named_but_not_shown(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SARABAN_" + name, value)
    with pytest.raises(SystemExit) as stopped:
        load(CoreSettings)
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.startswith(f"SARABAN_{name} ")
    assert said.count("\n") == 1


def test_a_missing_server_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("SARABAN_MONGO_URL")
    with pytest.raises(SystemExit):
        load(CoreSettings)
    assert capsys.readouterr().err.startswith("SARABAN_MONGO_URL is not set")
