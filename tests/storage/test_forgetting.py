"""Forgetting looks first and erases then; whatever happens in between must not be left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.journal import Line
from agent.messages import Kind
from storage.sqlite.forgetting import Change, Forgetting, Lane
from storage.sqlite.traces import Person
from tests.storage.conversations import done, left, line
from tests.storage.databases import claim_new, end, said, sqlite


async def test_a_turn_that_ends_after_the_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn that says nothing of its author is known by its row alone. If it ends when all was
    looked at and nothing is erased yet, what it leaves goes as well.
    """
    async with sqlite(tmp_path) as database:
        store = database.open()
        command = await claim_new(store, said(1, Kind.COMMAND))
        over = False

        async def finish() -> None:
            nonlocal over
            if not over:
                over = True
                told = line(Line.ASIDE, command, message="t1.1", text="done")
                await end(store, command, journal=(told,))

        erase = Forgetting._erase

        async def late(
            forgetting: Forgetting, person: Person, lane: Lane, part: Sequence[Change]
        ) -> bool:
            await finish()
            return await erase(forgetting, person, lane, part)

        monkeypatch.setattr(Forgetting, "_erase", late)
        forgetting = asyncio.ensure_future(store.care.forget("slack", "ada", patience=10))
        await database.clock.settle()
        await finish()
        await done(database, forgetting)
        assert await left(store) == []
