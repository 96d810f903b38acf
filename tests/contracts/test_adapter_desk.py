"""The contract of every adapter, run over each platform's twin: what the desk needs of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from agent import texts
from agent.cases import CaseCard, CaseState, Outcome
from agent.errors import DeliveryError, PlaceFatal
from agent.messages import Button, Kind, OutgoingMessage, Tone
from agent.records import Delivery
from tests.contracts.platform import Pressed
from tests.contracts.stage import Stage, delivery

# Members


async def test_who_is_in_a_channel_is_a_member(stage: Stage) -> None:
    """The platform itself says so, and of people that it does not know, no."""
    await stage.platform.write("A question")
    adapter, place = stage.platform.adapter, stage.platform.place()
    grace = stage.platform.add_person("Grace Hopper")
    assert await adapter.member(place, stage.platform.person())
    assert not await adapter.member(place, grace)
    assert not await adapter.member(place, "U0NOBODY")
    await stage.platform.join(grace)
    await stage.clock.advance(61)
    assert await adapter.member(place, grace)


@pytest.mark.parametrize("end", ["leaves", "has no account any more"])
async def test_who_is_gone_is_no_member(stage: Stage, end: str) -> None:
    """At the latest a minute after it happened."""
    await stage.platform.write("A question")
    adapter, place = stage.platform.adapter, stage.platform.place()
    grace = stage.platform.add_person("Grace Hopper")
    await stage.platform.join(grace)
    assert await adapter.member(place, grace)
    if end == "leaves":
        await stage.platform.leave(grace)
    else:
        stage.platform.deactivate(grace)
    await stage.clock.advance(61)
    assert not await adapter.member(place, grace)
    assert await adapter.member(place, stage.platform.person())


async def test_of_a_channel_that_is_not_to_be_seen_nobody_can_tell(stage: Stage) -> None:
    """That is no 'no': what can be done about it is said."""
    with pytest.raises(PlaceFatal):
        await stage.platform.adapter.member(stage.platform.gone(), stage.platform.person())


async def test_while_the_platform_is_out_nobody_can_tell(stage: Stage) -> None:
    """An outage makes nobody a stranger, and nobody a member."""
    await stage.platform.write("A question")
    stage.platform.out()
    place, person = stage.platform.place(), stage.platform.person()
    asking = asyncio.ensure_future(stage.platform.adapter.member(place, person))
    await stage.clock.until(asking.done)
    with pytest.raises(DeliveryError):
        await asking


# Presses and forms


LATE = 60.0
"""Seconds after a press in which what came of it can surely still be told."""
OPEN = (Button.CLAIM, Button.RESOLVE, Button.HAND_BACK)
CARD = CaseCard(
    case_id="C7",
    state=CaseState.WAITING,
    reason="The employee asked for a person.",
    employee_ref="slack:U0SECRET",
    employee_name="Ada Byron",
    place="a direct message",
    summary="The printer is on fire",
    transcript=("Ada Byron: 2 * 3 * 4 is what?", "Frontdesk: It is **24** now"),
    draft="Please **leave** the room",
    confidence=0.31,
    permalink="https://chat.example/archives/1",
)


async def card(stage: Stage, **changes: Any) -> Delivery:
    """A case's card in the thread of a question; the delivery knows the platform's id of it."""
    await stage.platform.write("A question")
    sent = delivery(stage, "Case C7", **{"card": CARD, "buttons": OPEN, **changes})
    ref = await stage.platform.adapter.send(sent)
    await stage.clock.settle()
    stage.door.messages.clear()
    return replace(sent, replaces_ref=ref)


def _of_ours(labels: list[str]) -> list[str]:
    """The buttons that a message carries; a platform may add a way of its own to answer."""
    return [label for label in labels if label in texts.BUTTONS.values()]


async def test_a_card_says_everything_about_a_case(stage: Stage) -> None:
    """Who asks by name and not by id, and Markdown as it looks and not as it is written."""
    sent = await card(stage)
    seen = stage.platform.seen(sent.message.conversation)
    told = ["C7", CARD.reason, "Ada Byron", CARD.place, CARD.summary, "2 * 3 * 4", "24", "leave"]
    assert [words for words in told if words not in seen] == []
    assert "0.31" in seen
    assert CARD.permalink in seen
    assert "U0SECRET" not in seen
    assert "**" not in seen


async def test_a_card_without_a_name_says_the_id(stage: Stage) -> None:
    """Better than nobody."""
    sent = await card(stage, card=replace(CARD, employee_name=""))
    assert "U0SECRET" in stage.platform.seen(sent.message.conversation)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"state": CaseState.CLAIMED, "owner": "Grace"}, ["laimed", "Grace"]),
        (
            {
                "state": CaseState.RESOLVED,
                "owner": "Grace",
                "outcome": "wont_do",
                "note": "Too *hot*",
            },
            ["esolved", "Grace", "Won't do", "Too *hot*"],
        ),
        ({"state": CaseState.WITHDRAWN}, ["ithdrawn"]),
        ({"state": CaseState.HANDED_BACK}, ["anded back"]),
        ({"state": CaseState.STALE}, ["losed"]),
        ({"joined": 12}, ["12 cases"]),
    ],
)
async def test_a_card_moves_with_its_case(
    stage: Stage, changes: dict[str, Any], told: list[str]
) -> None:
    """An edit of it shows who has it, how it ended, for how many cases it stands."""
    first = await card(stage)
    edit = delivery(stage, "Case C7", 2, card=replace(CARD, **changes), replaces=first.message.id)
    await stage.platform.adapter.send(replace(edit, replaces_ref=first.replaces_ref))
    seen = stage.platform.seen(first.message.conversation)
    assert [words for words in told if words not in seen] == []
    assert _of_ours(stage.platform.buttons(first.message.conversation)) == []


async def test_a_card_has_the_buttons_that_it_is_given(stage: Stage) -> None:
    """In their order, under their names."""
    sent = await card(stage)
    labels = [texts.BUTTONS[button] for button in OPEN]
    assert _of_ours(stage.platform.buttons(sent.message.conversation)) == labels


@pytest.mark.parametrize("button", sorted(set(Button) - {Button.RESOLVE}))
async def test_a_press_comes_in_as_what_the_button_says(stage: Stage, button: Button) -> None:
    """By whom, where, and about which message of ours."""
    sent = await card(stage, buttons=(button,))
    pressed = await stage.platform.press(stage.platform.person(), sent.message.conversation, button)
    assert pressed == Pressed(True)
    (message,) = stage.door.messages
    assert message.kind is Kind(button.value)
    assert message.author.id == stage.platform.person()
    assert message.conversation == sent.message.conversation
    assert message.in_thread
    assert message.about == sent.message.id or message.about_ref


async def test_what_comes_of_a_press_is_told_to_whoever_pressed(stage: Stage) -> None:
    """Nobody else sees it."""
    sent = await card(stage)
    before = stage.platform.seen(sent.message.conversation)
    stage.door.told = "Grace has had it since 9:30."
    pressed = await stage.platform.press(
        stage.platform.person(), sent.message.conversation, Button.CLAIM
    )
    assert pressed == Pressed(True, "Grace has had it since 9:30.")
    assert stage.platform.seen(sent.message.conversation) == before


async def test_a_press_under_a_post_at_the_top_level_is_in_its_thread(stage: Stage) -> None:
    """That is where a reply to the post would be."""
    await stage.platform.write("A question")
    top = replace(stage.platform.place(), thread="")
    message = OutgoingMessage("t1.1", top, "Case C7", card=CARD, buttons=OPEN)
    ref = await stage.platform.adapter.send(Delivery(1, str(top), message))
    stage.door.messages.clear()
    thread = replace(top, thread=ref)
    await stage.platform.press(stage.platform.person(), thread, Button.CLAIM)
    (press,) = stage.door.messages
    assert (press.conversation, press.in_thread, press.direct) == (thread, True, False)


async def test_a_press_in_a_direct_conversation_is_direct(stage: Stage) -> None:
    """Whoever it is with may do there what they may not do among colleagues."""
    place = await stage.platform.write_directly("A question")
    message = OutgoingMessage("t1.1", place, "No idea", buttons=(Button.ASK_PERSON,))
    await stage.platform.adapter.send(Delivery(1, str(place), message))
    stage.door.messages.clear()
    await stage.platform.press(stage.platform.person(), place, Button.ASK_PERSON)
    (press,) = stage.door.messages
    assert (press.conversation, press.direct) == (place, True)


async def test_what_becomes_known_late_is_told_to_whoever_pressed(stage: Stage) -> None:
    """Where that can be: nobody else sees it, and until then nothing is told."""
    sent = await card(stage)
    place, person = sent.message.conversation, stage.platform.person()
    before = stage.platform.seen(place)
    assert await stage.platform.press(person, place, Button.CLAIM) == Pressed(True)
    told = len(stage.platform.told_alone(person, place))
    assert (stage.door.late is not None) == stage.platform.tells_late
    if stage.door.late is not None:
        await stage.clock.advance(LATE)
        stage.door.late("Grace has had it since 9:30.")
        await stage.clock.settle()
        late = stage.platform.told_alone(person, place)[told:]
        assert late == ["Grace has had it since 9:30."]
    assert stage.platform.seen(place) == before


@pytest.mark.parametrize("tone", [Tone.ANSWER, Tone.NOTICE])
async def test_an_edit_keeps_the_buttons_that_it_has(stage: Stage, tone: Tone) -> None:
    """Each once, and a press on them is one."""
    await stage.platform.write("A question")
    first = delivery(stage, "Before", tone=tone, buttons=(Button.ASK_PERSON,))
    ref = await stage.platform.adapter.send(first)
    edit = replace(first.message, id="t2.1", text="After", replaces=first.message.id)
    await stage.platform.adapter.send(Delivery(2, first.lane, edit, replaces_ref=ref))
    place = first.message.conversation
    seen = stage.platform.seen(place)
    assert "After" in seen
    assert "Before" not in seen
    assert seen.count(texts.BUTTONS[Button.ASK_PERSON]) == 1
    stage.door.messages.clear()
    await stage.platform.press(stage.platform.person(), place, Button.ASK_PERSON)
    (press,) = stage.door.messages
    assert press.about in ("t1.1", "t2.1")


async def test_a_press_that_cannot_be_stored_did_not_work(stage: Stage) -> None:
    """And whoever pressed sees that it did not."""
    sent = await card(stage)
    stage.door.broken = True
    pressed = await stage.platform.press(
        stage.platform.person(), sent.message.conversation, Button.CLAIM
    )
    assert not pressed.ok


@pytest.mark.parametrize("note", ["", "See the <memo> & *act*\nat once"])
@pytest.mark.parametrize("outcome", Outcome)
async def test_a_case_is_resolved_with_a_form(stage: Stage, outcome: Outcome, note: str) -> None:
    """Its outcome and the note come in as one press about the card."""
    sent = await card(stage)
    place, person = sent.message.conversation, stage.platform.person()
    assert await stage.platform.resolve(person, place, outcome, note) == Pressed(True)
    (message,) = stage.door.messages
    assert (message.kind, message.detail, message.text) == (Kind.RESOLVE, outcome, note)
    assert (message.author.id, message.conversation) == (person, place)
    assert message.about == sent.message.id or message.about_ref


async def test_a_form_that_is_refused_says_why_and_can_be_sent_again(stage: Stage) -> None:
    """The second time is another press, not a repetition of the first."""
    sent = await card(stage)
    place, person = sent.message.conversation, stage.platform.person()
    stage.door.told = "It was resolved by Grace."
    refused = await stage.platform.resolve(person, place, Outcome.DONE, "")
    assert refused.told == "It was resolved by Grace."
    stage.door.told = ""
    assert await stage.platform.resolve(person, place, Outcome.DONE, "") == Pressed(True)
    assert len(stage.door.messages) == 2
