"""Two cards of one case: where the talk is, people read what is said under the other card, too."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Case, CaseState, Copy
from agent.errors import PlaceFatal
from agent.journal import Line
from agent.messages import Author, IncomingMessage, Kind, OutgoingMessage, Tone
from agent.records import Entry, TurnEnd
from agent.state import State
from tests.support.clock import START
from tests.support.engine import (
    DESK,
    HELD,
    LINUS,
    MARGARET,
    SECOND,
    Rig,
    after,
    at_desk,
    claim,
    control,
    deleted,
    edited,
    said,
    wrote,
)

TALK = replace(HELD, channel=str(SECOND), card_id="t9.9", copies=(Copy("t0.1", str(DESK)),))
"""Linus has the case in the second channel; Margaret writes under its first card."""
ARRIVED = Entry(Line.DELIVERED, {"message": "t9.9", "ref": "5"}, START, "t9", 1)
ELSEWHERE = texts.TALK_ELSEWHERE.format(case="C1", where=texts.IN_ANOTHER_CHANNEL)
CABLE = wrote("Take the red cable", MARGARET)
SHOWN = "**Margaret**, under the other card: Take the red cable"


async def margaret(
    rig: Rig, message: IncomingMessage = CABLE, case: Case = TALK, *history: Entry
) -> TurnEnd:
    """A turn of what Margaret does under the first card."""
    return await rig.run(at_desk(message, case=case, history=history))


def beside(end: TurnEnd) -> list[OutgoingMessage]:
    """What a turn posts where the talk is."""
    return [one for one in end.outbox if one.conversation == SECOND]


async def test_words_under_the_other_card(rig: Rig) -> None:
    """The employee gets them as ever; those who talk with them read them, too, and Margaret where
    the talk goes on.
    """
    end = await margaret(rig)
    assert said(end) == ["**Margaret:** Take the red cable"]
    (shown,) = beside(end)
    assert (shown.text, shown.under, shown.tone) == (SHOWN, "t9.9", Tone.NOTICE)
    assert (shown.for_desk, shown.to) == (True, "")
    told = end.outbox[-1]
    assert (told.text, told.conversation) == (ELSEWHERE, CABLE.conversation)
    assert end.state is State.WITH_HUMAN


async def test_it_is_told_once(rig: Rig) -> None:
    """For each case and person; the words are shown each time."""
    history = after(await margaret(rig))
    more = wrote("Or the blue one", MARGARET, "79")
    end = await margaret(rig, more, TALK, *history)
    assert [one.text for one in beside(end)] == [
        "**Margaret**, under the other card: Or the blue one"
    ]
    assert ELSEWHERE not in [one.text for one in end.outbox]
    end = await margaret(rig, wrote("Or none", LINUS, "80"), TALK, *history)
    assert end.outbox[-1].text == ELSEWHERE


@pytest.mark.parametrize("link", ["", "https://irc.example/5"])
async def test_the_way_there(rig: Rig, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is linked if the card has an address."""
    asked: list[IncomingMessage] = []

    async def permalink(message: IncomingMessage) -> str:
        asked.append(message)
        return link

    monkeypatch.setattr(rig.platform, "permalink", permalink)
    end = await margaret(rig, CABLE, TALK, ARRIVED)
    assert [(one.conversation, one.id) for one in asked] == [(SECOND, "5")]
    where = texts.IN_ANOTHER_CHANNEL
    assert end.outbox[-1].text == (
        ELSEWHERE.replace(where, f"[{where}]({link})") if link else ELSEWHERE
    )
    (line,) = [one.data for one in end.journal if one.kind == Line.ASIDE]
    assert line["text"] == ELSEWHERE


async def test_the_way_there_takes_too_long(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it: Margaret is told without it."""

    async def permalink(message: IncomingMessage) -> str:
        await rig.clock.sleep(60)
        return "https://irc.example/5"

    monkeypatch.setattr(rig.platform, "permalink", permalink)
    turn = asyncio.ensure_future(margaret(rig, CABLE, TALK, ARRIVED))
    await rig.clock.until(turn.done, at_most=10)
    assert turn.result().outbox[-1].text == ELSEWHERE


async def test_two_cards_in_one_channel(rig: Rig) -> None:
    """One was in doubt: which of them it was is known by what its thread is called."""
    twins = replace(TALK, channel=str(DESK))
    arrived = Entry(Line.DELIVERED, {"message": "t0.1", "ref": "77"}, START, "t0", 1)
    end = await margaret(rig, CABLE, twins, arrived)
    assert SHOWN in [one.text for one in end.outbox]
    assert texts.IN_THIS_CHANNEL in end.outbox[-1].text
    assert said(await margaret(rig, CABLE, twins), DESK) == []


async def test_they_are_changed_and_taken_back(rig: Rig) -> None:
    """Both for the employee and where they are shown."""
    history = after(await margaret(rig))
    (shown,) = [one.data for one in history if one.data.get("to") == "colleagues"]
    (first,) = shown["messages"]
    end = await margaret(rig, edited(CABLE, "Take the blue cable"), TALK, *history)
    (change,) = beside(end)
    assert change.text == "**Margaret**, under the other card: Take the blue cable"
    assert (change.replaces, change.under) == (first, "t9.9")
    assert said(end) == ["**Margaret:** Take the blue cable"]
    end = await margaret(rig, edited(CABLE, "// no"), TALK, *history)
    assert beside(end)[0].text == f"**Margaret**, under the other card: {texts.WITHDRAWN}"
    end = await margaret(rig, deleted(CABLE), TALK, *history)
    assert beside(end)[0].text == f"**Margaret**, under the other card: {texts.DELETED}"
    assert said(end) == [f"**Margaret:** {texts.DELETED}"]


async def test_notes_stay_where_they_are(rig: Rig) -> None:
    """What the employee does not get is not shown elsewhere."""
    assert (await margaret(rig, wrote("// odd", MARGARET))).outbox == ()
    (shown,) = beside(await margaret(rig, wrote("Yes\n// odd", MARGARET)))
    assert shown.text == "**Margaret**, under the other card: Yes"


async def test_words_where_the_talk_is(rig: Rig) -> None:
    """They stand there already; so do those of whoever takes the case by them; and an incident has
    one card for all.
    """
    here = replace(CABLE, conversation=replace(SECOND, thread="5"))
    assert beside(await margaret(rig, here)) == []
    waiting = replace(TALK, state=CaseState.WAITING, owner="", owner_name="")
    end = await rig.run(at_desk(CABLE, case=waiting, state=State.ESCALATED))
    assert [one.text for one in beside(end) if not one.card] == []
    joined = replace(TALK, incident="C0", card=None, copies=())
    assert beside(await margaret(rig, CABLE, joined)) == []


async def test_they_cannot_be_shown_there(rig: Rig) -> None:
    """The employee has read them: nobody is told anything."""
    (shown,) = beside(await margaret(rig))
    dead = control(Kind.UNDELIVERABLE, Author(""), detail=PlaceFatal.__name__, about=shown.id)
    taken = claim(dead, state=State.WITH_HUMAN, case=TALK, undelivered=shown)
    assert (await rig.run(taken)).outbox == ()
