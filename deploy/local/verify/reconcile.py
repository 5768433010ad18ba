"""Asks every question of the reconciliation, on the servers that the environment names."""

from collections.abc import Mapping

from pydantic import SecretStr

from deploy.local.verify import chain
from deploy.local.verify.told import check_announced, read_announced
from deploy.local.verify.verdict import Check, Verdict
from shared.blobs import Blobs
from shared.contracts.topics import SERVICES, Service
from shared.mongo import Mongo


async def reconcile(environment: Mapping[str, str], namespace: str = "saraban", *, deep: bool = False) -> Verdict:
    """From accepted to announced, known, sealed, stored, receipted, decided, notified and audited.

    Reads the databases, the topics and the object store; changes nothing. Raises what the servers raise when one of
    them is away.
    """
    announced = await read_announced(environment["SARABAN_KAFKA_BOOTSTRAP"], namespace)
    mongos: dict[Service, Mongo] = {
        service: Mongo(environment["SARABAN_MONGO_URL"], namespace, service) for service in SERVICES
    }
    secret = SecretStr(environment["SARABAN_S3_SECRET_KEY"])
    blobs = Blobs(environment["SARABAN_S3_ENDPOINT"], environment["SARABAN_S3_ACCESS_KEY"], secret)
    registry = mongos["registry"]
    checks: list[Check] = []
    try:
        for service in SERVICES:
            checks += await check_announced(service, mongos[service], announced)
        checks += [await chain.check_known(s, mongos[s], registry) for s in SERVICES if s != "registry"]
        checks.append(await chain.check_sealed(mongos["credentials"], registry))
        checks.append(await chain.check_restored(mongos["credentials"]))
        checks += await chain.check_stored(mongos["submissions"], blobs, namespace, deep=deep)
        checks.append(await chain.check_decided(mongos["submissions"]))
        checks += await chain.check_notified(mongos["notifier"], registry, announced)
        checks.append(await chain.check_audit(mongos, announced))
        checks.append(chain.check_dead(announced))
    finally:
        for mongo in mongos.values():
            mongo.close()
    return Verdict(checks)
