"""Which stack a command means, from `--data` and `--stack`, and whether its environment is usable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from deploy.local.stack import Stack
from deploy.local.state import Kind, State, WrongStackError, default_directory
from shared.settings import PREFIX, CoreSettings, complaints

DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="โฟลเดอร์ข้อมูล / Where the data lies."),
]
StackOption = Annotated[
    Kind | None,
    typer.Option("--stack", help="local: Tansu, SeaweedFS. real: Apache Kafka, MinIO."),
]


def choose(data: Path | None, kind: Kind | None) -> Stack:
    """The stack that a command means: the one in `data`, else the default one of `kind`, else the default that runs.

    Raises WrongStackError when the folder holds the data of another kind.
    """
    if data is None and kind is None:
        for one in ("local", "real"):
            found = Stack(default_directory(one), kind=one)
            if found.running():
                return found
    directory = data or default_directory(kind or "local")
    known = State(directory).kind
    if kind is not None and known not in {None, kind}:
        raise WrongStackError(f"{directory} holds the data of the {known} stack; give another --data")
    return Stack(directory, kind=kind or known or "local")


def check(environment: Mapping[str, str]) -> list[str]:
    """One plain line for each variable of the environment that no service could start with."""
    # What the stack itself provides is not missing.
    provided = {"kafka_bootstrap": "127.0.0.1:1", "mongo_url": "mongodb://127.0.0.1", "oidc_issuer": "http://127.0.0.1"}
    fill: dict[str, Any] = {
        name: value for name, value in provided.items() if not environment.get(PREFIX + name.upper())
    }
    try:
        CoreSettings(**fill)
    except ValidationError as refused:
        return complaints(refused)
    return []
