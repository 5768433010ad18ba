"""Servers that the user brings: an environment variable of the contract puts one in the place of ours.

The virus scanner has no place to take: without one, files are looked at by the inspection alone.
"""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

from deploy.local.servers import broker, clamd, web
from deploy.local.servers.foreign import Foreign
from deploy.local.servers.seaweedfs import PROBE_BUCKET
from deploy.local.servers.tansu import ObjectStore

VARIABLES = {
    "mongo": "SARABAN_MONGO_URL",
    "s3": "SARABAN_S3_ENDPOINT",
    "kafka": "SARABAN_KAFKA_BOOTSTRAP",
    "issuer": "SARABAN_OIDC_ISSUER",
    "mail": "SARABAN_SMTP_URL",
    "scanner": "SARABAN_CLAMAV_URL",
}


def brought(environment: Mapping[str, str]) -> dict[str, Foreign]:
    """The servers that these variables name, by the name of the server they replace."""
    found = {}
    for name, variable in VARIABLES.items():
        address = environment.get(variable, "")
        if address:
            found[name] = Foreign(name, variable, address, partial(answers, name, address, environment))
    return found


def object_store(environment: Mapping[str, str]) -> ObjectStore:
    """The user's S3 store and keys."""
    return ObjectStore(
        environment.get("SARABAN_S3_ENDPOINT", ""),
        environment.get("SARABAN_S3_ACCESS_KEY", ""),
        environment.get("SARABAN_S3_SECRET_KEY", ""),
    )


def answers(name: str, address: str, environment: Mapping[str, str]) -> bool:
    """One true round trip to a server that the user brought."""
    if name == "mongo":
        from shared.mongo.replica_set import reachable

        return reachable(address)
    if name == "s3":
        from shared.blobs.buckets import Buckets

        store = object_store(environment)
        return Buckets(store.endpoint, store.access_key, store.secret_key).round_trip(PROBE_BUCKET)
    if name == "kafka":
        return any(broker.answers(one.strip()) for one in address.split(","))
    if name == "issuer":
        return web.answers(f"{address.rstrip('/')}/.well-known/openid-configuration")
    if name == "scanner":
        return clamd.answers(address)
    return _mail_answers(address)


def _mail_answers(address: str) -> bool:
    parts = urlsplit(address)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(parts.hostname or "", parts.port or 0, timeout=5) as session:
            session.noop()
    except (OSError, smtplib.SMTPException):
        return False
    return True
