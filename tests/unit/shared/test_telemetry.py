"""What a process says of itself, and what it never says."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.telemetry import (
    bind,
    configure_logging,
    configure_tracing,
    current_traceparent,
    get_logger,
    shutdown_tracing,
    span,
    valid_traceparent,
)
from shared.telemetry.metrics import LOG_DROPPED


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    before = logging.getLogger().handlers[:]
    configure_logging("tester", stream=stream)
    yield stream
    logging.getLogger().handlers[:] = before


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def dropped(event: str) -> float:
    return float(LOG_DROPPED.labels(event)._value.get())


def test_an_event_of_the_vocabulary_keeps_its_fields(said: io.StringIO) -> None:
    get_logger().info("service.ready", seconds=1.5)
    (line,) = lines(said)
    assert (line["event"], line["seconds"], line["service"], line["level"]) == ("service.ready", 1.5, "tester", "info")
    assert line["time"].endswith("+07:00")


def test_a_field_outside_the_vocabulary_is_dropped_and_counted(said: io.StringIO) -> None:
    before = dropped("service.ready")
    get_logger().info("service.ready", password="hunter2")
    assert "hunter2" not in said.getvalue()
    assert "password" not in lines(said)[0]
    assert dropped("service.ready") == before + 1


def test_an_event_outside_the_vocabulary_loses_its_fields_and_its_text(said: io.StringIO) -> None:
    before = dropped("(undeclared)")
    get_logger().info("the password is hunter2", code="c1")
    (line,) = lines(said)
    assert line["event"] == "telemetry.event.undeclared"
    assert "hunter2" not in said.getvalue()
    assert "code" not in line
    assert dropped("(undeclared)") == before + 1


@pytest.mark.parametrize("value", [SecretStr("hunter2"), b"hunter2", {"a": "hunter2"}, object(), [["hunter2"]]])
def test_a_value_that_is_not_plain_is_not_shown(said: io.StringIO, value: object) -> None:
    get_logger().info("service.ready", seconds=value)
    assert "hunter2" not in said.getvalue()
    assert "seconds" in lines(said)[0]


def test_before_it_is_configured_the_log_shows_no_values_either() -> None:
    script = """
from shared.telemetry import get_logger
def fails(secret):
    raise KeyError(secret)
try:
    fails("hunter" + "2")
except KeyError:
    get_logger().exception("service.failed", password="hunter" + "2")
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "event='service.failed'" in ran.stderr
    assert "exception='KeyError'" in ran.stderr
    assert "hunter2" not in ran.stdout + ran.stderr


def test_an_exception_shows_class_and_place_but_not_its_words(said: io.StringIO) -> None:
    try:
        raise KeyError("hunter2")
    except KeyError:
        get_logger().exception("service.failed")
    (line,) = lines(said)
    assert line["exception"] == "KeyError"
    assert line["place"].startswith("tests/unit/shared/test_telemetry.py")
    assert "hunter2" not in said.getvalue()


@pytest.mark.parametrize("library", ["pymongo.command", "uvicorn.error", "aiokafka.consumer", "faststream", "asyncio"])
def test_the_libraries_speak_through_the_same_pipeline(said: io.StringIO, library: str) -> None:
    try:
        raise ValueError("hunter2")
    except ValueError:
        logging.getLogger(library).error("cannot reach mongodb://u:hunter2@h/ %d", 7, exc_info=True)  # noqa: G201 as libraries do
    (line,) = lines(said)
    assert (line["event"], line["logger"], line["exception"]) == ("library.said", library, "ValueError")
    assert line["message"].endswith(" 7")
    assert "hunter2" not in said.getvalue()


def test_what_a_library_quotes_of_our_data_is_not_shown(said: io.StringIO) -> None:
    logging.getLogger("pymongo").warning("command failed: %s", {"secret": "hunter2"})
    logging.getLogger("pymongo").warning("command %s failed: %s after %d s", "insert", {"secret": "hunter2"}, 3)
    assert lines(said)[1]["message"] == "command <str> failed: <dict> after 3 s"
    assert "hunter2" not in said.getvalue()


def test_access_lines_of_the_server_stay_silent(said: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").error("GET /v1/holders/6580101/credential?code=1")
    assert said.getvalue() == ""


def test_a_library_may_not_whisper_below_warning(said: io.StringIO) -> None:
    logging.getLogger("pymongo").info("a document")
    assert said.getvalue() == ""


def test_the_terminal_form_holds_the_same_facts() -> None:
    stream = io.StringIO()
    configure_logging("tester", log_format="console", stream=stream)
    get_logger().info("service.ready", seconds=2, password="hunter2")
    assert "service.ready" in stream.getvalue()
    assert "seconds=2" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_events_inside_a_span_carry_its_trace(said: io.StringIO) -> None:
    with span("work"):
        parent = current_traceparent()
        get_logger().info("service.ready")
    assert parent is not None
    assert lines(said)[0]["trace_id"] == parent.split("-")[1]


def test_bound_fields_are_held_to_the_vocabulary_too(said: io.StringIO) -> None:
    with bind(password="hunter2", seconds=3):
        get_logger().info("service.ready")
    assert lines(said)[0]["seconds"] == 3
    assert "hunter2" not in said.getvalue()


def test_a_trace_goes_on_from_its_traceparent() -> None:
    with span("first"):
        handed_on = current_traceparent()
    with span("second", traceparent=handed_on):
        inner = current_traceparent()
    assert handed_on is not None
    assert inner is not None
    assert inner.split("-")[1] == handed_on.split("-")[1]
    assert inner != handed_on
    assert current_traceparent() is None


@given(st.text(max_size=60))
def test_what_is_no_traceparent_starts_a_trace_of_its_own(words: str) -> None:
    assert valid_traceparent(words) is None
    with span("work", traceparent=words):
        assert valid_traceparent(current_traceparent())


def test_spans_are_written_as_lines_without_what_an_error_said(tmp_path: Path) -> None:
    file = tmp_path / "spans.jsonl"
    configure_tracing("tester", trace_file=file)
    with span("outer"):
        parent = current_traceparent()
    with pytest.raises(KeyError), span("inner", traceparent=parent, links=[parent or ""], attributes={"n": 1}):
        raise KeyError("hunter2")
    shutdown_tracing()
    configure_tracing("tester")
    outer, inner = [json.loads(line) for line in file.read_text().splitlines()]
    assert inner["parent_id"] == outer["span_id"]
    assert inner["links"] == [outer["trace_id"]]
    assert (inner["status"], inner["attributes"]["error.type"]) == ("error", "KeyError")
    assert "hunter2" not in file.read_text()
