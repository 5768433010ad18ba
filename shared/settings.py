"""Settings every service shares, read from the environment with the prefix `SARABAN_`."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.contracts.topics import AUDIT
from shared.security.publishers import UnreadablePublishersError, read_publishers

PREFIX = "SARABAN_"
ROLES = frozenset({"api", "consumer", "relay"})
assert AUDIT.kept is not None
AUDIT_CEILING: Final = AUDIT.kept.days
LEAST_KEY_BYTES: Final = 32


class CoreSettings(BaseSettings):
    """What any Saraban process needs to know before it may start.

    A service subclasses this in its `settings.py`, overrides `http_port` and adds its own fields.
    Servers have no default: a guessed address is how data ends up in the wrong place.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,  # docs/settings.md is drawn from them
    )

    namespace: str = Field("saraban", pattern=r"^[a-z][a-z0-9-]{0,40}$")
    """Prefix of databases, topics, buckets and consumer groups; isolates tests from each other."""
    roles: Annotated[frozenset[str], NoDecode] = ROLES
    """What this process runs: any of api, consumer, relay, separated by commas."""

    http_host: str = "127.0.0.1"
    """Address the API listens on."""
    http_port: int = Field(8080, ge=0, le=65535)
    """Port the API listens on."""

    kafka_bootstrap: str = Field(min_length=3)
    """Kafka brokers, `host:port` separated by commas."""
    kafka_idempotent: bool = True
    """Off only for brokers without InitProducerId."""
    kafka_fetch_max_wait_ms: int = Field(500, ge=1, le=30_000)
    """How long the broker may hold an empty fetch, in milliseconds."""
    relay_gather_ms: int = Field(0, ge=0, le=5_000)
    """For how long after one batch of events the next is gathered, in milliseconds, unless it is full: the longer, the
    fewer batches the broker has to keep. The first event after a pause is sent at once."""
    kafka_session_ms: int = Field(10_000, ge=1_000, le=60_000)
    """How long the broker waits for a silent consumer before it gives its partitions to others."""
    kafka_partitions: int = Field(12, ge=1, le=1000)
    """Partitions of a topic that set-up makes."""

    mongo_url: SecretStr
    """MongoDB connection string of a replica set."""

    s3_endpoint: str = Field("http://127.0.0.1:8333", pattern=r"^https?://[^/]+$")
    """Object store, `http(s)://host:port`."""
    s3_access_key: str = ""
    """Object store access key."""
    s3_secret_key: SecretStr = SecretStr("")
    """Object store secret key."""

    oidc_issuer: str = Field(pattern=r"^https?://.+")
    """Issuer of the bearer tokens; its keys are found by OIDC discovery."""
    oidc_audience: str = "saraban"
    """The audience a token must be for."""

    smtp_url: str = Field("smtp://127.0.0.1:1025", pattern=r"^smtps?://.+")
    """Mail server, `smtp(s)://host:port`."""
    smtp_from: str = "saraban@localhost"
    """Sender of mails."""

    log_format: Literal["json", "console"] = "json"
    """JSON lines, or readable on a terminal."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least level that is logged."""
    trace_file: Path | None = None
    """Spans are appended here, one JSON object a line."""
    trace_otlp_endpoint: str | None = None
    """Spans go to this collector over OTLP/HTTP, e.g. `http://collector:4318/v1/traces`."""

    publishers_file: Path | None = None
    """The other systems that may publish to `inbound` topics, and their public keys; without it none may."""

    failpoints: str = ""
    """Names of places where this process kills itself; for fault tests alone."""

    @field_validator("roles", mode="before")
    @classmethod
    def _split_roles(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("roles")
    @classmethod
    def _known_roles(cls, value: frozenset[str]) -> frozenset[str]:
        if not value or not value <= ROLES:
            raise ValueError(f"must name some of {', '.join(sorted(ROLES))}")
        return value

    @field_validator("publishers_file")
    @classmethod
    def _register_of_publishers(cls, path: Path | None) -> Path | None:
        try:
            read_publishers(path)
        except UnreadablePublishersError as error:
            raise ValueError(str(error)) from None
        return path

    def runs(self, role: Literal["api", "consumer", "relay"]) -> bool:
        """Whether this process plays that role."""
        return role in self.roles


class AuditedSettings(CoreSettings):
    """What a service with an audit trail needs besides."""

    audit_days: int = Field(365, ge=90, le=AUDIT_CEILING)
    """How long entries of the audit trail are kept, in days: at least the 90 of the Computer Crime Act s.26, at most as
    long as the bus keeps them."""
    audit_anchor_seconds: float = Field(30.0, ge=0.1, le=3600)
    """How often the heads of the audit chains are anchored on the bus."""


class AnchoringSettings(AuditedSettings):
    """What a service needs that has no other secret to derive the key of its anchors from."""

    audit_key_file: Path
    """Signs the anchors of the audit chains: at least 32 random bytes, of which each service makes a key of its own."""

    @field_validator("audit_key_file")
    @classmethod
    def _usable_key_file(cls, path: Path) -> Path:
        _secret_of(path)
        return path

    def anchor_secret(self) -> bytes:
        """What the key of the anchors is derived from."""
        return _secret_of(self.audit_key_file)


def _secret_of(path: Path) -> bytes:
    try:
        found = path.read_bytes().strip()
    except OSError as error:
        raise ValueError(f"cannot be read ({type(error).__name__})") from None
    if len(found) < LEAST_KEY_BYTES:
        raise ValueError(f"holds {len(found)} bytes; at least {LEAST_KEY_BYTES} random ones are needed")
    return found


S = TypeVar("S", bound=CoreSettings)


def load(settings_class: type[S]) -> S:
    """Read the settings, or print one plain line per bad variable (never its value) and exit 2."""
    try:
        return settings_class()
    except ValidationError as refused:
        for line in complaints(refused):
            sys.stderr.write(line + "\n")
        raise SystemExit(2) from None


def read(settings_class: type[S], environment: Mapping[str, str], **overrides: Any) -> S:
    """The settings as a process with this environment would read them, for tools and tests of several processes.

    Raises pydantic's ValidationError for what is missing or unusable.
    """
    given = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
    known: dict[str, Any] = {name: value for name, value in given.items() if name in settings_class.model_fields}
    return settings_class(**{**known, **overrides})


def complaints(refused: ValidationError) -> list[str]:
    """One line per variable at fault: its name, then what is wrong with it."""
    lines = []
    for error in refused.errors(include_input=False, include_url=False, include_context=False):
        variable = PREFIX + "_".join(str(part) for part in error["loc"][:1]).upper()
        if error["type"] == "missing" and variable not in os.environ:
            lines.append(f"{variable} is not set: ต้องกำหนดค่าก่อนเริ่มระบบ / it must be set before the start")
        else:
            lines.append(f"{variable} is not usable: {error['msg'].removeprefix('Value error, ')}")
    return lines
