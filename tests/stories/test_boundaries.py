"""Whose words count, for whom, and what of them is ever kept."""

from __future__ import annotations

from pathlib import Path

from adapters.slack.twin import Fault
from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider

SECRET = "xoxb-" + "1234567890-abcdefghij"
CARD = "4111 1111 1111 1111"


def kept(folder: Path) -> bytes:
    """Everything that lies on the disk beside the database."""
    return b"".join(file.read_bytes() for file in folder.glob("frontdesk.db*"))


async def test_a_secret_never_reaches_the_disk(handbook: Company) -> None:
    """Ada pastes a token: not even the row that was accepted holds it."""
    await handbook.dm(handbook.ada, f"My token is {SECRET}, what now?")
    assert SECRET.encode() not in kept(handbook.folder)


async def test_what_is_told_to_the_people_is_masked_too(handbook: Company) -> None:
    """`/frontdesk human` with a card number: the case shows that there was one."""
    channel, _ = await handbook.dm(handbook.ada, "How many days of leave?")
    await handbook.twin.command(handbook.ada, channel, f"/frontdesk human my card {CARD}, {SECRET}")
    await handbook.rest()
    (card,) = handbook.cards()
    shown = card.text + str(card.blocks)
    assert "[card number]" in shown
    assert CARD not in shown
    assert SECRET not in shown
    assert CARD.encode() not in kept(handbook.folder)


async def test_strangers_cannot_call_people_either(opened: OpenCompany) -> None:
    """Somebody of another company asks for a person and is told why not."""
    one = await opened(frontdesk_external="refuse")
    stranger = one.twin.add_user("Eve", is_stranger=True)
    one.twin.join(stranger, one.general)
    ts = await one.say(stranger, one.general, one.mention("talk to a person"))
    assert one.cards() == []
    assert "only answer employees" in one.texts(one.general, ts)[0]


async def test_a_stranger_among_colleagues_is_left_in_peace(opened: OpenCompany) -> None:
    """In a thread of ours somebody of another company writes to Ada, not to the bot."""
    one = await opened(frontdesk_external="refuse")
    await one.teach(LEAVE)
    stranger = one.twin.add_user("Eve", is_stranger=True)
    shared = one.twin.add_channel("partners", [one.ada, stranger])
    ts = await one.say(one.ada, shared, one.mention("How many days of annual leave?"))
    before = len(one.answers(shared, ts))
    await one.say(stranger, shared, "We get thirty days.", ts)
    assert len(one.answers(shared, ts)) == before == 1


async def test_guests_are_not_answered_because_slack_is_down(opened: OpenCompany) -> None:
    """Where guests are refused, nobody is answered whom Slack does not name; they may try again."""
    one = await opened(frontdesk_guests="refuse")
    await one.teach(LEAVE)
    guest = one.twin.add_user("Guest", is_restricted=True)
    one.twin.fault("users.info", Fault.unavailable(500), times=1)
    channel, ts = await one.dm(guest, "How many days of annual leave?")
    (text,) = one.texts(channel, ts)
    assert "try again" in text
    await one.dm(guest, "How many days of annual leave?", ts)
    assert "only answer employees" in one.texts(channel, ts)[1]


async def test_a_colleague_does_not_stop_adas_answer(opened: OpenCompany, clock: TestClock) -> None:
    """Grace says stop in Ada's thread, to somebody else: Ada still gets her answer."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=5)]))
    ts = await one.say(one.ada, one.general, one.mention("What about leave?"))
    await one.say(one.grace, one.general, "stop", ts)
    await clock.advance(6)
    assert one.texts(one.general, ts)[0].startswith("An answer.")


async def test_ada_stops_her_own_answer_without_a_mention(
    opened: OpenCompany, clock: TestClock
) -> None:
    """The one whose question is worked on need not mention the bot to stop it."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=5)]))
    ts = await one.say(one.ada, one.general, one.mention("What about leave?"))
    await one.say(one.ada, one.general, "stop", ts)
    await clock.advance(6)
    assert one.texts(one.general, ts) == ["Stopped. Nothing more will come of it."]


async def test_ada_asks_for_a_person_in_her_thread(handbook: Company) -> None:
    """She takes part, so her wish is meant for the bot; a passer-by's is not."""
    ts = await handbook.say(
        handbook.ada, handbook.general, handbook.mention("How many days of annual leave?")
    )
    await handbook.say(handbook.grace, handbook.general, "ask someone", ts)
    assert handbook.cards() == []
    await handbook.say(handbook.ada, handbook.general, "I want to talk to a person", ts)
    assert len(handbook.cards()) == 1


async def test_names_are_no_markup(handbook: Company) -> None:
    """A display name that is a link, a picture or a ping is shown as a name."""
    trick = "Ada ![i](http://evil.example/i.png) <!channel> [x](http://evil.example)"
    user = handbook.twin.add_user(trick)
    _, ts = await handbook.dm(user, "talk to a person")
    await handbook.dm(user, "Hello? @channel ![i](http://evil.example/i.png)", ts)
    shown = "".join(m.text + str(m.blocks) for m in handbook.twin.messages(handbook.desk))
    assert "http://evil.example" not in shown
    assert "<!channel>" not in shown
    assert "@channel" not in shown
    assert "![" not in shown
