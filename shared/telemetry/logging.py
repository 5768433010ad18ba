"""One log pipeline for the process: allow-listed, redacted, as JSON or for a terminal."""

import enum
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final, TextIO

import structlog
from pydantic import SecretBytes, SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.security.redaction import MASK, redact_exception, redact_text
from shared.telemetry.metrics import LOG_DROPPED
from shared.telemetry.vocabulary import ALWAYS, EVENTS

BANGKOK: Final = timezone(timedelta(hours=7))
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+){1,5}")
_LIBRARY_FLOOR: Final = logging.WARNING
_TRUSTED_LIBRARIES: Final = ("uvicorn", "aiokafka")
"""Libraries whose arguments are addresses, topics and offsets; they are still redacted."""
_LONGEST_LIST: Final = 20


def configure_logging(
    service: str, *, log_format: str = "json", level: str = "INFO", stream: TextIO | None = None
) -> None:
    """Send structlog and the standard library's loggers through one handler. The last call wins."""
    ours: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _keep_vocabulary,
    ]
    structlog.configure(
        processors=[*ours, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=(stream or sys.stderr).isatty(), event_key="event", timestamp_key="time"
        )
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        pass_foreign_args=True,
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            _library_record,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _stamp(service),
            renderer,
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LIBRARY_FLOOR)
    logging.getLogger("saraban").setLevel(level)
    _adopt_libraries()


def _configure_safely() -> None:
    """Until `configure_logging` is called: the same vocabulary and redaction, in plain lines on the error stream.

    The library's own default prints tracebacks with the values of local variables.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _keep_vocabulary,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _adopt_libraries() -> None:
    """Take away handlers libraries gave themselves. Uvicorn's access log shows raw paths; ours does not."""
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(capture=True)


def get_logger() -> Any:
    """The process's logger: `log.info("registry.roll.imported", rows=2)`; events stand in the vocabulary."""
    return structlog.stdlib.get_logger("saraban")


@contextmanager
def bind(**fields: object) -> Iterator[None]:
    """Add fields to every event logged inside, in this task and its children; the vocabulary still rules."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


def _keep_vocabulary(_logger: WrappedLogger, _method: str, record: EventDict) -> EventDict:
    event = str(record.get("event", ""))
    allowed = EVENTS.get(event)
    if allowed is None:
        LOG_DROPPED.labels("(undeclared)").inc()
        record["event"] = event if _NAME.fullmatch(event) else "telemetry.event.undeclared"
    _safe_exception(record)
    kept: EventDict = {}
    for field, value in record.items():
        if field in ALWAYS or (allowed is not None and field in allowed):
            kept[field] = _plain(value)
        elif allowed is not None:
            LOG_DROPPED.labels(event).inc()
    return kept


def _safe_exception(record: EventDict) -> None:
    """Replace `exc_info` and an exception given as `error` by class, place and causes."""
    given = record.pop("exc_info", None)
    if not given and isinstance(record.get("error"), BaseException):
        given = record.pop("error")
    if not given:
        return
    if given is True:
        given = sys.exc_info()[1]
    elif isinstance(given, tuple):
        given = given[1]
    if not isinstance(given, BaseException):
        return
    safe = redact_exception(given)
    record["exception"] = safe.kind
    record.setdefault("place", safe.place)
    if safe.causes:
        record["causes"] = safe.causes


def _library_record(_logger: WrappedLogger, _method: str, record: EventDict) -> EventDict:
    origin: logging.LogRecord = record["_record"]
    said: EventDict = {
        "event": "library.said",
        "level": record["level"],
        "logger": origin.name,
        "message": redact_text(_template(origin, record.get("positional_args"))),
        **{field: record[field] for field in ("trace_id", "span_id", "_record", "_from_structlog") if field in record},
    }
    if origin.exc_info:
        said["exc_info"] = origin.exc_info
        _safe_exception(said)
        origin.exc_info = origin.exc_text = None
    origin.stack_info = None
    return said


def _template(origin: logging.LogRecord, args: Any) -> str:
    """The message with numbers filled in; other arguments only for libraries that log none of our data."""
    text = str(origin.msg)
    if not args:
        return text
    try:
        if origin.name.split(".")[0] in _TRUSTED_LIBRARIES:
            return str(text % args)
        if isinstance(args, Mapping):
            return text
        return text % tuple(_number_or_class(value) for value in args)
    except (TypeError, ValueError, KeyError):
        return text


def _number_or_class(value: object) -> object:
    return value if isinstance(value, int | float) else f"<{type(value).__name__}>"


def _plain(value: object, depth: int = 0) -> object:  # noqa: PLR0911 one line a kind
    """A value a log may show: scalars, texts, short lists of them; anything else by its class alone."""
    match value:
        case SecretStr() | SecretBytes() | bytes() | bytearray():
            return MASK
        case enum.Enum():
            return _plain(value.value, depth)
        case None | bool() | int() | float():
            return value
        case str():
            return redact_text(value)
        case datetime() | date():
            return value.isoformat()
        case list() | tuple() | set() | frozenset() if depth == 0:
            items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
            return [_plain(item, depth + 1) for item in items[:_LONGEST_LIST]]
        case BaseException():
            return redact_exception(value).kind
        case _:
            return f"<{type(value).__name__}>"


def _stamp(service: str) -> Processor:
    def stamp(_logger: WrappedLogger, _method: str, record: EventDict) -> EventDict:
        head: EventDict = {
            "time": datetime.now(BANGKOK).isoformat(timespec="milliseconds"),
            "level": record.pop("level", "info"),
            "event": record.pop("event", ""),
            "service": service,
        }
        return {**head, **record}

    return stamp


_configure_safely()
