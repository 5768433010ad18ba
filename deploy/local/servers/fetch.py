"""Brings Apache Kafka and MinIO into the cache, with progress: `python -m deploy.local.servers.fetch`."""

import sys

from deploy.local.cache import CannotFetchError
from deploy.local.servers.kafka import fetched
from deploy.local.servers.minio import built


def say(line: str) -> None:
    """One line of progress, at once."""
    print(line, flush=True)


if __name__ == "__main__":
    try:
        fetched(say)
        built(say)
    except CannotFetchError as failure:
        sys.exit(str(failure))
