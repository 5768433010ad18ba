"""Who reads a line that names a master key, by the word before its colon.

A master key is named by one line:

* `file:/path` — at least 32 random bytes. For development: whoever reads the file and the database can open all.
* `kmip://host:port/<id>` — a Secret Data object of 96 bytes on a KMIP server. With `?delegated=true` an AES key that
  never leaves the server, which wraps and unwraps by itself.
* `aws-kms:<key ARN>`, `azure-kv:https://<vault>/keys/<name>[/<version>]`, `gcp-kms:projects/…/cryptoKeys/<name>` —
  a key of a cloud's key service. `?endpoint=host:port` names another address of the same service.

The driver's own names and fields for them: https://www.mongodb.com/docs/manual/core/csfle/reference/kms-providers/.

Any other word belongs to a provider that a deployment installs beside the service: a class or function that a
distribution names under the entry points of the group `saraban.master_keys`, by that word. It is called as the ones
here are, each time the settings are read, and answers with a `MasterKey`: with one of a kind above, or with `local` of
96 bytes that it has from wherever they are kept (a vault, a module on the board).
"""

import json
import ssl
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, urlsplit

from shared.mongo.sealing.masters import Access, BadMasterKeyError, MasterKey, MasterKeys, local, local_key, mark

INSTALLED: Final = "saraban.master_keys"
"""The group of entry points."""
_GCP_NAMES: Final = {
    "projects": "projectId",
    "locations": "location",
    "keyRings": "keyRing",
    "cryptoKeys": "keyName",
    "cryptoKeyVersions": "keyVersion",
}


class Provider(Protocol):
    """Reads a whole line, with its word. Raises BadMasterKeyError with a text that holds no secret.

    The same line gives a key of the same name, and another key one of another name: the name is what each data key is
    found by in a rotation. It must not wait for long, for the start waits for it.
    """

    def __call__(self, line: str, access: Access, /) -> MasterKey: ...


def read_master_keys(current: str, also: Sequence[str], access: Access) -> MasterKeys:
    """The master keys that these lines name. Raises BadMasterKeyError."""
    return MasterKeys(read_master_key(current, access), tuple(read_master_key(line, access) for line in also))


def read_master_key(line: str, access: Access) -> MasterKey:
    """The master key that a line names; a key server is not asked yet. Raises BadMasterKeyError."""
    word = line.partition(":")[0]
    if word in BUILT_IN:
        return BUILT_IN[word](line, access)
    installed = {each.name: each for each in entry_points(group=INSTALLED)}
    if word not in installed:
        raise BadMasterKeyError(f"must begin with one of {', '.join([*BUILT_IN, *sorted(installed)])}")
    return _provided(installed[word], line, access)


def _provided(entry: EntryPoint, line: str, access: Access) -> MasterKey:
    """What an installed provider answers. Its errors are told by their names alone: their texts may hold anything."""
    try:
        found = entry.load()(line, access)
    except BadMasterKeyError:
        raise
    except Exception as error:  # noqa: BLE001 whatever somebody else's code raises
        raise BadMasterKeyError(f"the provider {entry.name!r} failed ({type(error).__name__})") from None
    if not isinstance(found, MasterKey):
        raise BadMasterKeyError(f"the provider {entry.name!r} gave no master key")
    return found


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
        return MasterKey(f"{kind}:{mark(named.encode())}", options, reference, access.tls())
    except (OSError, ssl.SSLError) as error:
        raise BadMasterKeyError(f"certificates cannot be used ({type(error).__name__})") from None


BUILT_IN: Final[Mapping[str, Provider]] = {
    "file": _file, "kmip": _kmip, "aws-kms": _aws, "azure-kv": _azure, "gcp-kms": _gcp,
}  # fmt: skip
