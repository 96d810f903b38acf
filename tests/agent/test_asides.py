"""Beside the conversation: a welcome, commands that are written, and what may not have arrived."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Case
from agent.errors import (
    DeliveryError,
    DeliveryRetry,
    DeliveryUnknown,
    InstallationFatal,
    PlaceFatal,
)
from agent.journal import Line
from agent.messages import Author, Button, ConversationId, IncomingMessage, Kind, OutgoingMessage
from agent.platforms import Command
from agent.records import Entry, Feedback, TurnEnd, Unconfirmed
from agent.state import RESTING, Event, State
from tests.support.clock import START
from tests.support.engine import (
    ADA,
    CASE,
    GRACE,
    PLACE,
    POST,
    SOON,
    Rig,
    claim,
    control,
    kinds,
    said,
)

DIRECT = ConversationId("irc", "net", "@ada")
STATUS = IncomingMessage(PLACE, "2", Kind.COMMAND, ADA, "status")
REPEAT = replace(POST, text="Repeat, please.")
HISTORY = (
    Entry("said", {"id": "0", "author": "ada", "name": "Ada", "text": "Leave?"}, START, "t3", 1),
)


def lost(name: str = "t3.1", *, to: str = "ada", mentioned: bool = False) -> Unconfirmed:
    """A message that may not have arrived."""
    return Unconfirmed(OutgoingMessage(name, PLACE, "27 days.", to=to), mentioned)


def a_case(state: State) -> Case | None:
    return CASE if state in (State.ESCALATED, State.WITH_HUMAN) else None


# A welcome


@pytest.mark.parametrize("state", sorted(RESTING))
async def test_a_welcome(rig: Rig, state: State) -> None:
    """Whoever has the bot for the first time is greeted, with something to begin with."""
    end = await rig.run(claim(control(Kind.NEWCOMER), state=state, case=a_case(state)))
    (welcome,) = end.outbox
    assert (welcome.text, welcome.to) == (texts.WELCOME, "ada")
    assert welcome.prompts == texts.PROMPTS
    assert end.state is state
    assert kinds(end) == ["aside", "turn"]


async def test_a_welcome_is_no_conversation(rig: Rig) -> None:
    """The model that answers the first question reads nothing of it, nor of a command's answer."""
    greeted = await rig.run(claim(control(Kind.NEWCOMER)))
    told = await rig.run(claim(replace(STATUS, direct=True)))
    history = tuple(replace(one, seq=1) for one in (*greeted.journal, *told.journal))
    await rig.run(claim(POST, state=State.CLOSED, history=history))
    (prompt,) = rig.model.asked
    assert "status is done" in str(told.outbox)
    for words in (texts.GREETING, "status is done"):
        assert not [one for one in prompt.messages if words in one.text]


# Commands


@pytest.mark.parametrize("state", sorted(RESTING))
async def test_a_command_in_a_direct_conversation(rig: Rig, state: State) -> None:
    """It is answered in place, and is no part of what people who have a case read."""
    end = await rig.run(claim(replace(STATUS, direct=True), state=state, case=a_case(state)))
    (answer,) = end.outbox
    assert (answer.text, answer.conversation, answer.to) == ("status is done", PLACE, "ada")
    assert end.state is state
    assert kinds(end) == ["aside", "turn"]
    assert rig.commands == [
        Command("irc", "net", "#help", ADA, "status", STATUS.id, direct=True, thread="1")
    ]


async def test_a_command_among_colleagues(rig: Rig) -> None:
    """Its answer is for its author alone."""
    end = await rig.run(claim(STATUS))
    assert said(end, DIRECT) == ["status is done"]
    assert said(end) == []
    assert not rig.commands[0].direct


@pytest.mark.parametrize("error", [PlaceFatal(), InstallationFatal()])
async def test_a_command_that_cannot_be_answered(rig: Rig, error: DeliveryError) -> None:
    """It is not carried out, and nothing of it is said among colleagues but where to write it."""
    rig.platform.refused["ada"] = error
    end = await rig.run(claim(STATUS))
    assert said(end) == [texts.ONLY_DIRECTLY]
    assert rig.commands == []


@pytest.mark.parametrize("error", [DeliveryRetry(), DeliveryUnknown()])
async def test_a_command_that_cannot_be_answered_now(rig: Rig, error: DeliveryError) -> None:
    """The turn is tried again, and the command is carried out when it can be answered."""
    rig.platform.refused["ada"] = error
    with pytest.raises(type(error)):
        await rig.run(claim(STATUS))
    assert rig.commands == []


async def test_a_platform_that_takes_too_long(rig: Rig) -> None:
    """That is a reason to try again, too."""
    rig.platform.seconds = 60
    running = asyncio.create_task(rig.run(claim(STATUS)))
    await rig.clock.until(running.done)
    with pytest.raises(DeliveryRetry):
        await running


@pytest.mark.parametrize("message", [STATUS, control(Kind.NEWCOMER)])
async def test_an_aside_that_always_fails(rig: Rig, message: IncomingMessage) -> None:
    """Its author is told; it is nothing that people at the desk could help with."""
    end = await rig.run(claim(message, attempts=6))
    assert said(end) == [texts.BROKEN.format(contact=texts.NOBODY_CONTACT)]
    assert end.cases == ()


# What may not have arrived


async def test_it_is_mentioned_at_the_next_contact(rig: Rig) -> None:
    """Whoever is answered is told that something before may not have arrived; once."""
    end = await rig.run(claim(POST, history=HISTORY, unconfirmed=(lost(), lost("t4.1"))))
    assert said(end) == ["An answer.", texts.MAY_BE_LOST]
    assert end.mentioned == ("t3.1", "t4.1")
    assert kinds(end)[-2:] == ["notice", "turn"]
    told = claim(POST, history=HISTORY, unconfirmed=(lost(mentioned=True),))
    end = await rig.run(told)
    assert (said(end), end.mentioned) == (["An answer."], ())


async def test_only_its_reader_is_told(rig: Rig) -> None:
    """Grace is answered in a thread where something for Ada may not have arrived."""
    end = await rig.run(claim(replace(POST, author=GRACE), unconfirmed=(lost(),)))
    assert (said(end), end.mentioned) == (["An answer."], ())


@pytest.mark.parametrize(
    "message", [control(Kind.FEEDBACK, about="t3.1", detail="up"), STATUS, POST]
)
async def test_it_waits_for_words_in_its_place(rig: Rig, message: IncomingMessage) -> None:
    """Nobody is written to because of it alone: not for a press, not after what is said elsewhere,
    not while the bot is mute.
    """
    mute = claim(message, state=State.WITH_HUMAN, case=CASE, unconfirmed=(lost(),))
    assert (await rig.run(mute)).mentioned == ()


async def test_who_gives_up_tells_of_it_too(rig: Rig) -> None:
    """The last words of a turn are words."""
    end = await rig.run(claim(POST, attempts=6, unconfirmed=(lost(),)))
    assert said(end) == [texts.DEAD_LETTER.format(case="C7", expectation=SOON), texts.MAY_BE_LOST]


async def test_the_mention_did_not_arrive(rig: Rig) -> None:
    """It is said again; but nobody is told of a mention whose reason is gone."""
    mention = replace(lost("t4.2").message, text=texts.MAY_BE_LOST)
    both = (lost(mentioned=True), Unconfirmed(mention, mentioned=False))
    end = await rig.run(claim(POST, unconfirmed=both))
    assert said(end) == ["An answer.", texts.MAY_BE_LOST]
    assert end.mentioned == ("t4.2",)
    end = await rig.run(claim(POST, unconfirmed=both[1:]))
    assert (said(end), end.mentioned) == (["An answer."], ())


@pytest.mark.parametrize("mentioned", [False, True])
@pytest.mark.parametrize("state", sorted(RESTING))
async def test_it_is_sent_again(rig: Rig, state: State, mentioned: bool) -> None:
    """Whoever says 'repeat' gets it once more, also while people have the case, and nothing else.

    The mention itself is not repeated.
    """
    mention = replace(lost("t4.2").message, text=texts.MAY_BE_LOST)
    theirs = (lost(mentioned=mentioned), Unconfirmed(mention, mentioned))
    end = await rig.run(
        claim(REPEAT, state=state, case=a_case(state), unconfirmed=(*theirs, lost("x", to="grace")))
    )
    assert (end.again, end.outbox, end.mentioned) == (("t3.1",), (), ())
    assert (end.state, end.outcome) == (state, Event.REPEAT_ASKED)
    assert kinds(end) == ["said", "retried", "turn"]
    assert rig.model.asked == []


async def test_it_is_sent_again_while_paused(rig: Rig) -> None:
    """It was said before the pause."""
    rig.engine.intake.paused = True
    assert (await rig.run(claim(REPEAT, unconfirmed=(lost(),)))).again == ("t3.1",)


@pytest.mark.parametrize("unconfirmed", [(), (lost(to="grace"),)])
async def test_a_repeat_of_nothing_is_a_question(
    rig: Rig, unconfirmed: tuple[Unconfirmed, ...]
) -> None:
    """With nothing in doubt for its author it is a message like any other."""
    end = await rig.run(claim(REPEAT, unconfirmed=unconfirmed))
    assert (said(end), end.again) == (["An answer."], ())


async def test_a_repeat_beside_a_question(rig: Rig) -> None:
    """What else was written at once must not be lost: all of it is answered."""
    more = replace(POST, id="2", text="repeat")
    end = await rig.run(claim(POST, more, unconfirmed=(lost(),)))
    assert said(end) == ["An answer.", texts.MAY_BE_LOST]
    assert end.again == ()


async def test_a_repeat_keeps_the_question_open(rig: Rig) -> None:
    """The question whether something may be done is what did not arrive: it still counts."""
    asked = replace(lost().message, buttons=(Button.APPROVE, Button.DENY))
    end = await rig.run(
        claim(REPEAT, state=State.AWAITING_APPROVAL, unconfirmed=(Unconfirmed(asked, True),))
    )
    assert (end.state, end.again, end.approvals) == (State.AWAITING_APPROVAL, ("t3.1",), ())


# Verdicts


async def test_a_verdict_on_nothing_of_ours(rig: Rig) -> None:
    """A press on something that is not known is dropped without a word."""
    end: TurnEnd = await rig.run(claim(control(Kind.FEEDBACK, about_ref="99.9", detail="up")))
    assert (end.feedback, end.outbox, end.outcome) == ((), (), Event.VANISHED)


@pytest.mark.parametrize("comment", ["", "Nicely put"])
async def test_a_verdict_with_words(rig: Rig, comment: str) -> None:
    """They are kept with the verdict, and are nothing that was said to the assistant."""
    given = control(Kind.FEEDBACK, about="t1.1", detail="up", text=comment)
    end = await rig.run(claim(given))
    assert end.feedback == (Feedback("t1.1", "ada", "up", comment),)
    assert [one.kind for one in end.journal] == [Line.RATED, Line.TURN]
    told = {"message": "t1.1", "author": "ada", "verdict": "up"}
    assert end.journal[0].data == ({**told, "comment": comment} if comment else told)


async def test_nobody_is_told_by_itself(rig: Rig) -> None:
    """What happens by itself is for nobody in particular."""
    by_itself = control(Kind.EXPIRE, Author(""), about="t3:2")
    end = await rig.run(claim(by_itself, unconfirmed=(lost(to=""),)))
    assert (end.mentioned, end.outbox) == ((), ())
