"""The other systems of one machine: a register of publishers and the keys they sign with, made at first use."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from joserfc.jwk import ECKey

from deploy.local.issuer.app import new_key
from deploy.local.state import State
from shared.contracts.topics import TOPICS

ONESQA = "onesqa"
SOURCES = {ONESQA: "/onesqa"}


def key(state: State, name: str) -> ECKey:
    """A publisher's private key. Raises KeyError for a name that is none."""
    if name not in SOURCES:
        raise KeyError(name)
    return ECKey.import_key(json.loads(state.secret(f"publisher-{name}", new_key).read_text()))


def register(state: State) -> Path:
    """The file that names them and their public keys, as the services read it."""
    path = state.directory / "publishers.json"
    text = json.dumps({"publishers": [_entry(state, name) for name in SOURCES]}, indent=1)
    if not path.exists() or path.read_text() != text:
        draft = path.with_suffix(f".{secrets.token_hex(4)}")  # services that start side by side ask at once
        draft.write_text(text)
        draft.replace(path)
    return path


def _entry(state: State, name: str) -> dict[str, object]:
    public = key(state, name).as_dict(private=False)
    topics = [topic.name for topic in TOPICS if topic.foreign]
    return {"name": name, "source": SOURCES[name], "topics": topics, "keys": {"keys": [public]}}
