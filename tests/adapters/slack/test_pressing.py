"""Presses and forms on Slack: what is told and where, and what is not believed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.forms import NOT_OPENED, NOT_READABLE
from adapters.slack.twin import Answer, Fault, Message, SlackTwin
from adapters.slack.twin_state import View
from agent.cases import OUTCOMES, CaseCard, CaseState
from agent.messages import Button, ConversationId, Kind, OutgoingMessage
from agent.records import Delivery
from tests.support.clock import START, TestClock
from tests.support.doors import OpenDoor

TEAM = "T0FRONTDESK"
CARD = CaseCard("C7", CaseState.WAITING, "Asked.", "slack:U1", "Ada", "a channel", "Fire")
BUTTONS = (Button.CLAIM, Button.RESOLVE)
Json = dict[str, Any]


@dataclass
class Room:
    """A human channel with one person, and the adapter behind an address."""

    twin: SlackTwin
    adapter: SlackAdapter
    door: OpenDoor
    clock: TestClock
    grace: str
    desk: str

    async def card(self, thread: str = "") -> Message:
        """A card with buttons, as it is seen."""
        place = ConversationId("slack", TEAM, self.desk, thread)
        message = OutgoingMessage("t1.1", place, "Case C7", buttons=BUTTONS, card=CARD)
        ts = await self.adapter.send(Delivery(1, str(place), message, sending_since=START))
        return next(one for one in self.twin.messages(self.desk) if one.ts == ts)

    async def press(self, message: Message, button: Button = Button.CLAIM) -> Answer:
        """Grace presses."""
        action_id = f"frontdesk_{button.value}"
        return await self.answer(self.twin.press(self.grace, message, action_id=action_id))

    async def answer(self, acting: Awaitable[Answer]) -> Answer:
        """What the bot answers, and everything that follows at once."""
        task = asyncio.ensure_future(acting)
        await self.clock.until(task.done, at_most=12)
        await self.clock.settle()
        return task.result()

    async def form(self) -> View:
        """The form of a card."""
        assert (await self.press(await self.card(), Button.RESOLVE)).ok
        return self.twin.form(self.grace)

    def told(self) -> list[Message]:
        """What Grace alone sees."""
        return self.twin.ephemerals(self.desk, self.grace)


@pytest.fixture(params=["http", "socket"])
async def room(
    request: pytest.FixtureRequest, twin: SlackTwin, clock: TestClock
) -> AsyncIterator[Room]:
    """Over HTTP, then through a websocket: it must make no difference."""
    from bot.server import Server

    socket = request.param == "socket"
    twin.socket_mode = socket
    secret = {"app_token": "xapp-test"} if socket else {"signing_secret": "secret"}
    adapter = SlackAdapter(token="xoxb-test", api_url=twin.api_url, clock=clock, **secret)
    door = OpenDoor()
    await adapter.start(door)

    async def nothing() -> None:
        """Always ready."""

    async def no_metrics() -> bytes:
        return b""

    server = Server(adapter.routes, ready=nothing, metrics=no_metrics)
    twin.events_url = f"http://127.0.0.1:{await server.start('127.0.0.1', 0)}/slack/events"
    await clock.settle()
    grace = twin.add_user("Grace")
    yield Room(twin, adapter, door, clock, grace, twin.add_channel("desk", [grace]))
    await server.stop()
    stopping = asyncio.create_task(adapter.stop())
    await clock.until(stopping.done)
    await stopping


# What is told


async def test_it_is_told_where_the_button_is(room: Room) -> None:
    """Beside a card at the top of the channel, and in the thread if the button is in a thread."""
    room.door.told = "**Ada** has it <!here>."
    await room.press(await room.card())
    root = await room.twin.say(room.grace, room.desk, "hello")
    await room.press(await room.card(root))
    assert [one.thread_ts for one in room.told()] == ["", root]
    (block,) = room.told()[0].blocks
    assert block["type"] == "markdown"
    assert "<!" not in block["text"]
    assert "<!" not in room.told()[0].text
    assert len(room.twin.messages(room.desk)) == 3


async def test_under_a_card_that_has_a_thread_it_is_told_beside_the_card(room: Room) -> None:
    """The card is the root of the thread and stands at the top."""
    card = await room.card()
    await room.twin.say(room.grace, room.desk, "on it", card.ts)
    room.door.told = "You have it."
    await room.press(card)
    assert [one.thread_ts for one in room.told()] == [""]


async def test_a_press_that_comes_twice_is_answered_twice_and_told_once(room: Room) -> None:
    """Slack, a proxy or a websocket may repeat what was handled."""
    room.door.told = "You have it."
    await room.press(await room.card())
    assert (await room.answer(room.twin.interact())).ok
    assert len(room.told()) == 1
    presses = [one for one in room.door.messages if one.kind is Kind.CLAIM]
    assert len(presses) == 1


async def test_what_cannot_be_told_harms_nobody(room: Room) -> None:
    """The press is done, whether or not its answer gets through."""
    room.door.told = "You have it."
    for fault in (Fault.unavailable(), Fault.reset(after_effect=False), Fault.error("used_url")):
        room.twin.fault("response_url", fault)
        assert (await room.press(await room.card())).ok


async def test_it_is_told_late(room: Room) -> None:
    """What comes of a press after Slack has its answer is told in the same place, as long as Slack
    shows it.
    """
    room.door.told = "I'm working on it."
    root = await room.twin.say(room.grace, room.desk, "hello")
    await room.press(await room.card(root))
    await late(room, "Ada has it.")
    assert [(one.text, one.thread_ts) for one in room.told()] == [
        ("I'm working on it.", root),
        ("Ada has it.", root),
    ]
    await room.clock.advance(31 * 60)
    await late(room, "Ada had it.")
    assert len(room.told()) == 2


async def test_a_form_is_told_late(room: Room) -> None:
    """It has no address of its own for that: who sent it is told at the end of the channel."""
    form = await room.form()
    room.door.told = "I'm working on it."
    await room.answer(room.twin.submit(form, {"outcome": "done"}))
    await late(room, "Ada has resolved it.")
    assert [(one.text, one.thread_ts) for one in room.told()] == [("Ada has resolved it.", "")]
    room.twin.fault("chat.postEphemeral", Fault.error("channel_not_found"))
    await late(room, "Ada has resolved it.")
    assert len(room.told()) == 1


async def late(room: Room, text: str) -> None:
    """What came of the last press is known only now."""
    assert room.door.late is not None
    room.door.late(text)
    await room.clock.advance(2)


async def test_a_thumb_waits_for_nobody(room: Room) -> None:
    """A verdict is accepted like a message, and nothing is told."""
    place = ConversationId("slack", TEAM, room.desk)
    message = OutgoingMessage("t1.1", place, "An answer", feedback=True)
    await room.adapter.send(Delivery(1, str(place), message, sending_since=START))
    room.door.told = "I'm working on it."
    (shown,) = room.twin.messages(room.desk)
    pressing = room.twin.press(room.grace, shown, action_id="frontdesk_feedback", value="positive")
    assert (await room.answer(pressing)).ok
    assert [one.kind for one in room.door.messages] == [Kind.FEEDBACK]
    assert room.told() == []


# The form


async def test_the_form_asks_for_the_outcome_and_a_note(room: Room) -> None:
    """It opens at once, for whoever pressed; nothing has come to the door yet."""
    form = await room.form()
    outcome, note = form.body["blocks"]
    words = [option["text"]["text"] for option in outcome["element"]["options"]]
    assert words == list(OUTCOMES.values())
    assert not outcome["optional"]
    assert note["optional"]
    assert note["label"]["text"] == "Note to the employee"
    assert room.door.messages == []
    with pytest.raises(ValueError, match="must be filled in"):
        await room.twin.submit(form)
    with pytest.raises(ValueError, match="at most 1000 characters"):
        await room.twin.submit(form, {"outcome": "done", "note": "x" * 1001})


async def test_a_form_that_was_refused_stays_open_and_can_be_sent_again(room: Room) -> None:
    """What is wrong stands at the outcome; the second submission is another press."""
    form = await room.form()
    room.door.told = "It was resolved by Ada\n at 9:30."
    await room.answer(room.twin.submit(form, {"outcome": "done", "note": " kept "}))
    assert room.twin.views(room.grace) == [form]
    assert form.errors == {"outcome": "It was resolved by Ada at 9:30."}
    room.door.told = ""
    await room.answer(room.twin.submit(form))
    assert room.twin.views(room.grace) == []
    first, second = room.door.messages
    assert first.key != second.key
    assert (first.text, second.text) == ("kept", "kept")
    assert (second.detail, second.about) == ("done", "t1.1")
    assert second.sent_at == room.clock.now()


async def test_a_submission_that_comes_twice_is_one(room: Room) -> None:
    """The second time there is nothing to tell, and the form closes."""
    form = await room.form()
    room.door.told = "Not now."
    await room.answer(room.twin.submit(form, {"outcome": "done"}))
    assert (await room.answer(room.twin.interact())).json == {}
    assert len(room.door.messages) == 1


async def test_a_form_that_cannot_be_stored_stays_open(room: Room) -> None:
    """Slack says that it did not work."""
    form = await room.form()
    room.door.broken = True
    assert not (await room.answer(room.twin.submit(form, {"outcome": "done"}))).ok
    assert form.open


@pytest.mark.parametrize(
    "fault", [Fault.error("expired_trigger_id"), Fault.unavailable(), Fault.timeout()]
)
async def test_a_form_that_does_not_open_is_told(room: Room, fault: Fault) -> None:
    """In time for Slack, however slow Slack is."""
    card = await room.card()
    room.twin.fault("views.open", fault)
    assert (await room.press(card, Button.RESOLVE)).ok
    assert [one.text for one in room.told()] == [NOT_OPENED]
    assert room.twin.views(room.grace) == []


async def test_a_press_on_resolve_that_comes_twice_opens_one_form(room: Room) -> None:
    """And tells nothing: the form is there."""
    await room.form()
    assert (await room.answer(room.twin.interact())).ok
    assert len(room.twin.views(room.grace)) == 1
    assert room.told() == []


FORGED: list[Json] = [
    {"private_metadata": ""},
    {"private_metadata": "[]"},
    {"private_metadata": "{"},
    {"private_metadata": '{"channel": "C1"}'},
    {"private_metadata": '{"channel": 1, "thread": "1.1", "about": ""}'},
    {"private_metadata": '{"channel": "", "thread": "1.1", "about": ""}'},
    {"private_metadata": '{"channel": "\\ud83d", "thread": "1.1", "about": ""}'},
    {"private_metadata": ["C1"]},
    {"id": None},
    {"state": None},
    {"state": {"values": []}},
    {"state": {"values": {"outcome": {"outcome": {"selected_option": None}}}}},
    {"state": {"values": {"outcome": {"outcome": {"selected_option": {"value": "fired"}}}}}},
    {"state": {"values": {"outcome": [1], "note": 7}}},
]


@pytest.mark.parametrize("change", FORGED)
async def test_a_form_that_is_not_as_it_was_made_is_refused(room: Room, change: Json) -> None:
    """It says what to do, and nothing comes to the door."""
    answer = await submission(room, view=change)
    assert answer.ok
    assert answer.json["errors"] == {"outcome": NOT_READABLE}
    assert room.door.messages == []


@pytest.mark.parametrize(
    "change",
    [
        {"view": {"callback_id": "another"}},
        {"view": {"callback_id": None}},
        {"view": {"bot_id": "B0OTHER"}},
        {"team": {"id": "T9"}},
        {"type": "view_closed"},
    ],
)
async def test_a_form_of_another_app_is_not_read(room: Room, change: Json) -> None:
    """Nor one of another workspace, nor one that was closed."""
    answer = await submission(room, **change)
    assert answer.ok
    assert answer.json == {}
    assert room.door.messages == []


@pytest.mark.parametrize(
    "change", [{"view": None}, {"view": []}, {"user": None}, {"user": "U1"}, {"trigger_id": 7}]
)
async def test_a_form_of_a_strange_shape_is_refused(
    room: Room, change: Json, caplog: pytest.LogCaptureFixture
) -> None:
    """Deliberately: whatever is answered, it is no accident and nothing comes to the door."""
    answer = await submission(room, **change)
    assert answer.status in ((0, 200) if room.twin.socket_mode else (200, 400))
    assert not any(record.exc_info for record in caplog.records)
    assert room.door.messages == []


async def submission(room: Room, **changes: Any) -> Answer:
    """A form that was sent off, bent; a view that is an object is bent inside."""
    form = await room.form()
    await room.answer(room.twin.submit(form, {"outcome": "done"}))
    room.door.messages.clear()
    body = room.twin.interactions[-1]
    if isinstance(view := changes.get("view"), dict):
        changes["view"] = {**body["view"], **view}
    return await room.answer(room.twin.interact({**body, **changes}))


# What people do in threads


async def test_what_happens_in_the_thread_of_a_card(room: Room) -> None:
    """Words, files with their links, edits and deletions come in; what bots say does not."""
    card = await room.card()
    robot = room.twin.add_user("Robot", is_bot=True)
    room.twin.channel(room.desk).members[robot] = None
    ts = await room.twin.say(room.grace, room.desk, "On *it*", card.ts)
    await room.twin.upload(room.grace, room.desk, "plan.pdf", "See", thread_ts=card.ts)
    await room.twin.edit(room.grace, room.desk, ts, "On it now")
    await room.twin.delete(room.grace, room.desk, ts)
    await room.twin.say(robot, room.desk, "Beep", card.ts)
    await room.adapter.send(words_of_ours(room, card.ts))
    await room.clock.settle()
    said = room.door.messages
    kinds = [Kind.MESSAGE, Kind.MESSAGE, Kind.EDIT, Kind.DELETE]
    assert [one.kind for one in said] == kinds
    assert all(one.in_thread and one.conversation.thread == card.ts for one in said)
    assert [one.id == ts for one in said] == [True, False, True, True]
    (link,) = said[1].file_links
    assert said[1].files == ("plan.pdf",)
    assert link.startswith("https://example.slack.com/files/")


def words_of_ours(room: Room, thread: str) -> Delivery:
    """Words of ours in a thread."""
    place = ConversationId("slack", TEAM, room.desk, thread)
    message = OutgoingMessage("t2.1", place, "**Ada:** hello")
    return Delivery(2, str(place), message, sending_since=START)


async def test_a_long_edit_arrives_whole(room: Room) -> None:
    """Slack takes only 4 000 bytes of text in an edit; the blocks have all of it."""
    place = ConversationId("slack", TEAM, room.desk)
    first = OutgoingMessage("t1.1", place, "Before")
    ref = await room.adapter.send(Delivery(1, str(place), first, sending_since=START))
    words = "é" * 7000 + " end"
    edit = OutgoingMessage("t2.1", place, words, replaces="t1.1")
    await room.adapter.send(Delivery(2, str(place), edit, replaces_ref=ref))
    (shown,) = room.twin.messages(room.desk)
    assert shown.blocks[0]["text"] == words
    assert len(shown.text.encode()) <= 4000


async def test_who_is_mentioned_in_a_command_can_be_told(room: Room) -> None:
    """Their id stays in the words; everything else is as a person sees it."""
    line = f"/frontdesk assign <@{room.grace}|grace> &lt;now&gt; <https://x.example>"
    answer = await room.answer(room.twin.command(room.grace, room.desk, line))
    assert (
        answer.json["blocks"][0]["text"] == f"assign <\u2060@{room.grace}> <now> https://x.example"
    )
