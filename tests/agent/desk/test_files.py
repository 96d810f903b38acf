"""What employees send along before people have their case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Case
from agent.desk.joining import showing
from agent.errors import RowFatal
from agent.journal import TO_DESK
from agent.messages import Author, Kind, OutgoingMessage, Tone
from agent.records import TurnEnd
from agent.state import State
from tests.support.engine import CASE, DESK, PLACE, POST, Rig, after, claim, control, said
from tests.support.scripted import Say, decision

PICTURE = replace(
    POST, id="2", text="", files=("screen.png",), file_links=("https://files.example/screen",)
)
LINKED = f"**Ada:** {texts.SENT_ALONG.format(files='[screen.png](https://files.example/screen)')}"
LOST = f"{RowFatal.__name__}: what it belongs under never arrived"
JOINS = replace(CASE, card=None, card_id="", channel=str(DESK))


def relayed(end: TurnEnd) -> list[dict[str, object]]:
    """What the journal tells of what was passed on."""
    return [dict(one.data) for one in end.journal if one.kind == "relayed"]


async def test_a_picture_beside_a_question(rig: Rig) -> None:
    """The model wants people for Ada's question: her picture stands under the card, where it can be
    opened; her words, which the card shows, do not.
    """
    rig.model.acts = [Say(decision(action="escalate"))]
    end = await rig.run(claim(POST, PICTURE))
    card, picture, _ = end.outbox
    assert card.card is not None
    assert (picture.under, picture.conversation, picture.text) == (card.id, DESK, LINKED)
    assert picture.tone is Tone.PERSON
    assert [(one["post"], one["to"], one["messages"]) for one in relayed(end)] == [
        ("2", TO_DESK, (picture.id,))
    ]
    gone = replace(PICTURE, kind=Kind.DELETE, files=(), file_links=(), revision="deleted")
    case = end.cases[-1]
    end = await rig.run(claim(gone, case=case, state=State.ESCALATED, history=after(end)))
    assert [(one.replaces, one.text) for one in end.outbox] == [
        (picture.id, f"**Ada:** {texts.DELETED}")
    ]


async def test_what_was_for_people_alone(rig: Rig) -> None:
    """In a channel a picture and a thumb do not mention the bot: they are no part of the question,
    and stand under the card, with what becomes of them, if it brings a case; else nothing is kept.
    """
    picture = replace(PICTURE, mentions_bot=False, in_thread=True)
    thumb = replace(picture, id="3", text="👍", files=(), file_links=())
    rig.model.acts = [Say(decision(action="escalate"))]
    end = await rig.run(claim(POST, picture, thumb))
    card, *under, _ = end.outbox
    assert [(one.under, one.text) for one in under] == [(card.id, LINKED), (card.id, "**Ada:** 👍")]
    assert card.card is not None
    assert "👍" not in str(card.card)
    assert [one.data["id"] for one in end.journal if one.kind == "said"] == ["1", "2", "3"]
    edit = replace(thumb, kind=Kind.EDIT, text="👎", revision="2")
    changed = claim(edit, case=end.cases[-1], state=State.ESCALATED, history=after(end))
    assert [(one.replaces, one.text) for one in (await rig.run(changed)).outbox] == [
        (under[1].id, "**Ada:** 👎")
    ]
    rig.model.acts = [Say(decision())]
    end = await rig.run(claim(POST, picture, thumb))
    assert [one.data["id"] for one in end.journal if one.kind == "said"] == ["1"]
    assert said(end, DESK) == []


async def test_a_picture_with_words(rig: Rig) -> None:
    """It was sent with the words: they are on the card, it is under it."""
    both = replace(PICTURE, text="My screen")
    end = await rig.run(claim(control(Kind.ASK_PERSON), both))
    card, picture, _ = end.outbox
    assert card.card is not None
    assert "My screen" in card.card.summary
    assert picture.text == LINKED


async def test_the_card_is_that_of_many(rig: Rig) -> None:
    """The case was one of very many, and has no card yet: the picture waits for one."""
    unnamed = LINKED.replace("Ada", "ada")  # nobody was asked who she is
    opened = await rig.run(claim(POST, PICTURE, attempts=6))
    (picture,) = [one for one in opened.outbox if one.under]
    assert opened.joining is not None
    joins = replace(opened.joining.instead, looks=1)
    end = await lost(rig, picture, joins, opened)
    assert said(end) == []
    assert end.elsewhere == (picture.id,)
    assert [(one["messages"], one["text"]) for one in relayed(end)] == [((), unnamed)]
    incident = replace(CASE, id="C99", card_id="m99", channel=str(DESK))
    shown = showing(incident, joins.lane, joins.id, "t99").message
    history = (*after(opened), *after(end, 50))
    told = claim(shown, case=joins, state=State.ESCALATED, history=history, case_id=joins.id)
    (message,) = [one for one in (await rig.run(told)).outbox if one.under]
    assert (message.under, message.text) == ("m99", unnamed)
    again = await lost(rig, picture, joins, opened, end)
    assert "did not reach" in said(again)[0], "it waits once"


@pytest.mark.parametrize("tone", [Tone.NOTICE, Tone.PERSON])
async def test_what_nobody_has_passed_on_does_not_wait(rig: Rig, tone: Tone) -> None:
    """Words of which the journal knows nothing are not kept."""
    message = OutgoingMessage("x.1", DESK, "?", under="x.0", for_desk=True, tone=tone)
    opened = await rig.run(claim(control(Kind.STOP)))
    end = await lost(rig, message, JOINS, opened)
    assert relayed(end) == []
    assert len(said(end, PLACE)) == (tone is Tone.PERSON)


async def lost(rig: Rig, message: OutgoingMessage, case: Case, *before: TurnEnd) -> TurnEnd:
    """The turn of words whose card was never posted."""
    told = control(Kind.UNDELIVERABLE, Author(""), detail=LOST, about=message.id)
    history = [line for n, end in enumerate(before) for line in after(end, 1 + 50 * n)]
    taken = claim(
        told,
        state=State.ESCALATED,
        case=case,
        history=tuple(history),
        undelivered=message,
    )
    return await rig.run(replace(taken, turn_id="t9"))
