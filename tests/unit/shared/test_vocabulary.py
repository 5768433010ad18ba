"""Every log call of the code is in the vocabulary, with its fields: code and table cannot part."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.telemetry.vocabulary import ALWAYS, EVENTS

ROOT = Path(__file__).parents[3]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def log_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            speaker = node.func.value
            name = speaker.attr if isinstance(speaker, ast.Attribute) else getattr(speaker, "id", "")
            if name.strip("_") in {"log", "logger"}:
                yield node


def is_an_exception(keyword: ast.keyword) -> bool:
    """`exc_info=…` or `error=error`: the pipeline turns it into class and place."""
    return keyword.arg == "exc_info" or (keyword.arg == "error" and isinstance(keyword.value, ast.Name))


def faults(source: str, file: str) -> Iterator[str]:
    for call in log_calls(ast.parse(source)):
        place = f"{file}:{call.lineno}"
        first = call.args[0] if call.args else None
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            yield f"{place} logs an event whose name is not written there"
        elif first.value not in EVENTS:
            yield f"{place} logs {first.value}, which is not in the vocabulary"
        else:
            given = {keyword.arg for keyword in call.keywords if not is_an_exception(keyword)}
            for field in given - EVENTS[first.value] - ALWAYS:
                yield f"{place} gives {first.value} the field {field}, which the vocabulary does not allow"


def test_every_log_call_is_in_the_vocabulary() -> None:
    files = [file for room in ("shared", "services", "deploy") for file in sorted((ROOT / room).rglob("*.py"))]
    found = [fault for file in files for fault in faults(file.read_text(), str(file.relative_to(ROOT)))]
    assert files
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        'log.info("never.heard.of")',
        'log.info(f"x.{y}")',
        'self._log.error("service.ready", error="text")',
        "log.info()",
    ],
)
def test_the_search_itself_finds_faults(source: str) -> None:
    assert list(faults(source, "x"))
