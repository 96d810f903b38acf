"""The contract of References: how channels are reached is there at once, for all, and after a
restart; whoever is forgotten cannot be reached any more.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cases import CaseState
from storage import Store
from tests.storage.conversations import a_case, converse, done, escalated
from tests.storage.databases import DATABASES, Database, claim_new, end, said

PLATFORMS = ("teams", "other")
CHANNELS = ("19:a@thread.tacv2", "19:b@thread.v2", "a:ü 🙂")
STEPS = ("keep", "keep", "drop", "forget", "restart")


async def forget(database: Database, store: Store, who: str, platform: str = "teams") -> None:
    await done(database, store.care.forget(platform, who, patience=2))


async def test_nothing_is_known_at_first(database: Database) -> None:
    """Nobody has come in yet; asking and dropping do no harm."""
    references = database.open().references
    assert await references.find("teams", "D1") == ""
    assert await references.latest("teams") == ""
    await references.drop("teams", "D1")


async def test_other_processes_see_it(database: Database) -> None:
    """What one process keeps another one finds, and so does the one that comes after a restart."""
    store, other = database.open(owner="a", exclusive=True), database.open(owner="b")
    await store.references.keep("teams", "D1", "there")
    assert await other.references.find("teams", "D1") == "there"
    restarted = await database.restarted(store)
    assert await restarted.references.find("teams", "D1") == "there"
    assert await restarted.references.latest("teams") == "there"


async def test_a_group_belongs_to_nobody(database: Database) -> None:
    """Nobody takes a channel of many along; nor does somebody of the same name elsewhere."""
    store = database.open()
    await store.references.keep("teams", "C1", "group")
    await store.references.keep("teams", "D1", "direct", person="ada")
    await forget(database, store, "")
    await forget(database, store, "ada", "slack")
    assert await store.references.find("teams", "D1") == "direct"
    await forget(database, store, "ada")
    assert await store.references.find("teams", "D1") == ""
    assert await store.references.find("teams", "C1") == "group"


async def test_who_waits_can_be_reached(database: Database) -> None:
    """People still work on Ada's case: what they say must reach her. Then she is forgotten."""
    store = database.open()
    await store.references.keep("slack", "D1", "direct", person="ada")
    claimed = await escalated(store, 1)
    await converse(store, 2, channel="D2")
    await forget(database, store, "ada", "slack")
    assert await store.references.find("slack", "D1") == "direct"
    again = await claim_new(store, said(3))
    await end(store, again, cases=(a_case(claimed, CaseState.RESOLVED),))
    await forget(database, store, "ada", "slack")
    assert await store.references.find("slack", "D1") == ""


class Simulation:
    """A store beside plain dictionaries; the newest reference of a platform comes last."""

    def __init__(self, database: Database, data: st.DataObject) -> None:
        """Begin with an empty database; `data` decides what happens."""
        self.database = database
        self.data = data
        self.store = database.open(exclusive=True)
        self.known: dict[tuple[str, str], tuple[str, str]] = {}

    async def run(self, steps: list[str]) -> None:
        """Take the steps, and compare all that can be asked after each."""
        for n, step in enumerate(steps):
            platform = self.data.draw(st.sampled_from(PLATFORMS))
            channel = self.data.draw(st.sampled_from(CHANNELS))
            await getattr(self, step)(platform, channel, f"ü {n}")
            await self.database.clock.advance(1)
            await self.compare()

    async def keep(self, platform: str, channel: str, text: str) -> None:
        """A channel is reached in a new way, perhaps one that is somebody's."""
        person = self.data.draw(st.sampled_from(("", "ada", "bob")))
        await self.store.references.keep(platform, channel, text, person=person)
        self.known.pop((platform, channel), None)
        self.known[platform, channel] = text, person

    async def drop(self, platform: str, channel: str, _: str) -> None:
        """The bot was taken out of a channel."""
        await self.store.references.drop(platform, channel)
        self.known.pop((platform, channel), None)

    async def forget(self, platform: str, _: str, __: str) -> None:
        """Somebody is to be forgotten."""
        await forget(self.database, self.store, "ada", platform)
        self.known = {
            place: kept
            for place, kept in self.known.items()
            if (place[0], kept[1]) != (platform, "ada")
        }

    async def restart(self, *_: str) -> None:
        """The process ends and another begins."""
        self.store = await self.database.restarted(self.store)

    async def compare(self) -> None:
        """Every channel, and the last one of each platform."""
        references = self.store.references
        for platform in PLATFORMS:
            kept = {place: text for place, (text, _) in self.known.items() if place[0] == platform}
            found = {name: await references.find(platform, name) for name in CHANNELS}
            assert found == {name: kept.get((platform, name), "") for name in CHANNELS}
            assert await references.latest(platform) == ([*kept.values()] or [""])[-1]


async def simulate(database: Database, data: st.DataObject, steps: list[str]) -> None:
    async with database:
        await Simulation(database, data).run(steps)


@pytest.mark.parametrize("make_database", DATABASES)
@settings(max_examples=15, deadline=None)
@given(data=st.data(), steps=st.lists(st.sampled_from(STEPS), min_size=10, max_size=25))
def test_references_are_a_dictionary(
    make_database: Callable[[Path], Any], data: st.DataObject, steps: list[str]
) -> None:
    """Keeping, dropping, forgetting and restarting in any order is what it is for dictionaries."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(simulate(make_database(Path(folder)), data, steps))
