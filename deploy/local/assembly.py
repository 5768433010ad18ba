"""Which servers a stack has, and which of them the user brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from deploy.local.brought import brought
from deploy.local.ports import DEFAULTS, HOST, Ports
from deploy.local.servers.issuer import Issuer
from deploy.local.servers.kafka import Kafka
from deploy.local.servers.mail import Mail
from deploy.local.servers.minio import Minio
from deploy.local.servers.mongod import Mongod
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.server import Server
from deploy.local.servers.service import Service
from deploy.local.servers.tansu import ObjectStore, Tansu
from deploy.local.servers.topics import Topics
from deploy.local.starting import Report
from deploy.local.state import Kind, State
from shared.contracts.topics import SERVICES

SERVERS = ("mongo", "s3", "kafka", "mail", "issuer")

PAGES = (8080, *(DEFAULTS[service] for service in SERVICES))
"""Ports of pages on this machine whose scripts may upload to the object store."""

ORIGINS = tuple(f"http://{host}:{port}" for host in (HOST, "localhost") for port in PAGES)

PARTITIONS: dict[Kind, str] = {"local": "1", "real": "3"}
"""One process reads each topic here, and the broker over an object store asks that store for each partition."""


def assemble(
    kind: Kind,
    state: State,
    ports: Ports,
    given: Mapping[str, str],
    report: Report,
    environment: Callable[[], Mapping[str, str]],
    store: Callable[[], ObjectStore],
) -> dict[str, Server]:
    """Every server of the stack by its name. `given` are the caller's variables: they may replace some."""
    directory = state.directory
    own: list[Server] = [Mongod(directory, ports), Mail(directory, ports), Issuer(state, ports)]
    if kind == "real":
        own.append(Minio(state, ports, ORIGINS, partial(report, "s3", "fetching")))
        own.append(Kafka(directory, ports, state.cluster, partial(report, "kafka", "fetching")))
    else:
        own.append(SeaweedFS(state, ports, ORIGINS))
        own.append(Tansu(directory, ports, state.cluster, store))
    foreign = brought(given)
    servers: dict[str, Server] = {server.name: foreign.get(server.name, server) for server in own}
    servers |= {name: server for name, server in foreign.items() if name not in servers}
    servers["topics"] = Topics(
        lambda: servers["kafka"].address,
        given.get("SARABAN_NAMESPACE", "saraban"),
        int(given.get("SARABAN_KAFKA_PARTITIONS", PARTITIONS[kind])),
    )
    for service in SERVICES:
        servers[service] = Service(service, directory, ports, environment, needs=("topics", *SERVERS))
    return servers
