"""The contract of Turns and Records: cases, and what people and employees write about them."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from agent.cases import Case, CaseState, CaseTimes, Cause, Copy
from agent.messages import ConversationId, IncomingMessage, Kind
from agent.records import Arrival, DeliveryState, Interruption, LaneClaim, Recent, Settlement
from agent.state import State
from storage import Store
from tests.storage.databases import (
    LANE,
    Database,
    accept,
    claim,
    claim_new,
    end,
    entry,
    place,
    reply,
    said,
)
from tests.storage.desk import (
    a_case,
    at_desk,
    card_of,
    happened,
    opened,
    routed,
    shown,
    thread,
    told,
    under,
)

INCIDENT = ConversationId("incident", "", "dead_letter", "")


async def keep(store: Store, n: int, *cases: Case, state: State = State.IDLE) -> None:
    """A turn of somebody else writes cases."""
    claimed = await claim_new(store, said(n, channel="D0"), lane=str(place("D0")))
    await end(store, claimed, cases=cases, state=state)


def full() -> Case:
    """A case with everything in it."""
    case = Case(
        "C7",
        LANE,
        Cause.UNDELIVERABLE,
        CaseState.CLAIMED,
        "ada",
        1.5,
        owner="teams:bob",
        card_id="m1",
        card=card_of("C7", owner="Bob", outcome="Done", note="n", joined=3, confidence=0.5),
        channel=str(place("C9")),
        copies=(Copy("m2", str(place("C8"))), Copy("m3", str(place("D9")))),
        owner_name="Bob",
        claimed_at=2.0,
        released_at=2.5,
        closed_at=3.25,
        outcome="done",
        note="a note ü",
        incident="C1",
        reminders=2,
        looks=5,
    )
    assert not [one.name for one in fields(case) if getattr(case, one.name) in ("", 0, 0.0, None)]
    return case


@pytest.mark.parametrize("state", CaseState)
async def test_a_case_is_read_as_it_was_written(database: Database, state: CaseState) -> None:
    """Every field, in each of its states, and again when all of it has changed."""
    store = database.open()
    case = replace(full(), state=state)
    for n, one in enumerate((replace(a_case("C7"), opened_at=1.0), case)):
        await keep(store, n, one)
        assert await store.records.case("C7") == one
        open_now = [one] if one.state.is_open else []
        assert await store.records.open_cases() == open_now
    assert await store.records.case("C8") is None


async def test_open_cases_come_oldest_first(database: Database) -> None:
    """Whoever waits longest is seen first, whatever their conversation is called."""
    store = database.open()
    cases = [
        a_case(f"C{n}", str(place(f"D{9 - n}")), opened_at=float(n), state=state)
        for n, state in enumerate((*CaseState, CaseState.WAITING))
    ]
    await keep(store, 1, *cases)
    found = await store.records.open_cases()
    assert [one.id for one in found] == ["C0", "C1", "C6"]
    counts = await store.records.counts()
    assert (counts["cases_open"], counts["cases_waiting"]) == (3, 2)


async def test_how_long_cases_took(database: Database) -> None:
    """By cause: seconds to the first claim and to the end, of those that had one."""
    store = database.open()
    waits = a_case("C1", opened_at=100.0)
    claimed = replace(waits, id="C2", state=CaseState.CLAIMED, claimed_at=130.0)
    resolved = replace(claimed, id="C3", state=CaseState.RESOLVED, closed_at=200.5)
    handed = replace(claimed, id="C4", state=CaseState.HANDED_BACK, closed_at=300.0)
    before = replace(waits, id="C5", state=CaseState.RESOLVED)
    dead = replace(resolved, id="C6", cause=Cause.DEAD_LETTER, claimed_at=0.0)
    incident = replace(dead, id="C7", lane=str(INCIDENT))
    back = replace(claimed, id="C8", claimed_at=50.0)
    assert await store.records.case_times() == []
    await keep(store, 1, waits, claimed, resolved, handed, before, dead, incident, back)
    assert await store.records.case_times() == [
        CaseTimes(Cause.DEAD_LETTER, 0, 0.0, 1, 100.5),
        CaseTimes(Cause.PERSON_ASKED, 4, 90.0, 1, 100.5),
    ]


async def both(store: Store, *messages: IncomingMessage) -> None:
    """What employees and people of the desk write, in one order."""
    for one in messages:
        if one.conversation.channel == "C9":
            await at_desk(store, one)
        else:
            await accept(store, one)


async def test_a_run_is_about_one_case(database: Database) -> None:
    """What one writes as an employee and as one of the desk is two things, and so is what is said
    about two cases.
    """
    store = database.open()
    await shown(store, 1, "99.1")
    await both(store, said(2), said(3), under("99.1", 4, by="ada"), under("99.1", 5, by="ada"))
    for copied in (6, 7):
        copy = Arrival(under("99.7", copied, by="ada"), lane=LANE, case_id="C7")
        await store.turns.accept(copy)
    await both(store, said(8))
    runs = []
    for _ in range(4):
        claimed = await claim(store)
        runs.append(told(claimed))
        await end(store, claimed, state=State.WITH_HUMAN)
    assert runs == [
        [(2, ""), (3, "")],
        [(4, "C1"), (5, "C1")],
        [(6, "C7"), (7, "C7")],
        [(8, "")],
    ]


async def test_changes_belong_to_what_they_change(database: Database) -> None:
    """Two posts of different channels have the same id: each gets its own edit, also from far
    behind.
    """
    store = database.open()
    await shown(store, 1, "99.1")
    edit = {"revision": "e1"}
    await both(store, under("99.1", 5), said(5, by="ada"), *(said(n) for n in range(10, 60)))
    await both(store, said(5, Kind.EDIT, again="e1"), under("99.1", 5, Kind.EDIT, **edit))
    desk = await claim(store)
    assert [(row.message.kind, row.case_id) for row in desk.rows] == [
        (Kind.MESSAGE, "C1"),
        (Kind.EDIT, "C1"),
    ]
    await end(store, desk, state=State.WITH_HUMAN)
    own = await claim(store)
    assert {row.case_id for row in own.rows} == {""}
    assert [row.message.kind for row in own.rows].count(Kind.EDIT) == 1


async def test_a_control_takes_over_only_its_own(database: Database) -> None:
    """An employee who is one of the desk, too, gives up on a question: what they wrote about a
    case stays.
    """
    store = database.open()
    await shown(store, 1, "99.1")
    await both(store, said(2), under("99.1", 3, by="ada"), said(4), said(5, Kind.ASK_PERSON))
    assert told(await claim(store)) == [(5, ""), (2, ""), (4, "")]


@pytest.mark.parametrize(
    ("running", "edited", "interrupted"),
    [("own", "desk", False), ("desk", "own", False), ("desk", "desk", True)],
)
async def test_an_edit_interrupts_its_own_turn(
    database: Database, running: str, edited: str, interrupted: bool
) -> None:
    """And not that of another post, which happens to have the same id."""
    store = database.open()
    await shown(store, 1, "99.1")
    posts = {"own": said(5), "desk": under("99.1", 5, by="ada")}
    edits = {
        "own": said(5, Kind.EDIT, again="e1"),
        "desk": under("99.1", 5, Kind.EDIT, by="ada", revision="e1"),
    }
    await both(store, posts[running])
    claimed = await claim(store)
    await both(store, edits[edited])
    told_now = await store.turns.renew(claimed.lease)
    assert told_now == (Interruption.CHANGED if interrupted else None)


async def test_a_turn_is_about_the_case_of_its_rows(database: Database) -> None:
    """What people write goes to the case whose card it is under; the employee's to the open one."""
    store = database.open()
    first = await shown(store, 1, "99.1")
    over = replace(first, state=CaseState.HANDED_BACK)
    await end(store, await claim_new(store, said(2)), cases=(over,), state=State.IDLE)
    second = await shown(store, 3, "99.3")
    await both(store, under("99.1", 4), said(5))
    for case in (over, second):
        claimed = await claim(store)
        assert claimed.case == case
        await end(store, claimed, state=State.ESCALATED)


async def test_an_incident_knows_who_joined(database: Database) -> None:
    """Its open cases, the oldest first; other cases know of none."""
    store = database.open()
    lane = str(INCIDENT)
    incident = a_case("C9", lane, cause=Cause.DEAD_LETTER)
    gather = replace(said(1), conversation=INCIDENT, kind=Kind.GATHER, about="C1")
    await end(store, await claim_new(store, gather, lane=lane), cases=(incident,))
    joined = [
        a_case(f"C{n}", str(place(f"D{n}")), opened_at=10.0 - n, incident="C9", state=state)
        for n, state in enumerate(CaseState)
    ]
    await keep(store, 2, *joined, a_case("C8", str(place("D8"))))
    await accept(store, replace(gather, id="17.2"))
    claimed = await claim(store, lane)
    assert claimed.case == incident
    assert claimed.joined == ((str(place("D1")), "C1"), (str(place("D0")), "C0"))
    await store.turns.release(claimed.lease)
    press = replace(said(3, Kind.CLAIM, by="bob"), conversation=thread("99.1"))
    await store.turns.accept(Arrival(press, lane=lane, case_id="C9"))
    assert (await claim(store, lane)).joined == claimed.joined
    assert (await claim_new(store, said(4, channel="D8"), lane=str(place("D8")))).joined == ()


async def test_people_of_the_desk_wrote_in_no_conversation(database: Database) -> None:
    """Where somebody wrote last is never the conversation of an employee whom they helped, nor a
    thread of the desk.
    """
    store = database.open()
    await shown(store, 1, "99.1")
    await both(store, under("99.1", 5), under("99.1", 6))
    await happened(store, under("99.1", 7))
    assert await store.records.latest_lane("slack", "bob", "") is None
    await accept(store, said(8, by="bob", channel="D2"))
    await both(store, under("99.1", 9))
    assert await store.records.latest_lane("slack", "bob", "") == str(place("D2"))


@pytest.mark.parametrize("state", list(CaseState))
async def test_where_somebody_else_had_a_case(database: Database, state: CaseState) -> None:
    """What Bob wants is not for the conversation in which people talk, or have talked, with Ada,
    though he has spoken there; if people have a case of his own there, it is.
    """
    store = database.open()
    latest = store.records.latest_lane

    async def keep_here(n: int, case: Case) -> None:
        line = entry("case", case=case.id, state=case.state)
        claimed = await claim_new(store, said(n))
        await end(store, claimed, cases=(case,), journal=(line,))

    await keep_here(1, a_case("C1", state=state))
    await accept(store, said(2, by="bob", channel="D2"), said(3, by="bob"))
    assert await latest("slack", "bob", "") == str(place("D2"))
    assert await latest("slack", "bob", "D1") is None
    await end(store, await claim(store))
    his = a_case("C2", employee_id="bob", opened_at=9.0)
    await keep_here(4, his)
    assert await latest("slack", "bob", "") == LANE
    await keep_here(5, replace(his, state=CaseState.RESOLVED))
    assert await latest("slack", "bob", "") == str(place("D2"))


async def test_where_to_look_for_what_was_missed(database: Database) -> None:
    """In the threads of open cases before all others, from the newest that is known there, or the
    card itself; an employee's conversation is known by what was said in it.
    """
    store = database.open()
    first = await shown(store, 1, "99.1")
    sent_at = database.clock.now()
    await database.clock.advance(5)
    await shown(store, 2, "99.2", channel="D2")
    await opened(store, 3, channel="D3")
    await database.clock.advance(5)
    await both(store, under("99.2", 70), under("99.2", 71), said(4))
    await both(store, under("99.2", 72, Kind.EDIT, revision="x"))
    await happened(store, under("98.9", 80))
    now = database.clock.now()
    desk = [
        Recent(thread("99.2"), "17.000071", now),
        Recent(thread("99.1"), "99.1", sent_at),
    ]
    own = [
        Recent(place("D1"), said(4).id, now),
        Recent(place("D3"), said(3).id, now - 5),
        Recent(place("D2"), said(2).id, now - 5),
    ]
    assert await store.records.recent("slack", 9) == desk + own
    assert await store.records.recent("slack", 2) == [desk[0], own[0]]
    assert await store.records.recent("slack", 1) == own[:1]
    assert await store.records.recent("teams", 9) == []
    resolved = replace(first, state=CaseState.RESOLVED)
    await end(store, await claim(store), cases=(resolved,), state=State.CLOSED)
    assert await store.records.recent("slack", 9) == desk[:1] + own


async def test_a_copy_of_a_card_is_looked_at_too(database: Database) -> None:
    """A case has cards in two channels: what is known in one is not known in the other."""
    store = database.open()
    case = await shown(store, 1, "99.1")
    copy = reply("copy", "C8", card=case.card)
    (sent,) = (await end(store, await claim_new(store, said(2)), copy)).deliveries
    await store.turns.settle(sent, Settlement(DeliveryState.SENT, ref="99.8"))
    await both(store, under("99.1", 70))
    newest = {
        str(one.conversation): one.newest_id for one in await store.records.recent("slack", 9)
    }
    assert newest[str(thread("99.1"))] == "17.000070"
    assert newest[str(thread("99.8", "C8"))] == "99.8"
    await at_desk(store, under("99.8", 71, channel="C8"))
    newest = {
        str(one.conversation): one.newest_id for one in await store.records.recent("slack", 9)
    }
    assert newest[str(thread("99.8", "C8"))] == "17.000071"


async def test_a_retry_keeps_its_case(database: Database) -> None:
    """A turn about a case that failed is the same turn again."""
    store = database.open()
    case = await shown(store, 1, "99.1")
    words = under("99.1", 5)
    await at_desk(store, words)
    failed: LaneClaim = await claim(store)
    await store.turns.retry(failed.lease, database.clock.now())
    again = await claim(store)
    assert (again.turn_id, told(again), again.case) == (failed.turn_id, [(5, "C1")], case)
    assert (await routed(store, words)).lanes == ()
