"""The contract of Care: people are forgotten who asked at the desk, or helped there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_type_hints

import pytest

from agent.cases import Case, CaseCard, CaseState, Cause, Copy
from agent.journal import Line
from agent.messages import Author, ConversationId, Kind
from agent.records import Delivery, DeliveryState, LaneClaim, Settlement
from agent.state import State
from storage import Forgotten, Store
from tests.storage.conversations import SENT, converse, deliver, done, line, spoken
from tests.storage.databases import LANE, Database, claim, claim_new, end, place, reply, said
from tests.storage.desk import a_case, at_desk, card_of, happened, shown, under

TEAMS = "19:a@thread.v2"
FIXED = "It is fixed"


async def forget(database: Database, store: Store, who: str, on: str = "slack") -> Forgotten:
    return await done(database, store.care.forget(on, who, patience=5.0))


async def asked(store: Store, n: int, *, on: str = "slack", by: str = "ada") -> Case:
    """An employee asks for a person; the case has its card in a channel of a platform."""
    desk = TEAMS if on == "teams" else "C9"
    claimed = await claim_new(store, said(n, by=by))
    case = a_case(f"C{n}", employee_id=by, opened_at=claimed.rows[0].accepted_at)
    case = replace(case, channel=str(place(desk, on)))
    card = reply(case.card_id, desk, on, card=case.card)
    journal = (*spoken(claimed), line(Line.CASE, claimed, case=case.id, state="waiting"))
    committed = await end(
        store, claimed, card, state=State.ESCALATED, cases=(case,), journal=journal
    )
    sent = committed.deliveries or (await store.turns.due()).deliveries
    await store.turns.settle(sent[0], Settlement(DeliveryState.SENT, ref=f"99.{n}"))
    return case


async def helps(
    store: Store, case: Case, n: int, *, on: str = "slack", text: str = FIXED
) -> LaneClaim:
    """Somebody at the desk takes the case by answering the employee."""
    desk = TEAMS if on == "teams" else "C9"
    words = under(f"99.{case.id[1:]}", n, channel=desk, platform=on, text=text)
    await at_desk(store, words)
    claimed = await claim(store, case.lane)
    who = f"{on}:bob"
    card = replace(case.card or card_of(case.id), owner="Bob")
    taken = replace(case, state=CaseState.CLAIMED, owner=who, owner_name="Bob", card=card)
    outbox = (
        replace(reply(f"{claimed.turn_id}.1", to="ada"), text=f"**Bob:** {text}"),
        replace(reply(f"{claimed.turn_id}.2", desk, on, card=card), replaces=case.card_id),
    )
    facts: dict[str, Any] = {"id": words.id, "author": who, "name": "Bob", "text": text}
    journal = (
        line(Line.STAFF, claimed, **facts, case=case.id),
        line(Line.CASE, claimed, case=case.id, state="claimed", owner=who),
        line(Line.RELAYED, claimed, messages=[f"{claimed.turn_id}.1"], case=case.id, to="employee"),
    )
    ended = await end(
        store, claimed, *outbox, state=State.WITH_HUMAN, cases=(taken,), journal=journal
    )
    await deliver(store, ended)
    for one in (await store.turns.due()).deliveries:
        await store.turns.settle(one, SENT)
    return claimed


async def over(store: Store, case_id: str, n: int, **more: Any) -> None:
    """The employee is told that it is over; nobody has to do with the case any more."""
    case = await store.records.case(case_id)
    assert case is not None
    claimed = await claim_new(store, said(n, Kind.LEAVE_QUEUE, by=case.employee_id))
    closed = replace(case, **{"state": CaseState.RESOLVED, "note": "as Ada said", **more})
    told = line(Line.CASE, claimed, case=case_id, state="resolved", owner=case.owner)
    await end(store, claimed, state=State.CLOSED, cases=(closed,), journal=(told,))


async def everything(store: Store, lane: str = LANE) -> str:
    """What can still be read of a conversation and its cases."""
    timeline = await store.records.timeline(lane)
    cases = [await store.records.case(f"C{n}") for n in range(10)]
    return f"{[one.data for one in timeline]} {cases}"


@pytest.mark.parametrize("on", ["slack", "teams"])
async def test_an_employee_with_all_that_people_told_them(database: Database, on: str) -> None:
    """Their words, what was answered in a person's name, and the case but for its numbers."""
    store = database.open()
    case = await asked(store, 1, on=on)
    await helps(store, case, 2, on=on)
    await over(store, "C1", 3)
    assert await forget(database, store, "ada") == Forgotten(1)
    kept = await store.records.case("C1")
    assert kept is not None
    assert (kept.state, kept.cause, kept.opened_at) == (
        CaseState.RESOLVED,
        Cause.PERSON_ASKED,
        case.opened_at,
    )
    assert (kept.card, kept.employee_id, kept.owner, kept.owner_name, kept.note) == (
        (None,) + ("",) * 4
    )
    assert FIXED not in await everything(store)
    assert await forget(database, store, "ada") == Forgotten(0)


async def test_an_employee_whose_case_is_open(database: Database) -> None:
    """What was said cannot be read any more; that there is a case stays, and its card without a
    word of them, so that people can end it. Then the rest goes.
    """
    store = database.open()
    case = await asked(store, 1)
    told = {"transcript": ("Ada: psst",), "draft": "psst", "confidence": 0.5, "permalink": "psst"}
    said_so = replace(case, card=card_of("C1", place="psst", reason="psst", **told))
    await helps(store, said_so, 2)
    assert await forget(database, store, "ada") == Forgotten(1, open_cases=("C1",))
    left = await everything(store)
    assert all(word not in left for word in ("message 1", FIXED, "Ada", "about", "psst"))
    kept = await store.records.case("C1")
    assert kept is not None
    assert (kept.state, kept.employee_id) == (CaseState.CLAIMED, "ada")
    assert kept.card == CaseCard("C1", CaseState.WAITING, "", "", "", "", "", owner="Bob")
    assert await forget(database, store, "ada") == Forgotten(0, open_cases=("C1",))
    await at_desk(store, under("99.1", 5))
    claimed = await claim(store)
    assert (claimed.case, claimed.state, claimed.rows[0].case_id) == (kept, State.WITH_HUMAN, "C1")
    await end(store, claimed, state=State.CLOSED, cases=(replace(kept, state=CaseState.STALE),))
    assert (await forget(database, store, "ada")).open_cases == ()
    assert "ada" not in await everything(store)


LEFT_ON_A_CARD = {"case_id", "state", "owner", "outcome", "joined"}
"""What people need to end a case, and what tells nothing of its employee."""
MARKS: dict[Any, Any] = {str: "psst", tuple[str, ...]: ("psst",), float | None: 0.5, int: 3}


async def test_every_field_of_an_open_card(database: Database) -> None:
    """Each is left on purpose, or is gone: a new one has its place in one of these lists."""
    store = database.open()
    case = await asked(store, 1)
    marks = {
        name: MARKS[kind]
        for name, kind in get_type_hints(CaseCard).items()
        if name not in ("case_id", "state")
    }
    marked = CaseCard("C1", CaseState.WAITING, **marks)
    await helps(store, replace(case, card=marked), 2)
    await forget(database, store, "ada")
    kept = await store.records.case("C1")
    assert kept is not None
    assert kept.card is not None
    left = {name for name in get_type_hints(CaseCard) if getattr(kept.card, name)}
    assert left == LEFT_ON_A_CARD


async def shown_again(store: Store, case: Case, n: int) -> list[Delivery]:
    """Somebody else has spoken since; in that turn the case is shown in a second channel, and then
    people are reminded of it: four messages.
    """
    other = await claim_new(store, said(n, by="eve"))
    copy, word, edit = (f"{other.turn_id}.{one}" for one in range(1, 4))
    copied = replace(case, copies=(Copy(copy, str(place("C8"))),))
    outbox = (
        reply(copy, "C8", card=case.card),
        replace(reply(word, "C8"), under=copy),
        replace(reply(edit, "C8", card=case.card), replaces=copy),
    )
    more: dict[str, Any] = {"cases": (copied,), "state": State.ESCALATED}
    sent = await end(store, other, *outbox, journal=spoken(other), **more)
    look = await claim_new(store, replace(said(n + 1, Kind.LOOK), author=Author("")))
    overdue = (line(Line.TURN, look, events=["overdue"]),)
    reminder = await end(store, look, reply(look.turn_id, "C9"), journal=overdue, **more)
    return [*sent.deliveries, *reminder.deliveries]


async def test_every_card_of_theirs(database: Database) -> None:
    """Also those of other channels, what is under them, and reminders; others spoke meanwhile."""
    store = database.open()
    following = await shown_again(store, await asked(store, 1), 2)
    await over(store, "C1", 4, copies=())
    while following:  # what is stuck tells whether it has words
        lost = Settlement(DeliveryState.UNCONFIRMED, reason="x")
        following += (await store.turns.settle(following.pop(), lost)).deliveries
    assert [one.erased for one in await store.care.stuck()] == [False] * 4
    assert await forget(database, store, "ada") == Forgotten(1)
    assert [one.erased for one in await store.care.stuck()] == [True] * 4
    assert "message 2" in await everything(store)
    assert await forget(database, store, "ada") == Forgotten(0)


@pytest.mark.parametrize("on", ["slack", "teams"])
async def test_a_person_of_the_desk(database: Database, on: str) -> None:
    """Their words go from the employee's conversation and their name from the case, wherever that
    is; the employee's words stay.
    """
    store = database.open()
    await helps(store, await asked(store, 1, on=on), 2, on=on)
    await over(store, "C1", 3)
    other = "slack" if on == "teams" else "teams"
    assert await forget(database, store, "bob", other) == Forgotten(0)
    assert await forget(database, store, "bob", on) == Forgotten(1)
    left = await everything(store)
    assert all(word not in left for word in ("Bob", "bob", FIXED, "as Ada said"))
    assert "message 1" in left
    kept = await store.records.case("C1")
    assert kept is not None
    assert kept.employee_id == "ada"
    assert await store.records.latest_lane("slack", "ada", "") == LANE
    assert await forget(database, store, "bob", on) == Forgotten(0)


async def test_somebody_of_the_same_name_elsewhere(database: Database) -> None:
    """An employee of one platform and a person of the desk of the other have the same id: each is
    forgotten alone.
    """
    store = database.open()
    case = await asked(store, 1, on="teams", by="bob")
    await helps(store, case, 2, on="teams")
    await over(store, "C1", 3)
    await forget(database, store, "bob", "teams")
    left = await everything(store)
    assert FIXED not in left
    assert "message 1" in left
    kept = await store.records.case("C1")
    assert kept is not None
    assert (kept.employee_id, kept.owner) == ("bob", "")


async def test_what_they_changed_goes_too(database: Database) -> None:
    """Edits of their words do not say whose they are; what the posts were does."""
    store = database.open()
    case = await asked(store, 1)
    await helps(store, case, 2)
    for n, by in ((2, "edited words"), (3, "words of others")):
        claimed = await claim_new(store, said(n + 50))
        told = line(Line.STAFF_EDITED, claimed, id=said(n).id, text=by)
        await end(store, claimed, journal=(told,), state=State.WITH_HUMAN)
    await over(store, "C1", 9)
    await forget(database, store, "bob")
    left = await everything(store)
    assert "edited words" not in left
    assert "words of others" in left


async def test_a_case_that_somebody_still_has(database: Database) -> None:
    """Whoever is forgotten while they have a case is named in it until it is over."""
    store = database.open()
    await helps(store, await asked(store, 1), 2)
    assert await forget(database, store, "bob") == Forgotten(0, open_cases=("C1",))
    assert FIXED in await everything(store)
    await over(store, "C1", 3)
    assert await forget(database, store, "bob") == Forgotten(1)


async def test_an_owner_of_whom_nothing_else_is_left(database: Database) -> None:
    """The words are erased by their age, but the case tells who had it, and so does its card."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    case = a_case("C1", state=CaseState.RESOLVED, owner="slack:bob", owner_name="Bob")
    case = replace(case, card=card_of("C1", owner="Bob"), note="as Bob said")
    await end(store, claimed, cases=(case,), journal=spoken(claimed), state=State.CLOSED)
    assert await forget(database, store, "bob") == Forgotten(1)
    left = await everything(store)
    assert "message 1" in left
    assert "Bob" not in left
    assert await forget(database, store, "bob") == Forgotten(0)


async def test_what_waits_at_the_desk_is_waited_for(database: Database) -> None:
    """A word in a thread of which nobody knows yet whose it is."""
    store = database.open()
    words = under("98.9", 5)
    await happened(store, words)
    forgotten = await forget(database, store, "bob")
    assert forgotten.busy == (f"desk:{words.conversation}",)
    await at_desk(store, words)
    assert await forget(database, store, "bob") == Forgotten(0)


async def an_incident(store: Store, state: CaseState) -> Case:
    """An incident whose card names Ada, whose own case is over, or goes on like the incident."""
    incident = ConversationId("incident", "", "dead_letter", "")
    gather = replace(said(90, Kind.GATHER), conversation=incident, author=Author(""))
    claimed = await claim_new(store, gather, lane=str(incident))
    card = card_of("C9", joined=2, transcript=("Ada: psst",))
    case = a_case("C9", str(incident), employee_id="", card=card, state=state)
    ended = await end(store, claimed, reply("C9.card", "C9", card=card), cases=(case,))
    await store.turns.settle(ended.deliveries[0], Settlement(DeliveryState.DEAD, reason="x"))
    await shown(store, 1, "99.1")
    await over(store, "C1", 2, incident="C9", card=None, card_id="", state=state)
    return case


async def test_an_incident_that_named_somebody(database: Database) -> None:
    """Its card showed what each of them asked; it goes with the first who is forgotten."""
    store = database.open()
    case = await an_incident(store, CaseState.RESOLVED)
    await converse(store, 3, by="eve", channel="D2")
    assert await forget(database, store, "eve") == Forgotten(1)
    assert await store.records.case("C9") == case
    await forget(database, store, "ada")
    kept = await store.records.case("C9")
    assert kept is not None
    assert (kept.card, kept.state) == (None, CaseState.RESOLVED)


async def test_an_incident_that_goes_on(database: Database) -> None:
    """Whoever joined is named on its card no more; people go on with it, and it says how many they
    are.
    """
    store = database.open()
    case = await an_incident(store, CaseState.WAITING)
    assert case.card is not None
    forgotten = await forget(database, store, "ada")
    assert (forgotten.busy, set(forgotten.open_cases)) == ((), {"C1", "C9"})
    bare = replace(case, card=replace(case.card, transcript=()))
    assert await store.records.case("C9") == bare
    assert [one.erased for one in await store.care.stuck()] == [True]
    assert (await forget(database, store, "ada")).conversations == 0


async def test_a_case_without_a_card_hides_nobody_else(database: Database) -> None:
    """What others were told in the same thread stays, though the case was never shown."""
    store = database.open()
    eves = await claim_new(store, said(1, by="eve"))
    (sent,) = (await end(store, eves, reply("m1"), journal=spoken(eves))).deliveries
    await store.turns.settle(sent, Settlement(DeliveryState.UNCONFIRMED, reason="x"))
    claimed = await claim_new(store, said(2))
    case = a_case("C1", card=None, card_id="", incident="C9")
    await end(store, claimed, cases=(case,), journal=spoken(claimed), state=State.ESCALATED)
    await over(store, "C1", 3)
    assert await forget(database, store, "ada") == Forgotten(1)
    (stuck,) = await store.care.stuck()
    assert not stuck.erased
