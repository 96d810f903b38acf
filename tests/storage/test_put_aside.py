"""What no version of the program can have written so: whoever waits for it hears of that, and their
conversation goes on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent import texts
from agent.desk.waiting import timer
from agent.messages import Kind, OutgoingMessage
from agent.records import Approval, ApprovalState, Arrival, Step, StepKind, StepState
from agent.state import State
from storage import Store
from tests.storage.conversations import done
from tests.storage.databases import (
    LANE,
    Database,
    accept,
    claim,
    claim_new,
    end,
    entry,
    numbers,
    place,
    said,
    sqlite,
)
from tests.storage.desk import at_desk, shown, under
from tests.storage.test_sqlite_rows import damage, query

SORRY = texts.BROKEN.format(contact=texts.NOBODY_CONTACT)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with sqlite(tmp_path) as database:
        yield database


async def waits_for_a_yes(
    store: Store, folder: Path, column: str = "approvers", value: str = "not JSON"
) -> None:
    """Ada was asked for a yes, and what she was asked cannot be read any more."""
    claimed = await claim_new(store, said(1))
    open_one = ApprovalState.OPEN
    asked = Approval("t1:3", "t1", "order", "{}", ("ada",), open_one, 1.0, 2.0, "m1")
    step = Step("t1", 3, StepKind.CALL, StepState.DONE, 1.0, {}, (1,))
    await store.turns.step(claimed.lease, [step])
    await end(store, claimed, approvals=(asked,), state=State.AWAITING_APPROVAL)
    table = "steps" if column in ("data", "rows") else "approvals"
    damage(folder, f"UPDATE {table} SET {column} = '{value}'")  # noqa: S608 above


async def apologies(store: Store) -> list[OutgoingMessage]:
    """What is on its way to anybody."""
    return [one.message for one in (await store.turns.due()).deliveries]


@pytest.mark.parametrize("value", ["not JSON", "null", "5"])
@pytest.mark.parametrize("column", ["approvers", "arguments", "data", "rows"])
async def test_an_approval_that_cannot_be_read(
    database: Database, tmp_path: Path, column: str, value: str
) -> None:
    """Ada reads, once for all that she wrote, that it could not be worked on; the question whose
    answer nobody understands is withdrawn, and what she writes next is worked on.
    """
    store = database.open()
    assert store.damage() == ""
    await waits_for_a_yes(store, tmp_path, column, value)
    await accept(store, said(2), said(3))
    assert await store.turns.claim(LANE) is None
    (sorry,) = await apologies(store)
    assert (sorry.text, sorry.to, sorry.conversation) == (SORRY, "ada", place())
    told = [(line.turn_id, line.data) for line in await store.records.timeline(LANE)]
    assert told == [
        ("t2", {"code": "Unreadable", "message": sorry.id}),
        ("t3", {"code": "Unreadable"}),
    ]
    assert query(tmp_path, "SELECT state FROM approvals") == [("withdrawn",)]
    assert "cannot be read" in store.damage()
    claimed = await claim_new(store, said(4))
    assert (claimed.rows[0].message, claimed.approval) == (said(4), None)


@pytest.mark.parametrize("value", ["not JSON", "null", "5"])
async def test_what_a_turn_was_made_of_cannot_be_read(
    database: Database, tmp_path: Path, value: str
) -> None:
    """It had done something when it failed: Ada is told of what she had written first, and what
    she wrote behind it is worked on.
    """
    store = database.open()
    await accept(store, said(1), said(2))
    claimed = await claim(store)
    await store.turns.step(
        claimed.lease, [Step("t1", 1, StepKind.MODEL, StepState.DONE, 1.0, {"calls": []}, (1, 2))]
    )
    await store.turns.retry(claimed.lease, database.clock.now())
    damage(tmp_path, f"UPDATE steps SET rows = '{value}'")  # noqa: S608 above
    assert numbers(await claim(store)) == [2]
    (sorry,) = await apologies(store)
    assert (sorry.text, sorry.id) == (SORRY, "t1.1")


async def test_an_approval_that_nobody_may_give(database: Database, tmp_path: Path) -> None:
    """There is always somebody who may: it is not what was written. It does not outlive its time
    as something that no turn can begin with.
    """
    store = database.open()
    await waits_for_a_yes(store, tmp_path, value="[]")
    await accept(store, said(2, Kind.EXPIRE, by="", about="t1:3"))
    assert await store.turns.claim(LANE) is None
    assert (await claim_new(store, said(3))).approval is None


async def test_what_needs_no_apology(database: Database, tmp_path: Path) -> None:
    """A timer has nobody who waits for it."""
    store = database.open()
    await waits_for_a_yes(store, tmp_path)
    await accept(store, said(2, Kind.EXPIRE, by="", about="t1:3"))
    assert await store.turns.claim(LANE) is None
    assert await apologies(store) == []


async def test_people_of_the_desk_hear_of_it(database: Database, tmp_path: Path) -> None:
    """They wrote under a card, and that conversation cannot be read: they are told there."""
    store = database.open()
    await shown(store, 1, "99.1")
    claimed = await claim_new(store, said(2))
    step = Step("t2", 1, StepKind.CALL, StepState.DONE, 1.0, {}, (2,))
    await store.turns.step(claimed.lease, [step])
    await store.turns.release(claimed.lease)
    damage(tmp_path, "UPDATE steps SET data = 'not JSON'")
    damage(tmp_path, "UPDATE inbox SET case_id = 'C1' WHERE id = 2")
    assert await store.turns.claim(LANE) is None
    (sorry,) = await apologies(store)
    assert (sorry.text, sorry.for_desk, sorry.to) == (texts.STAFF_BROKEN, True, "")


async def test_a_row_that_cannot_be_read(database: Database, tmp_path: Path) -> None:
    """Where it was said and by whom stands beside what was said: Ada is told, and what she wrote
    beside it is worked on.
    """
    store = database.open()
    await accept(store, said(1), said(2))
    damage(tmp_path, "UPDATE inbox SET payload = 'not JSON' WHERE id = 2")
    assert numbers(await claim(store)) == [1]
    (sorry,) = await apologies(store)
    assert (sorry.text, sorry.to, sorry.conversation) == (SORRY, "ada", place())
    (line,) = await store.records.timeline(LANE)
    assert (line.turn_id, line.data) == ("t2", {"code": "Unreadable", "message": sorry.id})


@pytest.mark.parametrize("column", ["lane", "author"])
async def test_a_row_of_which_nobody_knows_whose_it_is(
    database: Database, tmp_path: Path, column: str
) -> None:
    """There is nobody who could be told, and it blocks nothing."""
    store = database.open()
    await accept(store, said(1))
    lane = "nowhere" if column == "lane" else LANE
    damage(tmp_path, "UPDATE inbox SET payload = ''")
    damage(tmp_path, f"UPDATE inbox SET {column} = '{lane if column == 'lane' else ''}'")  # noqa: S608 above
    damage(tmp_path, f"UPDATE lanes SET lane = '{lane}'")  # noqa: S608 above
    assert await store.turns.claim(lane) is None
    assert await apologies(store) == []
    assert (await store.records.counts())["rows_waiting"] == 0


async def test_words_of_the_desk_that_cannot_be_read(database: Database, tmp_path: Path) -> None:
    """Bob wrote under a card: he is told there."""
    store = database.open()
    case = await shown(store, 1, "99.1")
    await at_desk(store, under("99.1", 2))
    damage(tmp_path, "UPDATE inbox SET payload = '' WHERE id = 2")
    assert await store.turns.claim(LANE) is None
    (sorry,) = await apologies(store)
    assert (sorry.text, sorry.for_desk, sorry.to) == (texts.STAFF_BROKEN, True, "")
    assert (sorry.conversation, sorry.under) == (place("C9"), case.card_id)


@pytest.mark.parametrize("cause", ["nonsense", "person_asked"])
async def test_words_at_another_card(database: Database, tmp_path: Path, cause: str) -> None:
    """Where the card is that Bob wrote under cannot be told: he is told in the channel."""
    store = database.open()
    await shown(store, 1, "99.1")
    await at_desk(store, under("99.1", 2))
    damage(tmp_path, "UPDATE inbox SET payload = '' WHERE id = 2")
    damage(tmp_path, f"UPDATE cases SET cause = '{cause}', channel = 'slack:T1:C8:'")  # noqa: S608 above
    assert await store.turns.claim(LANE) is None
    (sorry,) = await apologies(store)
    assert (sorry.text, sorry.conversation, sorry.under) == (texts.STAFF_BROKEN, place("C9"), "")


async def test_a_timer_that_cannot_be_read(database: Database, tmp_path: Path) -> None:
    """What it says is known: people are reminded of the case as if nothing was. One of a case that
    is over, or unknown, is put aside.
    """
    store = database.open()
    case = await shown(store, 1, "99.1")
    await store.turns.accept(Arrival(timer(case)))
    await store.turns.accept(Arrival(timer(replace(case, looks=9))))
    for n in (2, 3):
        damage(tmp_path, f"UPDATE inbox SET payload = 'not JSON' WHERE id = {n}")  # noqa: S608 above
    claimed = await claim(store)
    assert [row.message for row in claimed.rows] == [timer(case)]
    await end(store, claimed, state=State.ESCALATED)
    assert await store.turns.claim(LANE) is None
    assert await apologies(store) == []


async def test_a_kind_that_no_version_knows(database: Database, tmp_path: Path) -> None:
    """What the row holds says what it is: it is worked off as that, and keeps no turn from going
    on before.
    """
    store = database.open()
    claimed = await claim_new(store, said(1))
    await accept(store, said(2, Kind.LEAVE_QUEUE))
    damage(tmp_path, "UPDATE inbox SET kind = 'nonsense' WHERE id = 2")
    assert await store.turns.renew(claimed.lease) is None
    await end(store, claimed)
    assert (await claim(store)).rows[0].message == said(2, Kind.LEAVE_QUEUE)


async def test_a_line_that_cannot_be_read(database: Database, tmp_path: Path) -> None:
    """The conversation is known without it, and the timeline shows that it was there."""
    store = database.open()
    lines = (entry("said", id="1", text="x"), entry("turn", events=[]))
    await end(store, await claim_new(store, said(1)), journal=lines)
    damage(tmp_path, "UPDATE journal SET data = 'not JSON' WHERE kind = 'said'")
    claimed = await claim_new(store, said(2))
    assert [(one.kind, one.data) for one in claimed.history] == [
        ("said", {}),
        ("turn", {"events": []}),
    ]
    assert [one.kind for one in await store.records.timeline(LANE)] == ["said", "turn"]


@pytest.mark.parametrize("kind", ["said", "turn"])
async def test_a_line_that_cannot_be_read_is_forgotten(
    database: Database, tmp_path: Path, kind: str
) -> None:
    """Nobody can tell whose it is: it goes with whoever is forgotten there, and with the rest."""
    store = database.open()
    lines = (entry("said", id="1", author="ada", text="x"), entry("turn", events=[]))
    await end(store, await claim_new(store, said(1)), journal=lines)
    broken = 'UPDATE journal SET data = \'{"author":"ada"\' WHERE kind = '
    damage(tmp_path, f"{broken}'{kind}'")
    erased = await done(database, store.care.forget("slack", "ada", patience=10))
    assert erased.conversations == 1
    assert query(tmp_path, "SELECT DISTINCT data FROM journal") == [("{}",)]


async def test_a_line_of_the_desk_that_cannot_be_read_is_forgotten(
    database: Database, tmp_path: Path
) -> None:
    """Also what only a broken line tells of somebody is found."""
    store = database.open()
    lines = (entry("staff", author="slack:linus", text="x"), entry("turn", events=[]))
    await end(store, await claim_new(store, said(1)), journal=lines)
    broken = "UPDATE journal SET data = '{\"author\":\"slack:linus\"' WHERE kind = 'staff'"
    damage(tmp_path, broken)
    await done(database, store.care.forget("slack", "linus", patience=10))
    assert query(tmp_path, "SELECT data FROM journal WHERE kind = 'staff'") == [("{}",)]


@pytest.mark.parametrize(
    ("column", "value"),
    [("channel", "nowhere"), ("copies", '[{"card_id": "m9", "channel": "nowhere"}]')],
)
async def test_a_place_that_cannot_be_read(
    database: Database, tmp_path: Path, column: str, value: str
) -> None:
    """The case goes on where people are now."""
    store = database.open()
    await shown(store, 1, "99.1")
    damage(tmp_path, f"UPDATE cases SET {column} = '{value}'")  # noqa: S608 above
    case = (await claim_new(store, said(2))).case
    assert case is not None
    assert case.copies == ()
    assert (case.channel == "") is (column == "channel")


async def test_a_press_on_an_answer_whose_line_says_something_else(
    database: Database, tmp_path: Path
) -> None:
    """A verdict that tells no message is taken, though nobody knows which one is meant."""
    store = database.open()
    lines = (entry("answered", message="t1.1", text="x"),)
    await end(store, await claim_new(store, said(1)), journal=lines)
    damage(tmp_path, 'UPDATE journal SET data = \'{"text":"x"}\'')
    claimed = await claim_new(store, said(2, Kind.FEEDBACK))
    assert claimed.rows[0].message.about == ""


async def test_a_case_that_cannot_be_read_is_seen(database: Database, tmp_path: Path) -> None:
    """Whoever looks at the status learns of it."""
    store = database.open()
    await shown(store, 1, "99.1")
    damage(tmp_path, "UPDATE cases SET cause = 'nonsense'")
    assert (await claim_new(store, said(2))).case is None
    assert "cannot be read" in store.damage()
