"""Cases: their cards as they move, and what everybody is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import texts
from agent.cases import OUTCOMES, Case, CaseState, Cause, Copy, Outcome
from agent.desk.times import DeskTimes
from agent.desk.waiting import timer
from agent.journal import Line
from agent.messages import (
    Author,
    Button,
    IncomingMessage,
    Kind,
    OutgoingMessage,
    Tone,
)
from agent.records import TurnEnd
from agent.state import Effect, Event, State
from tests.support.clock import START
from tests.support.engine import (
    ADA,
    CARD,
    CASE,
    DESK,
    HELD,
    LINUS,
    MARGARET,
    PLACE,
    POST,
    SECOND,
    SOON,
    THREAD,
    Rig,
    at_desk,
    claim,
    control,
    kinds,
    press,
    said,
    wrote,
)

COPIED = replace(CASE, channel=str(DESK), copies=(Copy("t0.2", str(SECOND)),))
WAITING = (Button.CLAIM, Button.RESOLVE, Button.HAND_BACK)
CLAIMED = (Button.RESOLVE, Button.HAND_BACK, Button.RELEASE, Button.TAKE_OVER)


def cards(end: TurnEnd) -> list[OutgoingMessage]:
    """The cards that a turn posts or edits."""
    return [message for message in end.outbox if message.card]


# The card


async def test_a_case_is_opened(rig: Rig) -> None:
    """One card with what can be done about it, and one word to the employee with what to expect."""
    end = await rig.run(claim(control(Kind.ASK_PERSON)))
    (post,) = cards(end)
    assert (post.conversation, post.buttons, post.replaces) == (DESK, WAITING, "")
    assert said(end) == [texts.ESCALATED.format(case="C7", expectation=SOON)]
    (case,) = end.cases
    assert (case.card_id, case.channel, case.looks) == (post.id, str(DESK), 1)
    assert kinds(end).count("case") == 1
    assert end.joining is None


async def test_a_case_that_nobody_decided_to_open(rig: Rig) -> None:
    """The commit is told what to do if it is one of very many."""
    end = await rig.run(claim(POST, attempts=6))
    assert end.joining is not None
    assert end.joining.instead.id == end.cases[0].id
    assert (end.joining.instead.card, end.joining.instead.card_id) == (None, "")


async def test_the_card_as_the_case_moves(rig: Rig) -> None:
    """It is edited, whole but for what is new, and offers what can be done then."""
    moves = [
        (press(Kind.CLAIM), CASE, CaseState.CLAIMED, CLAIMED),
        (press(Kind.RELEASE), HELD, CaseState.WAITING, WAITING),
        (press(Kind.HAND_BACK), HELD, CaseState.HANDED_BACK, ()),
        (press(Kind.RESOLVE, detail="wont_do", text="No."), HELD, CaseState.RESOLVED, ()),
    ]
    for message, case, state, buttons in moves:
        end = await rig.run(at_desk(message, case=case))
        (edit,) = cards(end)
        assert (edit.replaces, edit.conversation, edit.buttons) == ("t0.1", DESK, buttons)
        owner = "" if state is CaseState.WAITING else "Linus"
        outcome = ("wont_do", "No.") if state is CaseState.RESOLVED else ("", "")
        shown = replace(CARD, state=state, owner=owner, outcome=outcome[0], note=outcome[1])
        assert edit.card == shown
        assert end.cases[-1].card == shown


async def test_every_card_is_edited(rig: Rig) -> None:
    """A further card elsewhere tells the same."""
    end = await rig.run(at_desk(press(Kind.CLAIM), case=COPIED))
    assert [(one.conversation, one.replaces) for one in cards(end)] == [
        (DESK, "t0.1"),
        (SECOND, "t0.2"),
    ]


@pytest.mark.parametrize("by_words", [True, False])
async def test_a_claim_on_another_card(rig: Rig, *, by_words: bool) -> None:
    """From then on that one counts: there the employee's words go."""
    message = wrote("Hello") if by_words else press(Kind.CLAIM)
    message = replace(message, conversation=replace(SECOND, thread="99"))
    end = await rig.run(at_desk(message, case=COPIED))
    case = end.cases[-1]
    assert (case.card_id, case.channel) == ("t0.2", str(SECOND))
    assert case.copies == (Copy("t0.1", str(DESK)),)
    assert {one.replaces for one in cards(end)} == {"t0.1", "t0.2"}


@pytest.mark.parametrize("pressed", ["t0.1", "t0.2", ""])
async def test_two_cards_in_one_channel(rig: Rig, pressed: str) -> None:
    """One may not have arrived: that on which somebody presses counts, and words change nothing."""
    twice = replace(COPIED, copies=(Copy("t0.2", str(DESK)),))
    message = press(Kind.CLAIM, about=pressed) if pressed else wrote("Hello")
    end = await rig.run(at_desk(message, case=twice))
    case = end.cases[-1]
    assert case.card_id == (pressed or "t0.1")
    assert {case.card_id, *(copy.card_id for copy in case.copies)} == {"t0.1", "t0.2"}
    assert case.channel == str(DESK)
    assert {one.replaces for one in cards(end)} == {"t0.1", "t0.2"}


@pytest.mark.parametrize(
    "case",
    [
        replace(CASE, card=None),
        replace(CASE, card_id=""),
        replace(CASE, incident="C0"),
    ],
)
async def test_a_case_without_a_card_of_its_own(rig: Rig, case: Case) -> None:
    """Of an older version, not shown yet, or shown on an incident's card: there is none to edit."""
    end = await rig.run(at_desk(press(Kind.CLAIM), case=case))
    assert cards(end) == []
    assert end.cases[-1].owner == "irc:linus"


async def test_leaving_the_queue(rig: Rig) -> None:
    """The card is edited whole, only its state is another, and nothing can be done any more."""
    end = await rig.run(claim(control(Kind.LEAVE_QUEUE), state=State.ESCALATED, case=CASE))
    (edit, _) = end.outbox
    assert (edit.replaces, edit.buttons) == ("t0.1", ())
    assert edit.card == replace(CARD, state=CaseState.WITHDRAWN)
    assert end.cases[0].closed_at == START
    assert end.timers_over == (timer(CASE).key,)


async def test_whoever_has_a_case_learns_that_nobody_needs_them(rig: Rig) -> None:
    """The card alone would be overlooked; where nobody has it, it is enough."""
    leave = control(Kind.LEAVE_QUEUE)
    end = await rig.run(claim(leave, case=HELD, state=State.WITH_HUMAN))
    assert texts.LEFT_OWNER.format(name="Ada") in said(end, DESK)
    end = await rig.run(claim(leave, case=CASE, state=State.ESCALATED))
    assert said(end, DESK) == ["Case C1"]


# What the employee is told


async def test_who_has_it(rig: Rig) -> None:
    """The employee knows with whom they talk."""
    rig.engine.desk_place.times = lambda _place, _channel: DeskTimes(name="IT")
    end = await rig.run(at_desk(press(Kind.CLAIM), case=CASE))
    assert said(end) == [texts.CLAIMED.format(name="Linus (IT)", case="C1")]
    assert end.outbox[-1].to == "ada"
    end = await rig.run(at_desk(press(Kind.TAKE_OVER, MARGARET)))
    assert said(end) == [texts.TRANSFERRED.format(name="Margaret (IT)", case="C1")]
    end = await rig.run(claim(control(Kind.ASK_PERSON), case=HELD, state=State.WITH_HUMAN))
    assert said(end) == [texts.WITH_OWNER.format(name="Linus (IT)", case="C1")]


async def test_people_learn_who_has_it(rig: Rig) -> None:
    """Who is given a case, or loses one, reads it in the thread; who claims it knows."""
    assigned = press(Kind.ASSIGN, detail="irc:margaret")
    for case in (CASE, HELD):
        end = await rig.run(at_desk(assigned, case=case))
        told = [one for one in end.outbox if one.under]
        assert [one.text for one in told] == [texts.GIVEN_TO.format(by="Linus", name="Margaret")]
        assert told[0].under == "t0.1"
    end = await rig.run(at_desk(press(Kind.TAKE_OVER, MARGARET)))
    told = [one for one in end.outbox if one.under]
    assert [one.text for one in told] == [texts.TAKEN_OVER.format(before="Linus", name="Margaret")]
    end = await rig.run(at_desk(press(Kind.CLAIM), case=CASE))
    assert not any(one.under for one in end.outbox)
    joined = replace(HELD, incident="C0")
    end = await rig.run(at_desk(assigned, case=joined))
    assert not any(one.under for one in end.outbox)


async def test_it_waits_again(rig: Rig) -> None:
    """The employee learns that somebody else will take it, and what to expect."""
    end = await rig.run(at_desk(press(Kind.RELEASE)))
    text = texts.RELEASED.format(name="Linus", case="C1", expectation=SOON)
    assert said(end) == [text]
    assert not any(one.under for one in end.outbox)


async def test_whoever_has_it_is_gone(rig: Rig) -> None:
    """An employee writes to somebody who cannot act any more: the case waits again, people are told
    so, and read the words.
    """
    rig.platform.gone.add("linus")
    end = await rig.run(claim(POST, case=HELD, state=State.WITH_HUMAN))
    assert (end.state, end.outcome) == (State.ESCALATED, "owner_gone")
    assert (end.cases[-1].owner, end.cases[-1].state) == ("", CaseState.WAITING)
    assert said(end) == [texts.RELEASED.format(name="Linus", case="C1", expectation=SOON)]
    under = [one.text for one in end.outbox if one.under]
    assert under == [texts.OWNER_GONE.format(name="Linus"), f"**Ada:** {POST.text}"]


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_it_is_resolved(rig: Rig, outcome: Outcome) -> None:
    """The employee reads by whom, how, and the note, and is asked whether it helped."""
    form = press(Kind.RESOLVE, MARGARET, detail=outcome.value, text="New badge.\n@here it is")
    end = await rig.run(at_desk(form))
    text = texts.RESOLVED.format(name="Margaret", outcome=OUTCOMES[outcome], case="C1")
    assert said(end) == [f"{text}\n> New badge.\n> @\u2060here it is"]
    assert end.outbox[-1].feedback
    assert (end.state, end.told) == (State.CLOSED, "")
    case = end.cases[-1]
    assert (case.state, case.outcome, case.closed_at) == (CaseState.RESOLVED, outcome, START)
    assert (case.owner, case.owner_name) == ("irc:margaret", "Margaret")


async def test_it_is_resolved_with_a_word_among_colleagues(rig: Rig) -> None:
    """Lines that are not for the employee stay on the card."""
    for text, quoted in (("// no manual", ""), ("New badge.\n// no manual", "\n> New badge.")):
        end = await rig.run(at_desk(press(Kind.RESOLVE, detail="done", text=text)))
        told = texts.RESOLVED.format(name="Linus", outcome=OUTCOMES[Outcome.DONE], case="C1")
        assert said(end) == [f"{told}{quoted}"]
        (card,) = [one.card for one in cards(end)]
        assert card is not None
        assert card.note == text


async def test_a_long_note_is_cut(rig: Rig) -> None:
    """A form may bring more than it was told to take."""
    end = await rig.run(at_desk(press(Kind.RESOLVE, detail="done", text="x" * 3000)))
    assert end.cases[-1].note == "x" * 1000


async def test_it_is_handed_back(rig: Rig) -> None:
    """The conversation is the bot's again, and its context says from where on."""
    end = await rig.run(at_desk(press(Kind.HAND_BACK)))
    assert said(end) == [texts.HANDED_BACK.format(name="Linus", case="C1")]
    assert end.state is State.IDLE
    (mark,) = [entry for entry in end.journal if entry.kind == Line.HANDED_BACK]
    assert mark.data == {"case": "C1", "name": "Linus"}
    assert rig.model.asked == []


async def test_the_bot_goes_on_after_a_hand_back(rig: Rig) -> None:
    """It reads what people said as theirs, no note, and that it is its own conversation again."""
    rows = (wrote("Your badge is new."), wrote("// she is kind", n="79"))
    end = await rig.run(at_desk(*rows))
    history = tuple(replace(entry, seq=n) for n, entry in enumerate(end.journal, 1))
    back = await rig.run(at_desk(press(Kind.HAND_BACK), history=history))
    history += tuple(replace(entry, seq=n) for n, entry in enumerate(back.journal, 20))
    end = await rig.run(claim(POST, history=history))
    assert said(end) == ["An answer."]
    (prompt,) = rig.model.asked
    shown = [message.text for message in prompt.messages[1:]]
    assert shown[0] == '{"colleague":"Linus","text":"Your badge is new."}'
    assert '{"handed_back_by":"Linus"}' in shown
    assert not any("kind" in text for text in shown)


# Nothing to do


DONE_WITHOUT_A_CASE = [
    Effect.TAKE_CASE,
    Effect.SAY_CLAIMED,
    Effect.RELEASE_CASE,
    Effect.SAY_RELEASED,
    Effect.CLOSE_CASE,
    Effect.SAY_RESOLVED,
    Effect.MARK_HAND_BACK,
    Effect.SAY_HANDED_BACK,
    Effect.SAY_WAITING,
]


@pytest.mark.parametrize("effect", DONE_WITHOUT_A_CASE)
async def test_performers_without_a_case(rig: Rig, effect: Effect) -> None:
    """Where the database has lost it, no turn breaks over it."""
    draft = rig.engine._begin(claim(POST))
    draft.events.append(Event.RESOLVED)
    await rig.engine._performers[effect](draft)
    assert (draft.outbox, draft.cases, draft.journal) == ([], [], [])


async def test_a_case_that_time_gives_to_somebody(rig: Rig) -> None:
    """Nobody acts: there is nobody to be named in the thread, nor in the mark."""
    draft = rig.engine._begin(claim(POST, case=HELD, state=State.WITH_HUMAN))
    draft.events.append(Event.TRANSFERRED)
    draft.taker = Author("margaret", "Margaret")
    await rig.engine._performers[Effect.SAY_CLAIMED](draft)
    assert not any(one.under for one in draft.outbox)
    await rig.engine._performers[Effect.MARK_HAND_BACK](draft)
    assert draft.journal[-1].data == {"case": "C1", "name": ""}


async def test_the_channel_of_an_older_case_is_gone(rig: Rig) -> None:
    """Its card and its thread are nowhere any more."""
    rig.engine.desk_place.channel = None
    draft = rig.engine._begin(claim(POST, case=HELD, state=State.WITH_HUMAN))
    draft.events.append(Event.OWNER_GONE)
    for effect in (Effect.RELEASE_CASE, Effect.SAY_RELEASED):
        await rig.engine._performers[effect](draft)
    assert [one.conversation for one in draft.outbox] == [PLACE]


# Rows that fail


async def test_a_row_that_fails_too_often(rig: Rig) -> None:
    """People are told in the thread; the employee and the case know nothing of it."""
    for message, under, place in (
        (press(Kind.RESOLVE, detail="done"), "t0.1", DESK),
        (wrote("Hello"), "", THREAD),
    ):
        end = await rig.run(at_desk(message, attempts=6))
        (told,) = end.outbox
        assert (told.text, told.under, told.conversation) == (texts.STAFF_BROKEN, under, place)
        assert told.tone is Tone.NOTICE
        assert (end.cases, end.state, end.outcome) == ((), State.WITH_HUMAN, "dead_letter")
        assert rig.engine.last_words(at_desk(message)).outbox == end.outbox


async def test_a_press_for_many_cases_that_fails_too_often(rig: Rig) -> None:
    """The thread of an incident does not tell of each."""
    joined = replace(HELD, incident="C0")
    assert (await rig.run(at_desk(press(Kind.CLAIM), case=joined, attempts=6))).outbox == ()


@pytest.mark.parametrize("kind", [Kind.LOOK, Kind.SHOWN, Kind.GATHER])
async def test_what_happens_by_itself_fails_in_silence(rig: Rig, kind: Kind) -> None:
    """Nobody did anything that they could do once more."""
    message = IncomingMessage(PLACE, "look-C1-1", kind, Author(""), about="C1")
    end = await rig.run(claim(message, case=CASE, state=State.ESCALATED, attempts=6))
    assert (end.outbox, end.outcome, kinds(end)) == ((), "dead_letter", ["turn"])


# Told at once, on the employee's side


async def test_a_press_on_never_mind_that_comes_too_late(rig: Rig) -> None:
    """Whoever pressed learns why nothing happens."""
    leave = control(Kind.LEAVE_QUEUE)
    assert (await rig.run(claim(leave))).told == texts.NO_CASE
    other = replace(leave, author=LINUS)
    end = await rig.run(claim(other, case=HELD, state=State.WITH_HUMAN))
    assert (end.told, end.cases) == (texts.NOT_YOUR_CASE, ())
    end = await rig.run(claim(leave, case=HELD, state=State.WITH_HUMAN))
    assert (end.told, end.state) == ("", State.IDLE)
    assert end.cases[-1].employee_id == ADA.id
    assert end.cases[-1].cause is Cause.PERSON_ASKED
