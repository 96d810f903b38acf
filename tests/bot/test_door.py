"""The door: what is for the bot is committed, and only then the worker is woken."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from agent import texts
from agent.errors import StoreUnavailable
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.platforms import Command
from agent.policy import Policy
from agent.ports import Records, Turns
from agent.records import Accepted, Arrival, Only, Recent, desk_lane
from bot.door import MOST_RECENT, FrontDoor
from bot.presses import Presses
from tests.support.clock import TestClock
from tests.support.doors import Memory

PLACE = ConversationId("slack", "T1", "C1", "1.1")
DESK = ConversationId("slack", "T1", "CDESK", "9.1")
POST = IncomingMessage(PLACE, "1.1", Kind.MESSAGE, Author("U1"), "Leave?", mentions_bot=True)


class Inbox:
    """The part of `Turns` that a door uses."""

    def __init__(self) -> None:
        self.answer: Accepted | Exception = Accepted.NEW
        self.arrivals: list[Arrival] = []

    async def accept(self, arrival: Arrival) -> Accepted:
        self.arrivals.append(arrival)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Views:
    """The part of `Records` that a door uses."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.broken = False

    async def recent(self, platform: str, limit: int) -> list[Recent]:
        self.asked.append((platform, limit))
        if self.broken:
            raise StoreUnavailable
        return [Recent(PLACE, "1.1", 5.0)]


class Doorway:
    """A door over an inbox, and whom it woke."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.views = Views()
        self.references = Memory()
        self.clock = TestClock()
        self.presses = Presses(self.clock)
        self.expected: list[Arrival] = []
        self.woken: list[Arrival] = []
        self.asking = ""
        self.lanes: list[str] = []
        self.door = FrontDoor(
            cast(Turns, self.inbox),
            cast(Records, self.views),
            self.references,
            policy=Policy(),
            presses=self.presses,
            expect=self.expected.append,
            wake=self.woken.append,
            at_work=self.at_work,
            lanes_for=lambda _: (),
            answer=self.answer,
            human_channels=[("slack", "CDESK")],
        )

    def at_work(self, lane: str) -> str:
        self.lanes.append(lane)
        return self.asking

    async def answer(self, command: Command) -> str:
        return f"{command.text}!"


@pytest.fixture
def way() -> Doorway:
    return Doorway()


async def test_a_message_for_the_bot(way: Doorway) -> None:
    """It is stored, and the worker is woken."""
    assert await way.door.accept(POST) is Accepted.NEW
    assert way.inbox.arrivals == [Arrival(POST)]
    assert way.woken == [Arrival(POST)]


async def test_its_lane_is_claimed_right_behind_it(way: Doorway) -> None:
    """Before the commit is answered, so that row and claim can share it; and behind the row."""
    asked: list[str] = []

    class Slow(Inbox):
        async def accept(self, arrival: Arrival) -> Accepted:
            asked.append("accept")
            await asyncio.wait(claims)
            return Accepted.NEW

    async def claim() -> None:
        asked.append("claim")

    def expect(arrival: Arrival) -> None:
        assert arrival.message == POST
        claims.append(asyncio.create_task(claim()))

    claims: list[asyncio.Task[None]] = []
    way.door._turns = cast(Turns, Slow())
    way.door._expect = expect
    assert await way.door.accept(POST) is Accepted.NEW
    assert asked == ["accept", "claim"]


async def test_a_message_among_people(way: Doorway) -> None:
    """It is neither stored nor told to anybody."""
    assert await way.door.accept(replace(POST, mentions_bot=False)) is Accepted.NOT_FOR_US
    assert way.inbox.arrivals == []
    assert way.woken == []


@pytest.mark.parametrize("answer", [Accepted.DUPLICATE, Accepted.NOT_FOR_US])
async def test_nothing_new(way: Doorway, answer: Accepted) -> None:
    """What the database has already, or does not want, wakes nobody."""
    way.inbox.answer = answer
    reply = replace(POST, id="1.2", mentions_bot=False, in_thread=True)
    assert await way.door.accept(reply) is answer
    assert way.inbox.arrivals[0].only is Only.KNOWN
    assert way.woken == []
    assert way.expected == []


@pytest.mark.parametrize("follow", [True, False])
@pytest.mark.parametrize("text", ["👍", "Leave?"])
async def test_what_may_be_for_people(way: Doorway, text: str, follow: bool) -> None:
    """What is not said to the bot may be for people who have a case, or under a card of theirs."""
    way.door._policy = replace(Policy(), follow_threads=follow)
    reply = replace(POST, id="1.2", text=text, mentions_bot=False, in_thread=True)
    await way.door.accept(reply)
    only = Only.KNOWN if follow and text != "👍" else Only.WITH_PEOPLE
    assert way.inbox.arrivals == [Arrival(reply, only, under_card=True)]


async def test_no_commit_no_acknowledgement(way: Doorway) -> None:
    """The error reaches the adapter, which must not acknowledge."""
    way.inbox.answer = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        await way.door.accept(POST)
    assert way.woken == []


async def test_a_word_that_is_a_control(way: Doorway) -> None:
    """'stop' is stored as what it is."""
    await way.door.accept(replace(POST, text="Stop!"))
    assert way.inbox.arrivals[0].message.kind is Kind.STOP
    assert way.woken[0].message.kind is Kind.STOP


@pytest.mark.parametrize(
    ("asking", "changes", "kind"),
    [
        ("", {"direct": True}, Kind.STOP),
        ("", {"mentions_bot": True}, Kind.STOP),
        ("U1", {}, Kind.STOP),
        ("U2", {}, Kind.MESSAGE),
        ("U2", {"mentions_bot": True}, Kind.MESSAGE),
        ("", {}, Kind.MESSAGE),
    ],
)
async def test_a_word_among_colleagues(
    way: Doorway, asking: str, changes: dict[str, bool], kind: Kind
) -> None:
    """Without a mention 'stop' is a control only of the one whose question is worked on, and
    nobody stops somebody else's.
    """
    way.asking = asking
    reply = replace(POST, id="1.2", text="stop", mentions_bot=False, in_thread=True)
    await way.door.accept(replace(reply, **changes))  # type: ignore[arg-type]
    assert way.inbox.arrivals[0].message.kind is kind
    assert set(way.lanes) <= {str(PLACE)}


async def test_strangers_talk_to_our_people(way: Doorway) -> None:
    """Without a mention a stranger's reply in the bot's thread is not for the bot."""
    stranger = replace(POST, author=Author("U9", external=True), in_thread=True)
    assert await way.door.accept(replace(stranger, mentions_bot=False)) is Accepted.NOT_FOR_US
    assert await way.door.accept(stranger) is Accepted.NEW


async def test_secrets_do_not_reach_the_disk(way: Doorway) -> None:
    """What is stored is masked and cut already."""
    token = "xoxb-" + "1234567890-abcdef"
    await way.door.accept(replace(POST, text=f"my\u200b token is {token} " + "x" * 13_000))
    stored = way.inbox.arrivals[0].message.text
    assert stored.startswith("my token is [secret] xxx")
    assert len(stored) == Policy().max_input + 1


async def test_a_command(way: Doorway) -> None:
    """Commands are passed on."""
    command = Command("slack", "T1", "C1", Author("U1"), "help", "1")
    assert await way.door.command(command) == "help!"


async def test_how_channels_are_reached(way: Doorway) -> None:
    """What adapters keep through the door is where the store keeps it."""
    await way.door.references.keep("slack", "C1", "there")
    assert await way.references.find("slack", "C1") == "there"


async def test_where_people_talked_lately(way: Doorway) -> None:
    """An adapter that was deaf asks where to look; it is told when that is not known."""
    assert await way.door.recent("slack") == [Recent(PLACE, "1.1", 5.0)]
    assert way.views.asked == [("slack", MOST_RECENT)]
    way.views.broken = True
    with pytest.raises(StoreUnavailable):
        await way.door.recent("slack")


# The desk


@pytest.mark.parametrize("kind", [Kind.MESSAGE, Kind.EDIT, Kind.DELETE])
async def test_what_is_said_at_the_desk(way: Doorway, kind: Kind) -> None:
    """It waits in a lane of the thread, known or not, until it is found which case it is about."""
    said = replace(POST, conversation=DESK, id="9.2", kind=kind, in_thread=True, mentions_bot=False)
    assert await way.door.accept(said) is Accepted.NEW
    assert way.inbox.arrivals == way.woken == [Arrival(said, lane=desk_lane(DESK))]


@pytest.mark.parametrize("place", [DESK, PLACE])
async def test_a_press_of_the_desk(way: Doorway, place: ConversationId) -> None:
    """So does a press, wherever its card is: an admin may have it in a direct message."""
    claim = IncomingMessage(place, "p1", Kind.CLAIM, Author("U1"), direct=place is PLACE)
    assert await way.door.accept(claim) is Accepted.NEW
    assert way.inbox.arrivals == [Arrival(claim, lane=desk_lane(place))]


async def test_words_among_colleagues_of_the_desk(way: Doorway) -> None:
    """They say 'stop' to each other, and secrets of theirs do not reach the disk either."""
    token = "xoxb-" + "1234567890-abcdef"
    for words in ("stop", f"the token is {token}"):
        said = replace(POST, conversation=DESK, id="9.2", text=words, in_thread=True)
        await way.door.accept(said)
    stop, secret = way.inbox.arrivals
    assert stop.message.kind is Kind.MESSAGE
    assert secret.message.text == "the token is [secret]"


async def test_strangers_in_a_shared_channel_of_the_desk(way: Doorway) -> None:
    """Whether they may act is told by who is in the channel, not by where they are from."""
    stranger = replace(POST, author=Author("U9", external=True), mentions_bot=False)
    said = replace(stranger, conversation=DESK, in_thread=True)
    await way.door.accept(said)
    assert way.inbox.arrivals == [Arrival(said, lane=desk_lane(DESK))]


async def test_a_question_at_the_top_of_the_human_channel(way: Doorway) -> None:
    """It is one like in any other channel."""
    asked = replace(POST, conversation=DESK)
    assert await way.door.accept(asked) is Accepted.NEW
    assert await way.door.accept(replace(asked, mentions_bot=False)) is Accepted.NOT_FOR_US
    assert way.inbox.arrivals == [Arrival(asked)]


@pytest.mark.parametrize(
    ("changes", "under_card"),
    [
        ({"in_thread": True}, True),
        ({"in_thread": True, "kind": Kind.EDIT}, True),
        ({"in_thread": True, "text": "stop"}, True),
        ({"in_thread": True, "kind": Kind.ASK_PERSON, "text": ""}, False),
        ({}, False),
        ({"in_thread": True, "direct": False}, True),
    ],
)
async def test_threads_that_may_have_a_card_above_them(
    way: Doorway, changes: dict[str, object], under_card: bool
) -> None:
    """An admin may have one in a direct message, and a channel from when it was the desk's: words
    in its thread are for whoever the case is of.
    """
    said = replace(POST, **{"direct": True, **changes})  # type: ignore[arg-type]
    await way.door.accept(said)
    (arrival,) = way.inbox.arrivals
    assert (arrival.under_card, arrival.lane) == (under_card, "")


# Presses


async def test_a_press_tells_what_comes_of_it(way: Doorway) -> None:
    """Under the key of what is stored: a note of nothing visible is none."""
    form = IncomingMessage(DESK, "v1", Kind.RESOLVE, Author("U1"), "\u200b", detail="done")
    pressing = asyncio.create_task(way.door.press(form))
    await way.clock.settle()
    (arrival,) = way.inbox.arrivals
    way.presses.told(arrival.message.key, "It was resolved by Ada.")
    assert await pressing == "It was resolved by Ada."


async def test_a_press_of_an_employee(way: Doorway) -> None:
    """It waits in the lane of its conversation, and for what comes of it as long: the answer comes
    by itself, and only what is no answer is told them late.
    """
    press, late = replace(POST, kind=Kind.DENY, text=""), list[str]()
    pressing = asyncio.create_task(way.door.press(press, late.append))
    await way.clock.advance(2)
    assert await pressing == ""
    assert way.inbox.arrivals[0].lane == ""
    way.presses.told(press.key, "Not yours.")
    await way.clock.settle()
    assert late == ["Not yours."]


async def test_a_press_of_the_desk_that_takes_long(way: Doorway) -> None:
    """Whoever presses on a card is told that it is taken, and later what came of it."""
    press, late = replace(POST, kind=Kind.CLAIM, text=""), list[str]()
    pressing = asyncio.create_task(way.door.press(press, late.append))
    await way.clock.advance(2)
    assert await pressing == texts.WORKING_ON_IT
    way.presses.told(press.key, "Grace has it.")
    await way.clock.settle()
    assert late == ["Grace has it."]


async def test_a_press_that_is_not_committed(way: Doorway) -> None:
    """The platform must not be told that it arrived."""
    way.inbox.answer = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        await way.door.press(replace(POST, kind=Kind.CLAIM, text=""))


async def test_what_is_done_about_a_case(way: Doorway) -> None:
    """A command acts in the lane of a case that it knows, and hears what comes of it."""
    wish = IncomingMessage(DESK, "c1", Kind.ASSIGN, Author("U1"), detail="slack:U2")
    arrival = Arrival(wish, lane=str(PLACE), case_id="C7")
    acting = asyncio.create_task(way.door.act(arrival))
    await way.clock.settle()
    assert way.inbox.arrivals == way.woken == [arrival]
    way.presses.told(wish.key, "Grace is not in the channel.")
    assert await acting == "Grace is not in the channel."
