"""Forgetting looks first and erases then; whatever happens in between must not be left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from agent.cases import CaseState
from agent.journal import Line
from agent.messages import Kind
from agent.state import State
from storage.sqlite.forgetting import Change, Forgetting, Lane
from storage.sqlite.traces import Person
from tests.storage.conversations import CARD, SENT, converse, done, escalated, left, line
from tests.storage.databases import claim_new, end, place, said, sqlite
from tests.storage.test_sqlite_rows import damage, query


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


@pytest.mark.parametrize("kind", ["said", "answered", "case"])
async def test_a_line_that_cannot_be_read(tmp_path: Path, kind: str) -> None:
    """Nobody can tell whose it is: in her conversation, and wherever it names her, it goes with
    what she said; elsewhere it is left, and hinders nothing.
    """
    torn = '{"author":"ada","text":"secr'
    async with sqlite(tmp_path) as database:
        store = database.open()
        case = line("case", await converse(store, 1), case="C1", owner="")
        await converse(store, 2, by="eve", channel="D2", journal=(case,))
        await end(store, await claim_new(store, said(3)), journal=(case,))
        newest = f"SELECT max(seq) FROM journal WHERE lane GLOB '*D1*' AND kind = '{kind}'"  # noqa: S608 above
        damage(tmp_path, f"UPDATE journal SET data = '{torn}' WHERE seq = ({newest})")  # noqa: S608 above
        damage(tmp_path, "UPDATE journal SET data = '{' WHERE lane GLOB '*D2*' AND kind = 'case'")
        await done(database, store.care.forget("slack", "ada", patience=10))
        assert await left(store) == []
        found = query(tmp_path, "SELECT kind, data FROM journal WHERE data != '{}'")
        assert found == [("case", "{"), ("delivered", '{"message":"t2.1","ref":"99.1"}')]


async def test_a_card_that_names_who_has_the_case(tmp_path: Path) -> None:
    """Ada is forgotten while Grace has her case: its card is shown with Grace's name alone. When
    Grace is forgotten in her turn, that is not read any more either.
    """
    async with sqlite(tmp_path) as database:
        store = database.open()
        await escalated(store, 1)
        claimed = await claim_new(store, said(2, Kind.CLAIM, by="grace"))
        assert claimed.case is not None
        case = replace(claimed.case, state=CaseState.CLAIMED, owner="slack:grace")
        card = replace(CARD, case_id=case.id, owner="Grace")
        case = replace(case, card=card, channel=str(place("desk")))
        told = line(Line.CASE, claimed, case=case.id, owner="slack:grace", state="claimed")
        await end(store, claimed, cases=(case,), journal=(told,), state=State.WITH_HUMAN)
        await done(database, store.care.forget("slack", "ada", patience=10))
        (shown,) = (await store.turns.due()).deliveries
        assert "Grace" in str(shown.message.card)
        await store.turns.settle(shown, SENT)
        claimed = await claim_new(store, said(3, Kind.RESOLVE, by="grace"))
        closed = replace(case, state=CaseState.RESOLVED, card=None)
        await end(store, claimed, cases=(closed,), state=State.CLOSED)
        await done(database, store.care.forget("slack", "grace", patience=10))
        assert query(tmp_path, "SELECT id FROM outbox WHERE instr(payload, 'Grace')") == []
