"""Reporting a defect without what anybody wrote: an exception's message may quote content."""

from __future__ import annotations

import logging
import traceback


def report(log: logging.Logger, what: str, error: BaseException) -> None:
    """Log what happened, the error's type and where it was raised, but not its message."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: %s\n%s", what, type(error).__name__, where.rstrip())
