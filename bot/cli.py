"""The command `frontdesk`: one function per subcommand, none of which decides anything itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

from bot.cli_care import forget, queue, restore
from bot.cli_common import configured, run_work, tells_errors
from bot.cli_desk import cases
from bot.cli_package import teams_package
from bot.clock import SystemClock
from bot.settings import Configuration, misspelt

log = logging.getLogger(__name__)

HANDBOOK = Path(__file__).parent.parent / "examples" / "handbook"
PLAYGROUND_PORT = 8700


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="frontdesk")
def main() -> None:
    """Frontdesk: an assistant for employees in Slack and Microsoft Teams.

    Settings come from the environment (FRONTDESK_…, SLACK_…, ANTHROPIC_API_KEY, …) and from
    frontdesk.toml in the current folder; see the README for all of them.
    """


@main.command()
@tells_errors
def run() -> None:
    """Serve Slack and Teams until SIGTERM or Ctrl-C; running turns are finished first."""
    from bot.running import serve

    configuration = configured()
    _warn_of_typing_errors()
    run_work(serve(configuration, announce=click.echo))


@main.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PLAYGROUND_PORT,
    show_default=True,
    help="Port of the web page; 0 for any that is free.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path(".playground"),
    show_default=True,
    help="Folder for the playground's database; delete it to begin afresh.",
)
@tells_errors
def playground(port: int, data: Path) -> None:
    """Try everything on a web page, in a local Slack and Teams, without any account or key."""
    from bot import playground as page

    data.mkdir(parents=True, exist_ok=True)
    environ = {**os.environ}
    environ["FRONTDESK_DATABASE_URL"] = f"sqlite:///{data / 'frontdesk.db'}"
    configuration = configured(environ)
    link_base = f"http://127.0.0.1:{port}/handbook"
    run_work(_ingest(configuration, [HANDBOOK], link_base, prune=True, quiet=True))
    run_work(_until_told(page.run(configuration, port=port, announce=click.echo)))


@main.command()
@tells_errors
def check() -> None:
    """Look at every credential, scope, model, the database: what is wrong and how to mend it."""
    from bot.checking import check_all

    configuration = configured()
    _warn_of_typing_errors()
    findings = run_work(check_all(configuration))
    for finding in findings:
        mark = click.style("ok  ", fg="green") if finding.ok else click.style("FAIL", fg="red")
        click.echo(f"{mark} {finding.subject}: {finding.detail}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--link-base",
    default="",
    help="Address under which the files can be read; sources under answers link there.",
)
@click.option(
    "--prune",
    is_flag=True,
    help="Take every document out of the knowledge that is not under the given paths now.",
)
@tells_errors
def ingest(paths: tuple[Path, ...], link_base: str, prune: bool) -> None:
    """Put Markdown and text files (or folders of them) into the knowledge.

    Run it again at any time: unchanged files are left alone, changed ones replaced. Files that
    cannot be read are named at the end; the others are in, and the status is 1. Pages that were
    deleted stay known unless --prune is given, and then PATHS must be all that shall be known.
    """
    configuration = configured()
    work = _ingest(configuration, list(paths), link_base, prune=prune, quiet=False)
    if not run_work(work):
        sys.exit(1)


@main.command()
@click.argument("conversation")
@tells_errors
def trace(conversation: str) -> None:
    """Print what happened in a CONVERSATION (slack:TEAM:CHANNEL:THREAD), from the journal."""
    from bot.tracing import lines

    printed = run_work(lines(configured(), conversation))
    if not printed:
        click.echo(f"frontdesk: nothing is known about {conversation}", err=True)
        sys.exit(1)
    for line in printed:
        click.echo(line)


@main.command()
@tells_errors
def migrate() -> None:
    """Bring the database to this version's schema; a backup is made first."""
    from storage import migrate as migrate_store

    done = migrate_store(configured().settings.database_url)
    click.echo("\n".join(f"applied {name}" for name in done) or "nothing to do")


@main.command()
@click.argument("target", type=click.Path(path_type=Path))
@tells_errors
def backup(target: Path) -> None:
    """Copy the database to TARGET, also while `frontdesk run` is running; the copy is verified."""
    from storage import backup as backup_store

    backup_store(configured().settings.database_url, str(target))
    click.echo(f"{target}: complete and verified")


async def _ingest(
    configuration: Configuration, paths: list[Path], link_base: str, *, prune: bool, quiet: bool
) -> bool:
    """Read the files and tell what became of them; False if some could not be read."""
    from bot import ingest as ingesting
    from storage import open_store

    files = ingesting.find(paths)
    store = open_store(
        configuration.settings.database_url, SystemClock(), owner="ingest", exclusive=False
    )
    done: list[ingesting.Ingested] = []
    removed = 0
    try:
        with click.progressbar(length=len(files), label="Reading the handbook") as bar:
            async for one in ingesting.ingest(store.knowledge, files, link_base):
                bar.update(1)
                done.append(one)
        if prune:
            removed = await ingesting.prune(store.knowledge, files)
    finally:
        await store.close()
    bad = [one for one in done if one.trouble]
    changed = sum(one.changed for one in done)
    if changed or removed or bad or not quiet:
        passages = sum(one.passages for one in done)
        told = f"{len(done) - len(bad)} files, {passages} passages, {changed} new or changed"
        click.echo(f"{told}, {removed} removed" if removed else told)
    for one in bad:
        click.echo(one.trouble, err=True)
    if bad:
        click.echo(f"frontdesk: {len(bad)} of {len(done)} files were not read", err=True)
    return not bad


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    """Do work that never ends until SIGTERM cancels it, as Ctrl-C does."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _warn_of_typing_errors() -> None:
    """Name the variables that look like settings and are none; their values stay unsaid."""
    if names := misspelt(os.environ):
        log.warning("not read, because there is no setting of this name: %s", ", ".join(names))


for command in (cases, forget, queue, restore, teams_package):
    main.add_command(command)
