"""What all subcommands share: the configuration, an event loop, and how errors are told."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

from agent.errors import AgentError
from bot.settings import FILE, Configuration, load

P = ParamSpec("P")

log = logging.getLogger(__name__)


def tells_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Say our own errors in one line and leave with status 1, without a traceback."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except AgentError as error:
            click.echo(f"frontdesk: {error}", err=True)
            sys.exit(1)
        except OSError as error:
            click.echo(f"frontdesk: {error.strerror or error}: {error.filename or ''}", err=True)
            sys.exit(1)

    return wrapped


def configured(environ: dict[str, str] | None = None) -> Configuration:
    """The settings of this process, with its logging set up as they say.

    Raises:
        ConfigError: a setting is wrong.
    """
    found = load(os.environ if environ is None else environ, Path(FILE))
    from bot.logs import configure

    configure(found.settings.log_format, found.settings.log_level)
    return found


def run_work(work: Coroutine[Any, Any, Any]) -> Any:
    """Do work in an event loop of its own; Ctrl-C ends it without a traceback."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        log.info("interrupted")
        return None
