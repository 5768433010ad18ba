"""What the credentials service reads from its environment."""

import json
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from services.credentials.rules import SecretRules
from shared.mongo.sealing import Access, BadMasterKeyError, MasterKeys, local_key, read_master_keys
from shared.settings import AuditedSettings


class CredentialsSettings(AuditedSettings):
    http_port: int = Field(8082, ge=0, le=65535)
    claims_per_address: int = Field(600, ge=1, le=1_000_000)
    """How many claims without a token one address may begin in ten minutes. Many phones share one address."""
    public_url: str = Field("", pattern=r"^(https?://[^/#?\s]+(/[^#?\s]*[^/#?\s])?)?$")
    """Where people reach this service from outside, for the codes on activation sheets; empty: where it listens."""
    claim_days: int = Field(0, ge=0, le=3650)
    """How many days after it was sealed a credential may be claimed; 0: until its round is closed."""

    kms_credentials_file: Path | None = None
    """JSON by kind of key service: `{"aws": {"accessKeyId": …, "secretAccessKey": …}, "azure": {"tenantId": …,
    "clientId": …, "clientSecret": …}, "gcp": {"email": …, "privateKey": …}}`."""
    kms_ca_file: Path | None = None
    """Certificates (PEM) that a key server's own must lead to; without it, the system's."""
    kms_certificate_file: Path | None = None
    """Our certificate and its private key (PEM) for a key server that asks for one, as KMIP servers do."""
    master_key_file: Path | None = None
    """The same as SARABAN_MASTER_KEY=file:…, for development: at least 32 random bytes, in any form."""
    master_key: str = Field("", validate_default=True)
    """Which key wraps the data keys: `kmip://host:port/id`, `aws-kms:arn…`, `azure-kv:https://…`, `gcp-kms:projects/…`,
    or `file:/path`. Whoever may use it and reads database and object store can open every seal."""
    master_key_also: str = Field("", validate_default=True)
    """Other master keys, separated by spaces, under which data keys still lie, or will lie soon (docs/keys.md)."""

    secret_rules_file: Path | None = None
    """JSON of the forms that usernames and passwords must have, by round: see docs/secret-rules.md."""

    @field_validator("secret_rules_file")
    @classmethod
    def _rules_that_can_be_kept(cls, path: Path | None) -> Path | None:
        _rules(path)
        return path

    @field_validator("master_key_file")
    @classmethod
    def _readable_and_long_enough(cls, path: Path | None) -> Path | None:
        if path is not None:
            local_key(path)
        return path

    @field_validator("kms_credentials_file")
    @classmethod
    def _json_of_credentials(cls, path: Path | None) -> Path | None:
        _credentials(path)
        return path

    @field_validator("master_key")
    @classmethod
    def _names_a_key(cls, line: str, info: ValidationInfo) -> str:
        if not line and info.data.get("master_key_file"):
            line = f"file:{info.data['master_key_file']}"
        if not line and "master_key_file" in info.data:
            raise ValueError("is not set, nor is SARABAN_MASTER_KEY_FILE: ต้องกำหนดกุญแจหลัก / a master key must be named")
        if line:
            read_master_keys(line, (), _access(info.data))
        return line

    @field_validator("master_key_also")
    @classmethod
    def _names_keys(cls, lines: str, info: ValidationInfo) -> str:
        for line in lines.split():
            read_master_keys(line, (), _access(info.data))
        return lines

    def master_keys(self) -> MasterKeys:
        """The master keys in use."""
        return read_master_keys(self.master_key, self.master_key_also.split(), _access(self.__dict__))

    def secret_rules(self) -> SecretRules:
        """The rules by which usernames and passwords are made and judged."""
        return _rules(self.secret_rules_file)

    @property
    def claim_page(self) -> str:
        """The address of the claim page."""
        host = "127.0.0.1" if self.http_host in {"", "0.0.0.0", "::"} else self.http_host
        return (self.public_url or f"http://{host}:{self.http_port}") + "/claim"

    @property
    def vault_bucket(self) -> str:
        """The bucket of the keyring and of batches that wait to be imported. It keeps no versions."""
        return f"{self.namespace}-vault"

    @property
    def inbound_bucket(self) -> str:
        """The bucket in which other systems leave sealed batches. It keeps no versions."""
        return f"{self.namespace}-inbound"

    @property
    def exposed(self) -> bool:
        """Whether others than its owner may read a master key that lies in a file."""
        return self.in_file and bool(Path(self.master_key.removeprefix("file:")).stat().st_mode & 0o077)

    @property
    def in_file(self) -> bool:
        """Whether the master key lies in a file: for development."""
        return self.master_key.startswith("file:")


def _rules(path: Path | None) -> SecretRules:
    if path is None:
        return SecretRules()
    try:
        return SecretRules.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ValueError(f"cannot be read ({type(error).__name__})") from None
    except ValidationError as refused:
        first = refused.errors(include_input=False, include_url=False, include_context=False)[0]
        raise ValueError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


def _access(known: dict[str, Any]) -> Access:
    return Access(
        _credentials(known.get("kms_credentials_file")), known.get("kms_ca_file"), known.get("kms_certificate_file")
    )


def _credentials(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise BadMasterKeyError(f"cannot be read ({type(error).__name__})") from None
    except ValueError:
        raise BadMasterKeyError("is no JSON") from None
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise BadMasterKeyError("must be an object of objects")
    return found
