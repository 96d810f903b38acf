"""`frontdesk queue`, `frontdesk forget`, `frontdesk restore`: care for what is stored."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.errors import ConfigError
from bot.cli_common import beside, configured, run_work, tells_errors

if TYPE_CHECKING:
    from storage import Forgotten, Stuck

OWNER = "care"
BY = "command line"
"""How the journal names whoever sits at the command line."""

NUMBERS = click.argument("numbers", metavar="ID…", nargs=-1, type=int)


@click.group()
def queue() -> None:
    """Show messages that could not be delivered, send them again, or drop them.

    Works beside a running `frontdesk run`, which sends within seconds what is to be sent again.
    """


@queue.command("list")
@tells_errors
def list_stuck() -> None:
    """List what is dead (can never arrive) or unconfirmed (may have arrived).

    A line each: its number, its state and why, the message's name, its conversation, where it was
    to be posted, and when. What the messages say is not shown.
    """
    from bot.caring import printed

    for one in run_work(_stuck()):
        click.echo(printed(one))


@queue.command()
@NUMBERS
@click.option("--all", "everything", is_flag=True, help="All that `frontdesk queue list` shows.")
@tells_errors
def retry(numbers: tuple[int, ...], everything: bool) -> None:
    """Send messages again, by the numbers that `frontdesk queue list` shows.

    Each goes before those that were queued later for the same place. If it may have arrived, the
    platform is asked first, where it can be. A message whose words were erased cannot be sent.
    """
    if bool(numbers) == everything:
        raise click.UsageError("name messages by their numbers, or all of them by --all")
    _tell(run_work(_care_for("retry", None if everything else numbers)), "goes out again")


@queue.command()
@click.argument("numbers", metavar="ID…", nargs=-1, type=int, required=True)
@tells_errors
def drop(numbers: tuple[int, ...]) -> None:
    """Delete messages for good, by the numbers that `frontdesk queue list` shows.

    The journal of their conversation keeps that they were dropped.
    """
    _tell(run_work(_care_for("drop", numbers)), "is dropped")


@click.command()
@click.argument("person", metavar="PLATFORM:USER")
@click.option(
    "--wait",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    help="Seconds for which conversations that are busy are tried again.",
)
@click.option(
    "--rewrite",
    is_flag=True,
    help="Write a large database file anew afterwards, so that no copy lingers in an unused part "
    "of it; everybody waits meanwhile, about 15 ms per megabyte. A small one always is.",
)
@tells_errors
def forget(person: str, wait: float, rewrite: bool) -> None:
    """Erase what a person (slack:U0123456789) said, what they were answered, name and id.

    Also while `frontdesk run` is running. Of conversations with several people only this one's
    turns go, and summaries. What is being worked on is waited for. That there is a case of theirs
    stays until it is closed, and so does what is said around an open case of somebody else, or
    with them as one of the desk. Numbers of what was spent stay, without the person. Not touched:
    what stands in the chat itself, backups, and copies of the database that migrations and restores
    have left beside it. The status is 1 if something is left.
    """
    from bot.caring import told

    platform, colon, user = person.partition(":")
    if not (platform and colon and user):
        raise ConfigError(f"write PLATFORM:USER, for example slack:U0123456789, not {person}")
    forgotten = run_work(_forgotten(platform, user, wait, rewrite=rewrite))
    for line in told(forgotten):
        click.echo(line)
    if forgotten.lingers:
        click.echo("Copies may linger in unused parts of the files: see --rewrite.")
    if forgotten.busy or forgotten.open_cases:
        sys.exit(1)


@click.command()
@click.argument("backup", type=click.Path(path_type=Path))
@tells_errors
def restore(backup: Path) -> None:
    """Put a BACKUP (see `frontdesk backup`) in place of the database.

    Stop `frontdesk run` first. The backup is checked, and stays as it is; what was there before is
    kept beside the database under a new name. One of an older version is brought up to date by the
    next start.

    What happened after the backup was made is not known any more. Answers that were waiting to be
    delivered are looked for in the chat first, and only sent if they did not arrive since.
    Questions that were waiting to be answered at that moment are answered, even if they were
    answered since.
    """
    from storage import restore as restore_store

    url = configured().settings.database_url
    kept = restore_store(url, str(backup))
    click.echo(f"{url}: restored from {backup}")
    if kept:
        click.echo(f"what was there is kept: {kept}")


async def _stuck() -> Sequence[Stuck]:
    async with beside(OWNER) as store:
        return await store.care.stuck()


async def _care_for(what: str, numbers: Sequence[int] | None) -> list[tuple[int, str]]:
    """Retry or drop messages (None: all); why not, for each that it could not be done with."""
    async with beside(OWNER) as store:
        care = store.care
        if numbers is None:
            numbers = [one.id for one in await care.stuck() if not one.erased]
        do = care.retry if what == "retry" else care.drop
        return [(number, await do(number, by=BY)) for number in numbers]


async def _forgotten(platform: str, user: str, wait: float, *, rewrite: bool) -> Forgotten:
    async with beside(OWNER) as store:
        return await store.care.forget(platform, user, patience=wait, rewrite=rewrite)


def _tell(outcomes: Sequence[tuple[int, str]], done: str) -> None:
    """Say what became of each message; the status is 1 if something could not be done."""
    for number, refused in outcomes:
        if refused:
            click.echo(f"frontdesk: {number}: {refused}", err=True)
        else:
            click.echo(f"{number} {done}")
    if any(refused for _, refused in outcomes):
        sys.exit(1)
