"""`frontdesk cases`: who waits for a person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bot.cli_common import beside, run_work, tells_errors

if TYPE_CHECKING:
    from agent.cases import Case


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of all that is known.")
@tells_errors
def cases(as_json: bool) -> None:
    """Show the open cases, the oldest first: age, who has it, who asks, what about.

    Works beside a running `frontdesk run`. Cases of one trouble are shown as the one incident on
    whose card they stand; --json has each of them.
    """
    from bot.cases import as_data, on_cards, printed
    from bot.clock import SystemClock

    now, found = SystemClock().now(), run_work(_open_cases())
    if as_json:
        click.echo(json.dumps([as_data(one, now) for one in found], indent=2))
        return
    if not found:
        click.echo("No case is open.")
    for one in on_cards(found):
        click.echo(printed(one, now))


async def _open_cases() -> Sequence[Case]:
    async with beside("cases") as store:
        return await store.records.open_cases()
