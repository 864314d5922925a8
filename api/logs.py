# SPDX-License-Identifier: Apache-2.0
"""Log lines somebody can act on: one JSON object each, with the time and what it was about."""

import logging
from typing import Any

import structlog

# Local variables hold passwords and tokens.
_WITHOUT_LOCALS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


def configure() -> None:
    """Set up logging for a process of the product; everything goes to its standard output."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.ExceptionRenderer(_WITHOUT_LOCALS),
            _without_rows,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )


def _without_rows(_logger: Any, _name: str, event: Any) -> Any:
    """Only the first line of what failed: below it the database quotes rows, with where people are.

    A processor of structlog.
    """
    for failed in event.get("exception", ()):
        failed["exc_value"] = failed["exc_value"].partition("\n")[0]
    return event
