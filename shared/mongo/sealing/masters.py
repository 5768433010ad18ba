"""The master key: what wraps the data keys of the holders, wherever it is kept.

A master key is named by one line:

* `file:/path` — at least 32 random bytes. For development: whoever reads the file and the database can open all.
* `kmip://host:port/<id>` — a Secret Data object of 96 bytes on a KMIP server. With `?delegated=true` an AES key that
  never leaves the server, which wraps and unwraps by itself.
* `aws-kms:<key ARN>`, `azure-kv:https://<vault>/keys/<name>[/<version>]`, `gcp-kms:projects/…/cryptoKeys/<name>` —
  a key of a cloud's key service. `?endpoint=host:port` names another address of the same service.

The driver's own names and fields for them: https://www.mongodb.com/docs/manual/core/csfle/reference/kms-providers/.
"""

import hashlib
import hmac
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

LOCAL_KEY_BYTES: Final = 96
LEAST_FILE_BYTES: Final = 32
CLOUDS: Final = ("aws", "azure", "gcp")
_GCP_NAMES: Final = {
    "projects": "projectId",
    "locations": "location",
    "keyRings": "keyRing",
    "cryptoKeys": "keyName",
    "cryptoKeyVersions": "keyVersion",
}


class BadMasterKeyError(ValueError):
    """The line names no usable master key. The text says why and holds no secret."""


@dataclass(frozen=True, repr=False)
class MasterKey:
    """One master key, as the driver wants it.

    `provider` is unlike that of any other master key, so that each data key tells which one wraps it. `options` may
    hold secrets; `reference` is stored beside each data key and holds none.
    """

    provider: str
    options: Mapping[str, Any]
    reference: Mapping[str, Any] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None

    @property
    def kind(self) -> str:
        """`local`, `kmip`, `aws`, `azure` or `gcp`."""
        return self.provider.partition(":")[0]

    def __repr__(self) -> str:
        return f"MasterKey({self.provider})"


@dataclass(frozen=True)
class Access:
    """How key servers are reached: the clouds' credentials by kind, and the certificates of the connections."""

    credentials: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ca_file: Path | None = None
    certificate_file: Path | None = None

    def tls(self) -> ssl.SSLContext:
        """Checks the server's certificate and name; shows ours where one is given."""
        context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate_file:
            context.load_cert_chain(str(self.certificate_file))
        return context


@dataclass(frozen=True)
class MasterKeys:
    """`current` wraps what is new; what any of them wraps can be opened."""

    current: MasterKey
    also: tuple[MasterKey, ...] = ()

    @property
    def providers(self) -> dict[str, dict[str, Any]]:
        """All of them as the driver wants them."""
        return {each.provider: dict(each.options) for each in (self.current, *self.also)}

    @property
    def tls(self) -> dict[str, ssl.SSLContext]:
        """The connections' contexts by provider."""
        return {each.provider: each.tls for each in (self.current, *self.also) if each.tls}


def read_master_keys(current: str, also: Sequence[str], access: Access) -> MasterKeys:
    """The master keys that these lines name. Raises BadMasterKeyError."""
    return MasterKeys(read_master_key(current, access), tuple(read_master_key(line, access) for line in also))


def read_master_key(line: str, access: Access) -> MasterKey:
    """The master key that a line names; a key server is not asked yet. Raises BadMasterKeyError."""
    kind = line.partition(":")[0]
    readers = {"file": _file, "kmip": _kmip, "aws-kms": _aws, "azure-kv": _azure, "gcp-kms": _gcp}
    if kind not in readers:
        raise BadMasterKeyError(f"must begin with one of {', '.join(readers)}")
    return readers[kind](line, access)


def local_key(path: Path) -> bytes:
    """96 bytes derived from a file's content (HKDF-Expand of RFC 5869 with SHA-512). Raises BadMasterKeyError."""
    try:
        content = path.read_bytes().strip()
    except OSError as error:
        raise BadMasterKeyError(f"cannot be read ({type(error).__name__})") from None
    if len(content) < LEAST_FILE_BYTES:
        raise BadMasterKeyError(f"holds {len(content)} bytes; at least {LEAST_FILE_BYTES} random ones are needed")
    master = hmac.digest(b"saraban", content, "sha512")
    made, block = b"", b""
    for counter in range(1, 3):
        block = hmac.digest(master, block + b"saraban credentials sealing v1" + bytes([counter]), hashlib.sha512)
        made += block
    return made[:LOCAL_KEY_BYTES]


def local(key: bytes) -> MasterKey:
    """A master key of 96 bytes in hand."""
    if len(key) != LOCAL_KEY_BYTES:
        raise BadMasterKeyError(f"a master key has {LOCAL_KEY_BYTES} bytes")
    return MasterKey(f"local:{_mark(b'local' + key)}", {"key": key})


def _file(line: str, _access: Access) -> MasterKey:
    return local(local_key(Path(line.removeprefix("file:"))))


def _kmip(line: str, access: Access) -> MasterKey:
    parts = urlsplit(line)
    key_id = parts.path.strip("/")
    if not parts.hostname or not parts.port or not key_id:
        raise BadMasterKeyError("must read kmip://host:port/key-id")
    delegated = parse_qs(parts.query).get("delegated", ["false"])[-1] == "true"
    endpoint = f"{parts.hostname}:{parts.port}"
    return _remote("kmip", {"endpoint": endpoint}, {"keyId": key_id, "delegated": delegated}, access)


def _aws(line: str, access: Access) -> MasterKey:
    arn, endpoint = _with_endpoint(line.removeprefix("aws-kms:"))
    fields = arn.split(":", 5)
    if len(fields) < 6 or fields[0] != "arn" or fields[2] != "kms" or not fields[3]:  # noqa: PLR2004 arn:…:key/…
        raise BadMasterKeyError("must read aws-kms:arn:aws:kms:region:account:key/id")
    return _remote("aws", _of_cloud("aws", access), {"region": fields[3], "key": arn, **endpoint}, access)


def _azure(line: str, access: Access) -> MasterKey:
    parts = urlsplit(line.removeprefix("azure-kv:"))
    names = parts.path.strip("/").split("/")
    if parts.scheme != "https" or not parts.netloc or names[0] != "keys" or len(names) not in {2, 3}:
        raise BadMasterKeyError("must read azure-kv:https://vault/keys/name[/version]")
    reference = {"keyVaultEndpoint": parts.netloc, "keyName": names[1]}
    if names[2:]:
        reference["keyVersion"] = names[2]
    return _remote("azure", _of_cloud("azure", access), reference, access)


def _gcp(line: str, access: Access) -> MasterKey:
    path, endpoint = _with_endpoint(line.removeprefix("gcp-kms:"))
    words = path.split("/")
    found = {_GCP_NAMES.get(name, ""): value for name, value in zip(words[::2], words[1::2], strict=False)}
    if not {"projectId", "location", "keyRing", "keyName"} <= set(found) or "" in found:
        raise BadMasterKeyError("must read gcp-kms:projects/…/locations/…/keyRings/…/cryptoKeys/…")
    return _remote("gcp", _of_cloud("gcp", access), {**found, **endpoint}, access)


def _with_endpoint(text: str) -> tuple[str, dict[str, str]]:
    name, _, query = text.partition("?")
    given = parse_qs(query).get("endpoint")
    return name, {"endpoint": given[-1]} if given else {}


def _of_cloud(kind: str, access: Access) -> Mapping[str, Any]:
    if kind not in access.credentials:
        raise BadMasterKeyError(f"needs SARABAN_KMS_CREDENTIALS_FILE with an entry {kind!r}")
    return access.credentials[kind]


def _remote(kind: str, options: Mapping[str, Any], reference: Mapping[str, Any], access: Access) -> MasterKey:
    # By what names the key, and not by the credentials: those may change while the key stays.
    named = json.dumps([kind, options.get("endpoint"), dict(reference)], sort_keys=True)
    try:
        return MasterKey(f"{kind}:{_mark(named.encode())}", options, reference, access.tls())
    except (OSError, ssl.SSLError) as error:
        raise BadMasterKeyError(f"certificates cannot be used ({type(error).__name__})") from None


def _mark(named: bytes) -> str:
    return hashlib.sha256(b"saraban master key " + named).hexdigest()[:16]
