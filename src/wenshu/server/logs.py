"""The log: one JSON object a line on standard error, ours and the libraries' alike, each with its trace id."""

import logging
import sys
from typing import Any

import orjson
import structlog

from wenshu.server.redaction import redacted

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(level: str) -> None:
    """Set up structlog, and the standard library's loggers through it."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=number, handlers=[handler], force=True)
    # One line a start and stop is ours to write; a library's line for each step of it is noise.
    for noisy in ("uvicorn.error", "alembic", "aiosqlite"):
        logging.getLogger(noisy).setLevel(max(number, logging.WARNING))


def _dumps(event: object, **_: object) -> str:
    return redacted(orjson.dumps(event, default=str).decode())
