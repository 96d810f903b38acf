"""The turn engine over small fakes: what a claim becomes, also where the database is at odds.

The stories tell everything that people can notice; here are the corners they cannot reach.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Case, CaseState, Cause
from agent.desk.times import DAY
from agent.desk.waiting import timer
from agent.errors import NothingToRead
from agent.journal import Line
from agent.messages import Author, IncomingMessage, Kind, OutgoingMessage
from agent.records import (
    Approval,
    ApprovalState,
    Arrival,
    Entry,
    LaneClaim,
    Step,
    StepKind,
    StepState,
)
from agent.state import Effect, Event, State
from tests.support.clock import START
from tests.support.engine import (
    CASE,
    DESK,
    GRACE,
    HELD,
    PLACE,
    POST,
    SOON,
    Rig,
    at_desk,
    claim,
    control,
    kinds,
    press,
    said,
    wrote,
)
from tests.support.scripted import Say


def test_every_effect_has_a_performer(rig: Rig) -> None:
    """What the table promises is there, in the lane of an incident too."""
    assert set(rig.engine._performers) == set(Effect)
    assert set(rig.engine._in_incidents) == set(Effect)


async def test_an_answer(rig: Rig) -> None:
    """One message in, one answer and the whole story of it out."""
    end = await rig.run(claim(POST))
    assert (end.state, end.outcome) == (State.IDLE, "answered")
    assert said(end) == ["An answer."]
    assert kinds(end) == ["said", "answered", "turn"]
    assert [one.model for one in end.spend] == ["model"]
    assert {entry.turn_id for entry in end.journal} == {"t7"}


async def test_a_retried_turn_says_the_same_under_the_same_names(rig: Rig) -> None:
    """Ids do not depend on the attempt, so that a platform can be asked for them."""
    first, second = await rig.run(claim(POST)), await rig.run(claim(POST, attempts=3))
    assert [one.id for one in first.outbox] == [one.id for one in second.outbox] == ["t7.1"]


async def test_too_many_attempts(rig: Rig) -> None:
    """After five attempts nobody tries again: a case and a word about it."""
    end = await rig.run(claim(POST, attempts=6))
    assert rig.model.asked == []
    assert end.cases[0].cause is Cause.DEAD_LETTER
    assert end.cases[0].id == "C7"
    assert said(end) == [texts.DEAD_LETTER.format(case="C7", expectation=SOON)]
    assert [entry.data["text"] for entry in end.journal if entry.kind == "said"] == [POST.text]


async def test_giving_up_while_people_have_the_case(rig: Rig) -> None:
    """A poisonous row in a conversation that has a case opens no second one."""
    end = await rig.run(claim(POST, state=State.ESCALATED, case=CASE, attempts=6))
    assert end.cases == ()
    assert said(end) == [texts.WAITING.format(case="C1")]
    assert said(end, DESK) == [f"**Ada:** {POST.text}", f"_{Cause.DEAD_LETTER.words}_"]


def test_last_words_read_no_history(rig: Rig) -> None:
    """It may be what every turn broke at: somebody is told all the same, and the lane goes on."""
    nonsense = Entry(Line.SAID, 5, 0.0)  # type: ignore[arg-type]
    end = rig.engine.last_words(claim(POST, history=(nonsense,)))
    assert said(end) == [texts.BROKEN.format(contact=texts.NOBODY_CONTACT)]


async def test_last_words(rig: Rig) -> None:
    """When not even giving up works, the author is told whom to turn to, and that is all."""
    end = rig.engine.last_words(claim(POST))
    assert said(end) == [texts.BROKEN.format(contact=texts.NOBODY_CONTACT)]
    assert end.cases == ()
    assert end.state is State.IDLE


async def test_what_a_stop_takes_over_is_kept_and_not_answered(rig: Rig) -> None:
    """Nothing is answered, but the words are history."""
    end = await rig.run(claim(control(Kind.STOP), POST))
    assert end.outcome == "stopped"
    assert said(end) == [texts.STOPPED]
    assert kinds(end) == ["said", "interrupted", "notice", "turn"]
    assert rig.model.asked == []


async def test_what_is_taken_over_while_people_have_the_case_is_relayed(rig: Rig) -> None:
    """Asking for a person again must not swallow what was written just before."""
    taken = claim(control(Kind.ASK_PERSON), POST, state=State.ESCALATED, case=CASE)
    end = await rig.run(taken)
    assert said(end, DESK) == [f"**Ada:** {POST.text}"]


async def test_the_card_shows_what_was_asked_before_a_person_was_wanted(rig: Rig) -> None:
    """A question that the wish interrupted is what the case is about."""
    end = await rig.run(claim(control(Kind.ASK_PERSON), POST))
    card = end.outbox[0].card
    assert card is not None
    assert card.summary == POST.text


@pytest.mark.parametrize("state", [State.ESCALATED, State.WITH_HUMAN])
@pytest.mark.parametrize(
    "message", [POST, control(Kind.ASK_PERSON), control(Kind.LEAVE_QUEUE), control(Kind.STOP)]
)
async def test_a_case_that_the_database_has_lost(
    rig: Rig, state: State, message: IncomingMessage
) -> None:
    """The lane says that people have it, but there is no case: no turn breaks over it."""
    end = await rig.run(claim(message, state=state))
    assert end.cases == ()
    if message is POST:
        assert said(end) == [texts.NOBODY.format(contact=texts.NOBODY_CONTACT)]


async def test_the_desk_was_taken_away(rig: Rig) -> None:
    """With a case open and no human channel any more, nobody is promised that people read it."""
    rig.engine.desk_place.channel = None
    rig.engine.desk_place.contact = "it@x.example"
    end = await rig.run(claim(POST, state=State.ESCALATED, case=CASE))
    assert said(end) == [texts.NOBODY.format(contact="it@x.example")]
    assert end.state is State.ESCALATED
    end = await rig.run(claim(control(Kind.LEAVE_QUEUE), state=State.ESCALATED, case=CASE))
    assert said(end) == [texts.LEFT]
    assert end.cases[0].state is CaseState.WITHDRAWN


async def test_leaving_a_case_whose_card_is_not_known(rig: Rig) -> None:
    """The case of an older database has no card to repeat; it is left all the same."""
    old = replace(CASE, card=None)
    end = await rig.run(claim(control(Kind.LEAVE_QUEUE), state=State.ESCALATED, case=old))
    assert end.cases[0].state is CaseState.WITHDRAWN


async def test_somebody_elses_never_mind(rig: Rig) -> None:
    """It takes nobody's case back."""
    leave = control(Kind.LEAVE_QUEUE, GRACE)
    end = await rig.run(claim(leave, state=State.ESCALATED, case=CASE))
    assert (end.cases, end.outbox, end.state) == ((), (), State.ESCALATED)


async def test_a_summary_that_takes_too_long(rig: Rig) -> None:
    """The conversation begins afresh without one rather than keeping anybody waiting."""
    rig.model.acts = [Say(after=7, pieces=2, between=9), Say()]
    history = (Entry("said", {"id": "0", "author": "ada", "name": "", "text": "Hi"}, 0, "t0", 1),)
    running = asyncio.create_task(rig.run(claim(POST, state=State.CLOSED, history=history)))
    await rig.clock.until(running.done)
    end = await running
    assert rig.clock.now() == START + 15
    assert said(end) == ["An answer."]
    assert "new_episode" in kinds(end)
    assert "summary" not in kinds(end)
    assert end.context_from == 2


async def test_an_overflow_that_cannot_be_summarised(rig: Rig) -> None:
    """A long conversation stays as it is until a summary succeeds."""
    rig.model.acts = [Say("no summary"), Say("no summary"), Say()]
    history = tuple(
        Entry("said", {"id": f"m{n}", "author": "ada", "name": "", "text": "Hi"}, START, "t0", n)
        for n in range(1, 30)
    )
    end = await rig.run(claim(POST, history=history))
    assert said(end) == ["An answer."]
    assert kinds(end) == ["said", "answered", "turn"]
    assert end.context_from is None


@pytest.mark.parametrize(
    "effect",
    [
        Effect.REPLY,
        Effect.REFUSE,
        Effect.OPEN_CASE,
        Effect.SAY_ESCALATED,
        Effect.SETTLE_APPROVAL,
    ],
)
async def test_performers_without_their_reason(rig: Rig, effect: Effect) -> None:
    """No rejection, no human channel, no case: nothing is said."""
    rig.engine.desk_place.channel = None
    draft = rig.engine._begin(claim(POST))
    assert await rig.engine._performers[effect](draft) is None
    assert draft.outbox == []


async def test_events_are_told_in_order(rig: Rig) -> None:
    """The turn's own line names every event on its way."""
    end = await rig.run(claim(POST))
    turn = end.journal[-1].data
    assert turn["events"] == [Event.WROTE, Event.ANSWERED]
    assert (turn["before"], turn["after"]) == (State.IDLE, State.IDLE)


@pytest.mark.parametrize("state", [CaseState.WAITING, CaseState.CLAIMED])
async def test_a_look_that_breaks_for_good(rig: Rig, state: CaseState) -> None:
    """Somebody looks at the case again on the next day; nobody is told."""
    case = replace(CASE, state=state, looks=3)
    look = claim(timer(case), state=State.ESCALATED, case=case, attempts=6)
    end = await rig.run(look)
    assert (end.outcome, end.outbox) == ("dead_letter", ())
    (next_one,) = end.timers
    assert next_one == Arrival(timer(end.cases[0]), not_before=START + DAY)
    assert next_one.message.key != timer(case).key
    assert rig.engine.last_words(look) == end


@pytest.mark.parametrize(
    "case",
    [None, replace(CASE, state=CaseState.RESOLVED, looks=3), replace(CASE, looks=4)],
)
async def test_a_look_that_breaks_and_is_not_needed(rig: Rig, case: Case | None) -> None:
    """The case is over, or has another timer by now."""
    look = timer(replace(CASE, looks=3))
    end = await rig.run(claim(look, state=State.ESCALATED, case=case, attempts=6))
    assert (end.timers, end.cases) == ((), ())


def test_what_an_incident_does(rig: Rig) -> None:
    """In its own lane everything that it does at all, elsewhere only what nobody else does."""
    incidents = rig.engine._incidents
    theirs = {effect for effect in Effect if hasattr(incidents, effect.value)}
    for performers, done in (
        (rig.engine._performers, {Effect.KEEP_CARD, Effect.UPDATE_CARD}),
        (rig.engine._in_incidents, theirs),
    ):
        found = {one for one in Effect if getattr(performers[one], "__self__", None) is incidents}
        assert found == done


async def test_the_last_attempt(rig: Rig) -> None:
    """The fifth is one like the others; only after it nobody tries any more."""
    end = await rig.run(claim(POST, attempts=5))
    assert said(end) == ["An answer."]


async def test_giving_up_what_is_half_done(rig: Rig) -> None:
    """People are told that something may have been changed, not just that nothing works."""
    asked = {"question": "", "requester": "ada", "calls": [{"name": "order", "arguments": "{}"}]}
    begun = (
        Step("t7", 1, StepKind.MODEL, StepState.DONE, START, asked),
        Step("t7", 2, StepKind.CALL, StepState.STARTED, START, {"writes": True}),
    )
    end = await rig.run(claim(POST, attempts=6, steps=begun))
    assert [case.cause for case in end.cases] == [Cause.HALF_DONE]


async def test_giving_up_what_could_not_be_delivered(rig: Rig) -> None:
    """The card shows the words that did not arrive."""
    lost = OutgoingMessage("t3.1", PLACE, "27 days.", to="ada")
    message = control(Kind.UNDELIVERABLE, Author(""), about="t3.1")
    end = await rig.run(claim(message, attempts=6, undelivered=lost))
    card = end.outbox[0].card
    assert card is not None
    assert card.draft == "27 days."


async def test_a_press_that_fails_at_an_older_desk(rig: Rig) -> None:
    """People are told where the card is, wherever the human channel may be by now."""
    before = replace(DESK, channel="#before")
    case = replace(HELD, card_id="t0.1", channel=str(before))
    end = await rig.run(at_desk(press(Kind.RESOLVE), case=case, attempts=6))
    assert said(end, before) == [texts.STAFF_BROKEN]


async def test_a_refusal(rig: Rig) -> None:
    """Its reason is said, and named in the turn's line."""
    end = await rig.run(claim(replace(POST, text="")))
    assert said(end) == [texts.refusal(NothingToRead())]
    assert end.outcome == "NothingToRead"


def entry(kind: str, author: str, name: str, n: int) -> Entry:
    """A journal line about somebody."""
    data = {"id": str(n), "author": author, "name": name, "text": "Hi"}
    return Entry(kind, data, START, f"t{n}", n)


HISTORY = (
    entry("said", "ada", "Ada L.", 1),
    entry("said", "grace", "Grace H.", 2),
    entry("rated", "ada", "", 3),
)
TO_ADA = OutgoingMessage("t3.1", PLACE, "27 days.", to="ada")
OPEN = Approval(
    "t3:2", "t3", "order", "{}", ("ada", "linus"), ApprovalState.OPEN, START, START, "t3.1"
)
KNOWN = Author("ada", "Ada King", external=True)


@pytest.mark.parametrize(
    ("turn", "employee"),
    [
        pytest.param(claim(replace(POST, author=KNOWN), history=HISTORY), KNOWN, id="named"),
        pytest.param(claim(POST, history=HISTORY), Author("ada", "Ada L."), id="as-before"),
        pytest.param(claim(POST), Author("ada"), id="for-the-first-time"),
        pytest.param(
            claim(control(Kind.EXPIRE, Author("")), approval=OPEN), Author("ada"), id="expiry"
        ),
        pytest.param(claim(control(Kind.DENY, GRACE), approval=OPEN), GRACE, id="press"),
        pytest.param(claim(timer(CASE), case=CASE), Author("ada"), id="timer"),
        pytest.param(claim(timer(CASE)), Author(""), id="timer-of-a-lost-case"),
        pytest.param(at_desk(wrote("Hello")), Author("ada"), id="desk"),
        pytest.param(
            claim(control(Kind.UNDELIVERABLE, Author("")), undelivered=TO_ADA),
            Author("ada"),
            id="undelivered",
        ),
        pytest.param(
            claim(control(Kind.UNDELIVERABLE, Author("")), undelivered=replace(TO_ADA, to="")),
            Author(""),
            id="undelivered-to-nobody",
        ),
    ],
)
def test_whom_a_turn_is_about(rig: Rig, turn: LaneClaim, employee: Author) -> None:
    """Who wrote or pressed; otherwise whom the case, the message or the approval was for."""
    assert rig.engine._begin(turn).employee == employee
