"""The door: what is for the bot is committed, and only then the worker is woken."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from agent.errors import StoreUnavailable
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.platforms import Command
from agent.policy import Policy
from agent.ports import Records, Turns
from agent.records import Accepted, Arrival, Recent
from bot.door import MOST_RECENT, FrontDoor
from tests.support.doors import Memory

PLACE = ConversationId("slack", "T1", "C1", "1.1")
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
        self.woken: list[IncomingMessage] = []
        self.asking = ""
        self.lanes: list[str] = []
        self.door = FrontDoor(
            cast(Turns, self.inbox),
            cast(Records, self.views),
            self.references,
            policy=Policy(),
            wake=self.woken.append,
            at_work=self.at_work,
            lanes_for=lambda _: (),
            answer=self.answer,
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
    assert way.woken == [POST]


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
    assert way.inbox.arrivals[0].only_known_lane
    assert way.woken == []


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
    assert way.woken[0].kind is Kind.STOP


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
