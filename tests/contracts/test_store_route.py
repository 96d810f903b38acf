"""The contract of Turns: what happens at the desk finds the lane of the case it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.cases import Case, CaseState
from agent.messages import IncomingMessage, Kind
from agent.records import (
    Accepted,
    Arrival,
    DeliveryState,
    Routed,
    Settlement,
    desk_lane,
)
from agent.state import State
from storage import Store
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
from tests.storage.desk import (
    PATIENCE,
    at_desk,
    happened,
    opened,
    post,
    routed,
    shown,
    thread,
    told,
    under,
)


async def test_words_go_to_the_lane_of_their_case(database: Database) -> None:
    """In their order, each with its case, as they were written."""
    store = database.open()
    case = await shown(store, 1, "99.1")
    first, second = under("99.1", 5), under("99.1", 6, by="eve")
    assert await happened(store, first, second) == [Accepted.NEW] * 2
    assert (await store.turns.due()).lanes == (desk_lane(thread("99.1")),)
    assert await routed(store, first) == Routed((LANE,))
    assert (await store.turns.due()).lanes == (LANE,)
    claimed = await claim(store)
    assert (told(claimed), claimed.case) == ([(5, "C1")], case)
    assert claimed.rows[0].message == first
    assert (await end(store, claimed, state=State.WITH_HUMAN)).lane_due
    assert told(await claim(store)) == [(6, "C1")]


async def test_the_desk_may_be_on_another_platform(database: Database) -> None:
    """Where people work and where the employee writes need not be the same."""
    store = database.open()
    _, committed = await opened(store, 1, desk="19:a@thread.v2", platform="teams")
    assert committed.deliveries == ()
    (card,) = (await store.turns.due()).deliveries
    await store.turns.settle(card, Settlement(DeliveryState.SENT, ref="1700"))
    words = under("1700", 5, channel="19:a@thread.v2", platform="teams")
    assert (await at_desk(store, words)).lanes == (LANE,)
    assert told(await claim(store)) == [(5, "C1")]


async def test_two_cases_do_not_mix(database: Database) -> None:
    """Each thread belongs to the case whose card is its first post."""
    store = database.open()
    await shown(store, 1, "99.1")
    await shown(store, 2, "99.2", channel="D2")
    assert (await at_desk(store, under("99.2", 5))).lanes == (str(place("D2")),)
    assert (await at_desk(store, under("99.1", 6))).lanes == (LANE,)
    assert told(await claim(store)) == [(6, "C1")]
    assert told(await claim(store, str(place("D2")))) == [(5, "C2")]


@pytest.mark.parametrize(
    "where",
    [
        {"ref": "", "about": "C1.card"},
        {"ref": "", "about_ref": "99.1"},
        {"ref": "", "about": "nothing", "about_ref": "99.1"},
        {"ref": "99.1"},
        {"ref": "99.1", "about": "nothing", "about_ref": "98.9"},
        {"ref": "98.9", "about": "C1.card"},
        {"ref": "", "about": "C1.edit"},
    ],
)
async def test_a_press_names_its_card(database: Database, where: dict[str, Any]) -> None:
    """In our words, in the platform's, by its thread, or on what the card was edited to."""
    store = database.open()
    case = await shown(store, 1, "99.1")
    edit = reply("C1.edit", "C9", card=case.card, replaces="C1.card")
    asked = await claim_new(store, said(2))
    await post(store, await end(store, asked, edit, state=State.ESCALATED), "99.1")
    press = under(n=5, kind=Kind.CLAIM, **where)
    assert await at_desk(store, press) == Routed((LANE,))
    claimed = await claim(store)
    assert (told(claimed), claimed.rows[0].message) == ([(5, "C1")], press)


async def test_a_press_counts_where_its_card_is(database: Database) -> None:
    """What a press says is not to be trusted: who is in another channel has no say in this one."""
    store = database.open()
    await shown(store, 1, "99.1")
    press = under("98.9", 5, Kind.CLAIM, channel="C8", about="C1.card")
    assert await at_desk(store, press) == Routed(dropped=(press.key,))
    assert await store.turns.claim(LANE) is None


async def test_a_closed_case_is_told_too(database: Database) -> None:
    """Whoever presses too late reads what came of it: the turn knows the case as it ended."""
    store = database.open()
    case = await shown(store, 1, "99.1")
    resolved = replace(case, state=CaseState.RESOLVED, owner="slack:bob")
    await end(store, await claim_new(store, said(2)), cases=(resolved,), state=State.CLOSED)
    await at_desk(store, under("99.1", 5, Kind.CLAIM))
    assert (await claim(store)).case == resolved


async def test_a_retried_press_is_known(database: Database) -> None:
    """The platform brings it once more, before or after it was passed on: it is one press."""
    store = database.open()
    await shown(store, 1, "99.1")
    press = under("99.1", 5, Kind.CLAIM)
    assert await happened(store, press, press) == [Accepted.NEW, Accepted.DUPLICATE]
    await routed(store, press)
    assert await happened(store, press) == [Accepted.DUPLICATE]
    assert await routed(store, press) == Routed()
    await end(store, await claim(store), state=State.WITH_HUMAN)
    assert await happened(store, press) == [Accepted.DUPLICATE]


async def test_a_working_lane_gets_it_at_its_end(database: Database) -> None:
    """A turn of the employee is running: the row waits behind it, and its commit says so."""
    store = database.open()
    await shown(store, 1, "99.1")
    running = await claim_new(store, said(2))
    assert await at_desk(store, under("99.1", 5)) == Routed((LANE,))
    assert await store.turns.claim(LANE) is None
    assert told(running) == [(2, "")]
    assert (await end(store, running, state=State.ESCALATED)).lane_due
    assert told(await claim(store)) == [(5, "C1")]


async def test_what_waits_for_a_retry_holds_back_what_comes_behind(database: Database) -> None:
    """A turn failed and waits for its next attempt: words that came later do not overtake it."""
    store = database.open()
    await shown(store, 1, "99.1")
    failed = await claim_new(store, said(2))
    await store.turns.retry(failed.lease, database.clock.now() + 60)
    await at_desk(store, under("99.1", 5))
    assert (await store.turns.due()).lanes == ()
    await database.clock.advance(60)
    assert told(await claim(store)) == [(2, "")]


async def test_a_thread_that_is_a_conversation_stays_one(database: Database) -> None:
    """Somebody asked the bot at the top of the human channel: what follows there is for it."""
    store = database.open()
    where = thread("98.1")
    asked = replace(said(1), conversation=where, mentions_bot=True)
    await end(store, await claim_new(store, asked, lane=str(where)))
    more = under("98.1", 2)
    assert await at_desk(store, more) == Routed((str(where),))
    claimed = await claim(store, str(where))
    assert (told(claimed), claimed.rows[0].message) == ([(2, "")], more)


async def test_a_press_there_is_not_part_of_it(database: Database) -> None:
    """What is done about a case means nothing to a conversation without one."""
    store = database.open()
    where = thread("98.1")
    await accept(store, replace(said(1), conversation=where))
    press = under("98.1", 2, Kind.RESOLVE)
    assert await at_desk(store, press) == Routed(dropped=(press.key,))


async def test_a_card_in_a_direct_conversation(database: Database) -> None:
    """An admin got the card alone: its thread is the desk's, all others stay theirs."""
    store = database.open()
    await shown(store, 1, "99.1", desk="D9")
    under_card = under("99.1", 5, channel="D9", direct=True)
    another = under("98.9", 6, channel="D9", direct=True)
    for one in (under_card, another):
        assert await store.turns.accept(Arrival(one, under_card=True)) is Accepted.NEW
    lanes = (desk_lane(under_card.conversation), str(another.conversation))
    assert set((await store.turns.due()).lanes) == set(lanes)
    assert await routed(store, under_card) == Routed((LANE,))
    assert told(await claim(store)) == [(5, "C1")]
    assert told(await claim(store, lanes[1])) == [(6, "")]


async def test_a_question_is_not_lost_to_a_card_on_its_way(database: Database) -> None:
    """A new thread could be the card's: when it turns out not to be, it is the question it is."""
    store = database.open()
    _, committed = await opened(store, 1, desk="D9")
    question = under("98.9", 5, channel="D9", direct=True)
    await store.turns.accept(Arrival(question, under_card=True))
    assert (await routed(store, question)).again_at is not None
    await post(store, committed, "99.1")
    own = str(question.conversation)
    assert await routed(store, question) == Routed((own,))
    assert told(await claim(store, own)) == [(5, "")]
    press = under("98.8", 6, Kind.CLAIM, channel="D9", direct=True)
    assert await at_desk(store, press) == Routed(dropped=(press.key,))


async def test_a_known_conversation_is_not_held_up(database: Database) -> None:
    """It was there before the card, so it is not the card's."""
    store = database.open()
    first, second = (under("98.9", n, channel="D9", direct=True) for n in (5, 6))
    await end(store, await claim_new(store, first, lane=str(first.conversation)))
    await opened(store, 1, desk="D9")
    await store.turns.accept(Arrival(second, under_card=True))
    assert told(await claim(store, str(second.conversation))) == [(6, "")]


async def test_under_a_card_is_only_where_it_is_said(database: Database) -> None:
    """The top level of a direct conversation has no card above it."""
    store = database.open()
    await shown(store, 1, "99.1", desk="D9")
    top = replace(said(5, channel="D9"), direct=True)
    await store.turns.accept(Arrival(top, under_card=True))
    assert told(await claim(store, str(place("D9")))) == [(5, "")]


async def in_doubt(store: Store, n: int = 1) -> Case:
    """A case of which nobody knows whether people see its card."""
    case, _ = await opened(store, n, channel=f"D{n}", platform="teams")
    (card,) = (await store.turns.due()).deliveries
    await store.turns.settle(card, Settlement(DeliveryState.UNCONFIRMED, reason="x"))
    return case


async def dropped(database: Database, store: Store, *messages: IncomingMessage) -> list[str]:
    """The lanes that have more to do once words are given up for which no case was found."""
    await happened(store, *messages)
    await database.clock.advance(PATIENCE + 1)
    return [lane for one in messages for lane in (await routed(store, one)).lanes]


async def test_the_case_of_a_card_in_doubt_hears_of_words_in_vain(database: Database) -> None:
    """Once of each thread, however much is written there, and nothing of what it was."""
    store = database.open()
    case = await in_doubt(store)
    await end(store, await claim(store, case.lane), state=State.ESCALATED)
    words = [under(ref, n, platform="teams") for ref, n in (("1700", 5), ("1700", 6), ("1800", 7))]
    assert await dropped(database, store, *words) == [case.lane] * 2
    for one in (words[0], words[2]):
        claimed = await claim(store, case.lane)
        (news,) = [row.message for row in claimed.rows]
        assert (news.kind, news.conversation) == (Kind.NO_CASE, one.conversation)
        assert (news.about, claimed.case, news.text) == (case.card_id, case, "")
        await end(store, claimed, state=State.ESCALATED)
    assert await dropped(database, store, under("1700", 8, platform="teams")) == []


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        (under("1700", 5, platform="teams"), 900),
        (under("1700", 5, platform="teams", channel="C8"), 0),
        (under("1700", 5, Kind.EDIT, platform="teams"), 0),
        (under("1700", 5, Kind.CLAIM, platform="teams"), 0),
    ],
)
async def test_no_case_hears_of_other_words(
    database: Database, message: IncomingMessage, seconds: float
) -> None:
    """People write in other threads of their channel, too: long after it, in another channel, and
    what is no new word, is most likely about no case.
    """
    store = database.open()
    await in_doubt(store)
    await database.clock.advance(seconds + 1)
    assert await dropped(database, store, message) == []


@pytest.mark.parametrize(("apart", "may_be_ours"), [(-3600, False), (0, True), (200, False)])
async def test_a_root_that_is_not_the_card(
    database: Database, apart: float, may_be_ours: bool
) -> None:
    """Where it is known when the post at the top of a thread was written, the case in doubt hears
    only of words under one of the time at which its card was sent.
    """
    store = database.open()
    case = await in_doubt(store)
    sent_at = database.clock.now()
    await database.clock.advance(300)
    words = under("1700", 5, platform="teams", thread_at=sent_at + apart)
    heard = await dropped(database, store, words)
    assert heard == ([case.lane] if may_be_ours else [])


async def test_no_case_hears_of_any_without_a_doubt(database: Database) -> None:
    """Every card is known: what people say in a thread of their own is theirs."""
    store = database.open()
    await shown(store, 1, "99.1")
    assert await dropped(database, store, under("98.9", 5)) == []


async def test_a_lane_and_a_case_of_its_own(database: Database) -> None:
    """What people do about an incident is done about each case: one press, many rows, once each."""
    store = database.open()
    press = under("99.1", 5, Kind.RESOLVE)
    lanes = [str(place(channel)) for channel in ("D1", "D2")]
    for n, lane in enumerate(lanes):
        await shown(store, n, f"98.{n}", channel=f"D{n + 1}")
        copy = Arrival(press, lane=lane, case_id=f"C{n}")
        assert await store.turns.accept(copy) is Accepted.NEW
        assert await store.turns.accept(copy) is Accepted.DUPLICATE
    assert await store.turns.accept(Arrival(press)) is Accepted.NEW
    for n, lane in enumerate(lanes):
        claimed = await claim(store, lane)
        assert (told(claimed), claimed.rows[0].message) == ([(5, f"C{n}")], press)
        assert claimed.case is not None
        assert claimed.case.id == f"C{n}"


async def test_a_copy_is_known_as_one(database: Database) -> None:
    """Its edit is one of what was worked off, for this case as for the post itself."""
    store = database.open()
    await shown(store, 1, "99.1")
    first = replace(under("98.9", 5), mentions_bot=True)
    edit = replace(under("98.9", 5, Kind.EDIT, revision="e1"), mentions_bot=True)
    for message in (first, edit):
        await store.turns.accept(Arrival(message, lane=LANE, case_id="C1"))
        claimed = await claim(store)
        await end(store, claimed, state=State.WITH_HUMAN)
    assert (claimed.rows[0].message.kind, claimed.rows[0].message.mentions_bot) == (
        Kind.EDIT,
        False,
    )


async def test_a_thread_with_much_in_it(database: Database) -> None:
    """After an outage it is passed on in parts, all of it and in its order."""
    store = database.open()
    await shown(store, 1, "99.1")
    posts = [under("99.1", n, by=f"p{n}") for n in range(501)]
    await happened(store, *posts)
    first = await routed(store, posts[0])
    assert first == Routed((LANE,), database.clock.now())
    assert await routed(store, posts[0]) == Routed((LANE,))
    assert (await store.records.counts())["rows_waiting"] == 501


async def test_a_thread_in_which_much_waits(database: Database) -> None:
    """As long as nothing of it can be passed on, it is looked at no more often."""
    store = database.open()
    await opened(store, 1)
    posts = [under("99.1", n) for n in range(501)]
    assert await at_desk(store, *posts) == Routed((), database.clock.now() + 1)


async def test_nothing_waits_in_an_unknown_thread(database: Database) -> None:
    """Asking about a thread of which nothing is known does no harm."""
    store = database.open()
    assert await store.turns.route(desk_lane(thread("1.1")), PATIENCE) == Routed()
    assert (await store.records.counts())["lanes"] == 0
