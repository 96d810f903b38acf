"""A real process is killed again and again while people write to it: all are answered once.

In Slack twenty times; in Teams a few times, for what is different there: who dies between marking a
message and learning what became of it leaves it in doubt, and people have to ask for it.

Some of them talk with people of the desk: what either of them writes has to arrive once, in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.office import PATIENCE, SLACK, TEAMS, Office, Side, office
from tests.chaos.report import record
from tests.chaos.verdict import Tally


async def writers(one: Office) -> list[Coroutine[Any, Any, None]]:
    """People who write to the bot, every fourth of them in a channel."""
    users = await people(one, one.side.people, "Person")
    general = (await one.ask("channels", name="general", members=users))["channel"]
    places = [general if number % 4 == 0 else "" for number in range(len(users))]
    return [one.write(user, place) for user, place in zip(users, places, strict=True)]


async def consultations(one: Office) -> list[Coroutine[Any, Any, None]]:
    """People who write to each other through the desk, once their cases are open."""
    employees = await people(one, one.side.cases, "Employee")
    staff = await people(one, one.side.cases, "Colleague")
    channel = await one.ask("channels", name="desk", members=staff, **one.side.heard)
    one.desk = channel["channel"]
    first = await one.begin()
    cases = [await one.open_case(who, f"Employee {n}") for n, who in enumerate(employees)]
    await one.network.idle()
    first.kill()
    await first.wait()
    return [
        one.talk(user, *way)
        for employee, person, (here, there) in zip(employees, staff, cases, strict=True)
        for user, way in ((employee, (here, there)), (person, (there, here)))
    ]


async def people(one: Office, count: int, title: str) -> list[str]:
    """New people, who are called so, with a number; their ids."""
    return [(await one.ask("users", name=f"{title} {n}"))["user"] for n in range(count)]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("side", [SLACK, TEAMS], ids=lambda side: side.name)
async def test_kills(
    side: Side, disk: Path, record_property: Callable[[str, object], None]
) -> None:
    """Hundreds of messages, brought late, twice and in any order, while the process dies again and
    again, often just before, in the middle of or after a COMMIT.
    """
    async with office(side, disk) as one:
        writing = [*await writers(one), *await consultations(one)]
        await asyncio.gather(one.kill(), *writing)
        last = await one.begin()
        await one.network.idle()
        found = await one.tally()
        with suppress(TimeoutError):
            async with one.clock.timeout(PATIENCE):
                while not (one.rest() and found.answered == found.sent):
                    await one.clock.sleep(0.5)
                    if one.rest():
                        await one.ask_again()
                    found = await one.tally()
        last.terminate()
        await last.wait()
        found = await one.tally()
        row = (f"{one.kills.total()} SIGKILLs ({side.name})", one.kills.total(), 1, found)
        record(record_property, [*map(str, row[:3]), *str(found).split(" / ")])
        assert one.network.refused > 0
        assert one.network.brought > len(one.sent)
        assert one.network.taken >= {sent.ident for sent in one.sent}
        assert len(one.sent) >= (side.people + 2 * side.cases) * side.messages
        assert found == Tally(len(one.sent), len(one.sent))
        assert one.kills["within"] == [when for when, _ in side.by_commit].count("within")
        assert last.returncode == 0
