"""Nothing that was accepted is lost or answered twice, whatever happens to disk and process."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from agent.errors import BadRequest, StoreUnavailable
from agent.messages import IncomingMessage
from agent.ports import Adapter
from agent.records import LaneClaim
from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider

QUESTION = "How many days of annual leave do I get?"


async def at_rest(one: Company) -> None:
    """The database has nothing left to do, and nothing went wrong for good."""
    counts = await one.counts()
    names = ("rows_waiting", "outbox_pending", "outbox_sending", "outbox_dead")
    assert {name: counts[name] for name in names} == dict.fromkeys(names, 0)


async def restart_after_crash(one: Company) -> None:
    """Lose the process and start it again on the same file."""
    await one.crash()
    await one.open()


# The disk


async def test_nothing_is_acknowledged_that_is_not_stored(handbook: Company) -> None:
    """The disk is full: nobody is told that it arrived, and it is brought again later."""
    handbook.store.fail("accept")
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(1)
    assert not any(handbook.chat.acknowledged())
    assert (await handbook.counts())["lanes"] == 0
    handbook.store.heal()
    await handbook.clock.advance(61)
    assert handbook.chat.acknowledged()[-1]
    assert len(handbook.answers(asked)) == 1


async def test_a_message_costs_one_claim(
    handbook: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lane is claimed together with its commit, and not once more when it is announced."""
    lanes: list[str] = []
    claim = handbook.store.turns.claim

    async def counted(lane: str) -> LaneClaim | None:
        lanes.append(lane)
        return await claim(lane)

    monkeypatch.setattr(handbook.store.turns, "claim", counted)
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(1)
    assert len(handbook.answers(asked)) == 1
    assert len(lanes) == 1


async def test_a_database_that_somebody_else_has_locked(handbook: Company) -> None:
    """Another program holds SQLite's write lock for too long; it is the same story, for real."""
    with closing(sqlite3.connect(handbook.folder / "frontdesk.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        channel = handbook.chat.direct(handbook.ada)
        asked = await handbook.chat.say(handbook.ada, channel, QUESTION)
        await handbook.chat.idle()
    assert not handbook.chat.acknowledged()[0]
    await handbook.clock.advance(61)
    assert len(handbook.answers(asked)) == 1


async def test_readiness_follows_the_disk(handbook: Company) -> None:
    """/readyz says no while nothing can be stored, so that no traffic is sent here."""
    assert (await handbook.get("/readyz"))[0] == 200
    handbook.store.fail("ready")
    status, text = await handbook.get("/readyz")
    assert status == 503
    assert text.startswith("not ready:")
    assert (await handbook.get("/healthz")) == (200, "ok\n")


@pytest.mark.parametrize(
    "method", ["claim", "commit", "due", "settle", "renew", "release", "retry"]
)
@pytest.mark.parametrize("seconds", [3, 45], ids=["short", "long"])
async def test_the_disk_fails_in_the_middle(
    opened: OpenCompany, clock: TestClock, method: str, seconds: float
) -> None:
    """One kind of write fails for a while; the message is answered once when it is over."""
    one = await opened(ScriptedProvider("model", clock, [Say(after=12)]))
    one.store.fail(method)
    asked = await one.dm(one.ada, QUESTION)
    await clock.advance(seconds)
    one.store.heal()
    await clock.until(lambda: bool(one.answers(asked)), at_most=90)
    await clock.advance(5)
    assert len(one.answers(asked)) == 1
    await at_rest(one)


async def test_a_lease_that_cannot_be_kept(opened: OpenCompany, clock: TestClock) -> None:
    """Nobody knows for 20 seconds whether the lane is still ours: the turn is dropped, not risked;
    it runs again when the lease is over.
    """
    model = ScriptedProvider("slow", clock, [Say(after=60), Say()])
    one = await opened(model, frontdesk_first_token_seconds="90", frontdesk_answer_seconds="90")
    asked = await one.dm(one.ada, QUESTION)
    one.store.fail("renew")
    await clock.advance(24)
    assert model.cancelled == 1
    assert one.answers(asked) == []
    one.store.heal()
    await clock.advance(12)
    assert len(one.answers(asked)) == 1
    await at_rest(one)


async def test_another_process_takes_the_lane(opened: OpenCompany, clock: TestClock) -> None:
    """A lease that somebody else has now is noticed at its renewal: nothing of ours is posted."""
    model = ScriptedProvider("slow", clock, [Say(after=60), Say()])
    one = await opened(model, frontdesk_first_token_seconds="90", frontdesk_answer_seconds="90")
    asked = await one.dm(one.ada, QUESTION)
    with closing(sqlite3.connect(one.folder / "frontdesk.db")) as database:
        database.execute("UPDATE lanes SET epoch = epoch + 1, lease_owner = 'another'")
        database.commit()
    await clock.advance(14)
    assert model.cancelled == 1
    assert one.answers(asked) == []
    await clock.advance(30)
    assert len(one.answers(asked)) == 1, "the other one died, and its lease is over"
    await at_rest(one)


# The process


async def test_what_was_accepted_is_answered_after_a_restart(handbook: Company) -> None:
    """The process stops before it has looked at a message; the next one answers it."""
    handbook.store.fail("claim")
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.close()
    assert handbook.answers(asked) == []
    await handbook.open()
    await handbook.rest()
    assert len(handbook.answers(asked)) == 1
    await at_rest(handbook)


async def test_a_crash_in_the_middle_of_a_turn(opened: OpenCompany, clock: TestClock) -> None:
    """The process dies while the model thinks; after the restart Ada is answered, once."""
    model = ScriptedProvider("slow", clock, [Say(after=100), Say()])
    one = await opened(model, frontdesk_answer_seconds="200", frontdesk_turn_seconds="300")
    asked = await one.dm(one.ada, QUESTION)
    await clock.advance(3)
    await restart_after_crash(one)
    await one.rest()
    assert len(one.answers(asked)) == 1
    await clock.advance(1)
    await at_rest(one)
    assert len(model.asked) == 2


async def test_a_crash_of_a_crash(opened: OpenCompany, clock: TestClock) -> None:
    """The process dies four times over the same message, and answers it once at last."""
    acts = [Say(after=100)] * 4
    one = await opened(ScriptedProvider("slow", clock, [*acts, Say()]))
    asked = await one.dm(one.ada, QUESTION)
    for _ in range(4):
        await clock.advance(1)
        await restart_after_crash(one)
        await one.rest()
    assert len(one.answers(asked)) == 1
    await at_rest(one)


async def test_many_conversations_survive_a_crash(opened: OpenCompany, clock: TestClock) -> None:
    """Twenty people are being answered when the process dies; each gets one answer."""
    model = ScriptedProvider("slow", clock, [*[Say(after=100)] * 20, Say()])
    one = await opened(model)
    people = [one.chat.add_person(f"Person {number}") for number in range(20)]
    asked = [await one.chat.say(person, one.chat.direct(person), QUESTION) for person in people]
    await clock.advance(1)
    await restart_after_crash(one)
    await one.rest()
    assert [len(one.answers(said)) for said in asked] == [1] * 20
    await at_rest(one)


async def test_a_message_that_kills_the_process(opened: OpenCompany, clock: TestClock) -> None:
    """Five times the process dies over one message; the sixth does not try, and tells people."""
    model = ScriptedProvider("slow", clock, [Say(after=100)])
    one = await opened(model)
    asked = await one.dm(one.ada, "Is this the end?")
    for _ in range(5):
        await clock.advance(1)
        await restart_after_crash(one)
        await one.rest()
    (card,) = one.cards()
    assert "Is this the end?" in card.text
    assert "more than once" in one.texts(asked)[0]
    assert len(model.asked) == 5


async def test_a_search_that_fails_is_no_reason_to_be_silent(
    opened: OpenCompany, clock: TestClock
) -> None:
    """The handbook cannot be searched now; the model answers without it."""
    one = await opened(ScriptedProvider("model", clock))
    one.store.poison("leave", StoreUnavailable())
    asked = await one.dm(one.ada, QUESTION)
    assert len(one.answers(asked)) == 1


async def test_more_conversations_than_are_worked_on_at_once(
    opened: OpenCompany, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten people ask while two can be served; the others wait their turn and are answered."""
    monkeypatch.setattr("bot.worker.LANES_AT_ONCE", 2)
    model = ScriptedProvider("slow", clock, [Say(after=1)])
    one = await opened(model)
    people = [one.chat.add_person(f"Person {number}") for number in range(10)]
    asked = [await one.dm(person, QUESTION) for person in people]
    assert len(model.asked) == 2
    await one.dm(people[5], "Are you there?", asked[5])
    await clock.advance(12)
    assert [len(one.answers(said)) for said in asked] == [1] * 10
    await at_rest(one)


async def test_a_disk_that_fails_while_it_stops(opened: OpenCompany, clock: TestClock) -> None:
    """The last commit cannot be made: the process ends all the same, and the next one answers."""
    one = await opened(ScriptedProvider("model", clock, [Say(after=2)]))
    asked = await one.dm(one.ada, QUESTION)
    one.store.fail("commit")
    await one.close()
    assert one.answers(asked) == []
    await one.open()
    await clock.advance(3)
    assert len(one.answers(asked)) == 1
    await at_rest(one)


# An orderly end


async def test_a_running_turn_is_finished_first(opened: OpenCompany, clock: TestClock) -> None:
    """SIGTERM comes while the model needs five more seconds: Ada is answered before the end."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=5)]))
    asked = await one.dm(one.ada, QUESTION)
    await one.close()
    assert len(one.answers(asked)) == 1


async def test_a_turn_that_takes_too_long_is_given_back(
    opened: OpenCompany, clock: TestClock
) -> None:
    """SIGTERM comes and the model takes for ever: the row waits, unblamed, for the next start."""
    model = ScriptedProvider("slow", clock, [*[Say(after=100)] * 7, Say()])
    one = await opened(model, frontdesk_first_token_seconds="200", frontdesk_answer_seconds="200")
    asked = await one.dm(one.ada, QUESTION)
    for _ in range(6):
        await one.close()
        assert one.answers(asked) == []
        await clock.advance(one.chat.sign_stays)
        assert not one.chat.thinking(asked.place)
        assert attempts(one) == [0]
        await one.open()
        await one.rest()
    await one.close()
    await one.open()
    await one.rest()
    assert len(one.answers(asked)) == 1
    assert one.cards() == [], "seven interrupted attempts are nobody's fault"
    assert model.cancelled == 7


def attempts(one: Company) -> list[int]:
    """How often each waiting row was tried."""
    with closing(sqlite3.connect(one.folder / "frontdesk.db")) as database:
        rows = database.execute("SELECT attempts FROM inbox WHERE state = 'waiting'")
        return [row[0] for row in rows]


async def test_while_it_stops_whatever_comes_has_to_come_again(
    opened: OpenCompany, clock: TestClock
) -> None:
    """A message that comes during the drain is refused, and answered after the restart."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=5), Say()]))
    await one.dm(one.ada, QUESTION)
    stopping = asyncio.create_task(one.running.stop())
    await one.rest()
    asked = await one.dm(one.grace, QUESTION)
    await clock.until(stopping.done)
    one.app = None
    await one.open()
    await clock.advance(61)
    assert len(one.answers(asked)) == 1


# A message that breaks whoever works on it


@pytest.mark.parametrize("death", [ZeroDivisionError(), BadRequest("of our own making")])
async def test_a_poisonous_message(opened: OpenCompany, death: Exception) -> None:
    """A message breaks every turn; after five attempts people get it, and its author is told."""
    one = await opened()
    await one.teach(LEAVE)
    one.store.poison("poison", death)
    asked = await one.dm(one.ada, "Is this poison to you?")
    await one.clock.advance(165)
    (card,) = one.cards()
    assert "The message could not be processed after several attempts." in card.text
    assert "Is this poison to you?" in card.text
    (text,) = one.texts(asked)
    assert "something went wrong while I worked on your message, more than once" in text
    assert one.store.poisoned == 5
    await at_rest(one)


async def test_a_poisonous_message_that_cannot_even_be_handed_over(
    opened: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The desk breaks over it as well; its author is told whom to turn to, and that is the end."""

    async def broken(adapter: Adapter, message: IncomingMessage) -> str:
        raise ZeroDivisionError

    one = await opened(frontdesk_contact="it@example.com")
    monkeypatch.setattr(one.chat.adapter, "permalink", broken)
    one.store.poison("poison")
    asked = await one.dm(one.ada, "Is this poison to you?")
    await one.clock.advance(165)
    assert one.cards() == []
    (text,) = one.texts(asked)
    assert "I could not work on your message. Please tell it@example.com" in text
    await at_rest(one)


async def test_a_poisonous_message_blocks_nobody(opened: OpenCompany) -> None:
    """Without a human channel Ada is told whom to ask, and her next question is answered."""
    one = await opened(frontdesk_human_channel="")
    await one.teach(LEAVE)
    one.store.poison("poison")
    asked = await one.dm(one.ada, "Is this poison to you?")
    await one.dm(one.ada, QUESTION, asked)
    other = await one.dm(one.grace, QUESTION)
    assert len(one.answers(other)) == 1, "other conversations go on"
    await one.clock.advance(165)
    told, answer = one.texts(asked)
    assert "Please contact your administrators" in told
    assert "27 days" in answer
    await at_rest(one)


async def test_poison_in_a_burst_spares_the_rest(opened: OpenCompany, clock: TestClock) -> None:
    """Of three messages taken together one is poison: from the second attempt on they go alone."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=1)]), frontdesk_human_channel="")
    one.store.poison("poison")
    asked = await one.dm(one.ada, "Hello, a question first.")
    for text in ("How many days of leave?", "Some poison.", "And sick leave?"):
        await one.dm(one.ada, text, asked)
    await clock.advance(180)
    told = one.texts(asked)
    assert len([text for text in told if "Please contact" in text]) == 1
    assert len([text for text in told if text.startswith("An answer.")]) == 3
    await at_rest(one)
