"""The contract of Care: what is old is erased, and what is still needed is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent.cases import CaseState
from agent.journal import Line, read
from agent.models import Usage
from agent.records import (
    Accepted,
    ApprovalState,
    Arrival,
    DeliveryState,
    Feedback,
    LaneClaim,
    Only,
    Settlement,
    Spend,
)
from agent.state import State
from storage import Store
from tests.storage.conversations import (
    CARD,
    a_case,
    a_step,
    an_approval,
    answer,
    converse,
    done,
    escalated,
    left,
    line,
    spoken,
    texts,
)
from tests.storage.databases import (
    LANE,
    Database,
    accept,
    claim,
    claim_new,
    end,
    place,
    reply,
    said,
)

DAY = 86_400.0


async def erase(database: Database, store: Store, days: float | None = 90) -> int:
    """Let so many days be what is kept; posts are known for 30."""
    now = database.clock.now()
    before = None if days is None else now - days * DAY
    return await done(database, store.care.erase_old(before, now - 30 * DAY))


async def test_old_content_goes_and_the_frame_stays(database: Database) -> None:
    """After the days that are set nobody can read a conversation any more, but see that it was."""
    store = database.open()
    claimed = await converse(store, 1)
    before = await store.records.timeline(LANE)
    assert await erase(database, store) == 0
    await database.clock.advance(89 * DAY)
    await erase(database, store)
    assert await store.records.timeline(LANE) == before
    await database.clock.advance(2 * DAY)
    assert await erase(database, store) > 0
    after = await store.records.timeline(LANE)
    assert [(one.kind, one.at, one.turn_id) for one in after] == [
        (one.kind, one.at, one.turn_id) for one in before
    ]
    assert {one.turn_id for one in after} == {claimed.turn_id}
    assert [one.data for one in after] == [{}] * len(before)
    assert await texts(store) == []
    assert await erase(database, store) == 0


async def test_content_may_be_kept_for_ever(database: Database) -> None:
    """Then only the rows by which a post is known go."""
    store = database.open()
    await converse(store, 1)
    await database.clock.advance(1000 * DAY)
    assert await erase(database, store, None) == 1
    assert await texts(store) == ["message 1", "Answer"]


async def test_a_post_is_known_for_a_while(database: Database) -> None:
    """A redelivery is a duplicate, also of what is erased, until nobody can bring it again."""
    store = database.open()
    await converse(store, 1)
    await database.clock.advance(20 * DAY)
    await erase(database, store, days=10)
    assert await left(store) == []
    assert await store.turns.accept(Arrival(said(1))) is Accepted.DUPLICATE
    assert await store.records.latest_lane("slack", "ada", "") is None, "nor who wrote it"
    await database.clock.advance(11 * DAY)
    await erase(database, store, days=10)
    assert await store.turns.accept(Arrival(said(1))) is Accepted.NEW
    known = Arrival(said(2), only=Only.KNOWN)
    assert await store.turns.accept(known) is Accepted.NEW, "the conversation is still known"


async def test_a_dead_message_is_erased_like_others(database: Database) -> None:
    """It stays in the list, and cannot be sent any more, with the reason."""
    store = database.open()
    (buried,) = (await end(store, await claim_new(store, said(1)), reply("m1"))).deliveries
    await store.turns.settle(buried, Settlement(DeliveryState.UNCONFIRMED, reason="x"))
    await database.clock.advance(91 * DAY)
    await erase(database, store)
    (one,) = await store.care.stuck()
    assert one.erased
    assert "its words were erased" in await store.care.retry(buried.id, by="x")
    assert await store.care.drop(buried.id, by="x") == ""


async def test_what_is_not_delivered_is_kept(database: Database) -> None:
    """Slack was away for a year: the answer is still there to be sent."""
    store = database.open()
    await answer(store, await claim_new(store, said(1)))
    await database.clock.advance(365 * DAY)
    await erase(database, store)
    (late,) = (await store.turns.due()).deliveries
    assert late.message.text == "text of t1.1"


async def test_what_waits_keeps_its_conversation(database: Database) -> None:
    """Nobody has worked for a year; what waits is answered with what was said before."""
    store = database.open()
    await converse(store, 1)
    await accept(store, said(2))
    await database.clock.advance(365 * DAY)
    await erase(database, store)
    claimed = await claim(store)
    assert claimed.rows[0].message == said(2)
    assert [one.text for one in read(claimed.history).said] == ["message 1", "Answer"]


async def test_an_open_case_is_kept_whole(database: Database) -> None:
    """As long as people have it, nothing of its conversation goes; afterwards the card does too."""
    store = database.open()
    await escalated(store, 1)
    (delivery,) = (await answer(store, await claim_new(store, said(2)))).deliveries
    await store.turns.settle(delivery, Settlement(DeliveryState.UNCONFIRMED, reason="x"))
    await database.clock.advance(365 * DAY)
    await erase(database, store)
    (stuck,) = await store.care.stuck()
    assert not stuck.erased
    again = await claim_new(store, said(3))
    assert again.case is not None
    assert again.case.card == CARD
    assert [one.text for one in read(again.history).said][:2] == ["message 1", "Answer"]
    closed = replace(again.case, state=CaseState.RESOLVED)
    await end(store, again, state=State.CLOSED, cases=(closed,))
    await database.clock.advance(2 * DAY)
    await erase(database, store)
    assert await left(store) == []


@pytest.mark.parametrize("state", [one for one in CaseState if not one.is_open])
async def test_a_case_that_is_over_tells_nothing(database: Database, state: CaseState) -> None:
    """However it ended: nobody's name or words are left, but what it was and how long it took."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    opened = replace(a_case(claimed, state), owner="slack:bob", owner_name="Bob", note="secret")
    case = replace(opened, claimed_at=opened.opened_at + 5, closed_at=opened.opened_at + 9)
    await end(store, claimed, state=State.CLOSED, cases=(case,))
    await erase(database, store)
    assert await store.records.case(case.id) == case
    await database.clock.advance(91 * DAY)
    assert await erase(database, store) > 0
    nobody = replace(case, card=None, employee_id="", owner="", owner_name="", note="")
    assert await store.records.case(case.id) == nobody
    assert await erase(database, store) == 0
    (times,) = await store.records.case_times()
    assert (times.claimed, times.claim_seconds) == (1, 5.0)


async def test_an_open_approval_is_kept(database: Database) -> None:
    """What waits for a yes keeps its steps and the words that led to it."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    await store.turns.step(claimed.lease, [a_step(claimed)])
    asked = an_approval(claimed, ApprovalState.OPEN)
    await end(
        store, claimed, state=State.AWAITING_APPROVAL, approvals=(asked,), journal=spoken(claimed)
    )
    await database.clock.advance(365 * DAY)
    await erase(database, store)
    again = await claim_new(store, said(2))
    assert again.approval == asked
    assert [step.turn_id for step in again.steps] == [claimed.turn_id]
    decided = replace(asked, state=ApprovalState.DENIED)
    await end(store, again, approvals=(decided,))
    await database.clock.advance(2 * DAY)
    await erase(database, store)
    assert await left(store) == []
    third = await claim_new(store, said(3))
    assert (third.approval, third.steps) == (None, ())


async def test_steps_of_a_turn_that_never_ended_are_kept(database: Database) -> None:
    """The process was away for a year in the middle of a write: it is still known to have begun."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    await store.turns.step(claimed.lease, [a_step(claimed)])
    await database.clock.advance(365 * DAY)
    await erase(database, store)
    assert (await claim(store)).steps == (a_step(claimed),)


async def test_the_context_of_a_conversation_that_goes_on_is_kept(database: Database) -> None:
    """Somebody writes in the same thread for months: what its next turn reads stays, what it does
    not read any more goes.
    """
    store = database.open()
    await converse(store, 1)
    await converse(store, 2)
    seqs = [entry.seq for entry in (await claim_new(store, said(3))).history]
    await store.turns.release((await reclaimed(database, store)).lease)
    late = await claim(store)
    await end(store, late, context_from=seqs[len(seqs) // 2], journal=spoken(late))
    await database.clock.advance(91 * DAY)
    claimed = await claim_new(store, said(4))
    await end(store, claimed, journal=spoken(claimed))
    await erase(database, store)
    assert "message 2" in await texts(store)
    assert "message 1" not in str(await store.records.timeline(LANE))


async def reclaimed(database: Database, store: Store) -> LaneClaim:
    await database.clock.advance(31)
    return await claim(store)


async def test_numbers_stay_and_names_go(database: Database) -> None:
    """What was spent is still counted; ratings and closed approvals of long ago are gone."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    await end(
        store,
        claimed,
        spend=(Spend("m", Usage(input_total=7)),),
        feedback=(Feedback("m1", "ada", "up"),),
        approvals=(an_approval(claimed, ApprovalState.DENIED),),
        journal=spoken(claimed),
    )
    await database.clock.advance(91 * DAY)
    assert await erase(database, store) >= 6
    assert await erase(database, store) == 0


async def test_erasing_goes_in_small_parts(database: Database) -> None:
    """A thousand old turns are erased; whoever accepts meanwhile does not wait for all of it."""
    store = database.open()
    for n in range(60):
        claimed = await claim_new(store, said(n, channel=f"D{n}"), lane=str(place(f"D{n}")))
        lines = [line(Line.SAID, claimed, id=str(k), text="x") for k in range(20)]
        await end(store, claimed, journal=lines)
    await database.clock.advance(91 * DAY)
    now = database.clock.now()
    erasing = asyncio.ensure_future(store.care.erase_old(now - 90 * DAY, now - 30 * DAY))
    await database.clock.settle()
    assert not erasing.done()
    assert await store.turns.accept(Arrival(said(10**4))) is Accepted.NEW
    assert await done(database, erasing) >= 60 * 20
