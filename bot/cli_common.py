"""What all subcommands share: the configuration, an event loop, and how errors are told."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import click

from agent.errors import AgentError
from bot.settings import FILE, Configuration, load

if TYPE_CHECKING:
    from storage import Store

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
            where = f": {error.filename}" if error.filename else ""
            click.echo(f"frontdesk: {error.strerror or error}{where}", err=True)
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


@asynccontextmanager
async def beside(owner: str) -> AsyncIterator[Store]:
    """The database, beside whoever else has it; never made or changed by looking at it.

    Raises:
        ConfigError: there is none, or none of this version.
    """
    from bot.clock import SystemClock
    from storage import must_be_there, open_store

    url = configured().settings.database_url
    must_be_there(url)
    store = open_store(url, SystemClock(), owner=owner, exclusive=False)
    try:
        yield store
    finally:
        await store.close()
