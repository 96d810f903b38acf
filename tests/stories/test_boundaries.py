"""Whose words count, for whom, and what of them is ever kept."""

from __future__ import annotations

from pathlib import Path

from tests.stories.conftest import LEAVE, OpenCompany, slack_only
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
    """The command `human` with a card number: the case shows that there was one."""
    asked = await handbook.dm(handbook.ada, "How many days of leave?")
    await handbook.command(handbook.ada, asked.channel, f"human my card {CARD}, {SECRET}")
    (card,) = handbook.cards()
    shown = card.given
    assert "[card number]" in shown
    assert CARD not in shown
    assert SECRET not in shown
    assert CARD.encode() not in kept(handbook.folder)


@slack_only
async def test_strangers_cannot_call_people_either(opened: OpenCompany) -> None:
    """Somebody of another company asks for a person and is told why not. (In Teams they are refused
    at the door: `test_teams_door.py`.)
    """
    one = await opened(frontdesk_external="refuse")
    stranger = one.chat.add_person("Eve", stranger=True)
    await one.chat.join(stranger, one.general)
    asked = await one.say(stranger, one.general, one.mention("talk to a person"))
    assert one.cards() == []
    assert "only answer employees" in one.texts(asked)[0]


async def test_a_stranger_among_colleagues_is_left_in_peace(opened: OpenCompany) -> None:
    """In a thread of ours somebody of another company writes to Ada, not to the bot."""
    one = await opened(frontdesk_external="refuse")
    await one.teach(LEAVE)
    stranger = one.chat.add_person("Eve", stranger=True)
    shared = one.chat.add_channel("partners", [one.ada, stranger])
    asked = await one.say(one.ada, shared, one.mention("How many days of annual leave?"))
    before = len(one.answers(asked))
    await one.say(stranger, shared, "We get thirty days.", asked)
    assert len(one.answers(asked)) == before == 1


async def test_guests_are_not_answered_because_nobody_tells_who_they_are(
    opened: OpenCompany,
) -> None:
    """Where guests are refused, nobody is answered whom nobody can name; they may try again."""
    one = await opened(frontdesk_guests="refuse")
    await one.teach(LEAVE)
    guest = one.chat.add_person("Guest", guest=True)
    one.chat.hide_people()
    asked = await one.dm(guest, "How many days of annual leave?")
    (text,) = one.texts(asked)
    assert "try again in a few minutes" in text
    await one.clock.advance(61)
    await one.dm(guest, "How many days of annual leave?", asked)
    assert "only answer employees" in one.texts(asked)[1]


async def test_a_colleague_does_not_stop_adas_answer(opened: OpenCompany, clock: TestClock) -> None:
    """Grace says stop in Ada's thread, to somebody else: Ada still gets her answer."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=5)]))
    asked = await one.ask(one.ada, "What about leave?")
    await one.say(one.grace, one.general, "stop", asked)
    await clock.advance(6)
    assert one.texts(asked)[0].startswith("An answer.")


async def test_ada_stops_her_own_answer_without_a_mention(
    opened: OpenCompany, clock: TestClock
) -> None:
    """The one whose question is worked on need not mention the bot to stop it."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=5)]))
    asked = await one.ask(one.ada, "What about leave?")
    await one.say(one.ada, one.general, "stop", asked)
    await clock.advance(6)
    assert one.texts(asked) == ["Stopped. Nothing more will come of it."]


async def test_ada_asks_for_a_person_in_her_thread(handbook: Company) -> None:
    """She takes part, so her wish is meant for the bot; a passer-by's is not."""
    asked = await handbook.ask(handbook.ada, "How many days of annual leave?")
    await handbook.say(handbook.grace, handbook.general, "ask someone", asked)
    assert handbook.cards() == []
    await handbook.say(handbook.ada, handbook.general, "I want to talk to a person", asked)
    assert len(handbook.cards()) == 1


async def test_names_are_no_markup(handbook: Company) -> None:
    """A display name that is a link, a picture or a ping is shown as a name."""
    trick = "Ada ![i](http://evil.example/i.png) <!channel> [x](http://evil.example)"
    user = handbook.chat.add_person(trick)
    asked = await handbook.dm(user, "talk to a person")
    await handbook.dm(user, "Hello? @channel ![i](http://evil.example/i.png)", asked)
    seen = handbook.chat.messages(handbook.desk)
    assert [handbook.chat.pings(one) for one in seen] == [[]] * len(seen)
    shown = "".join(one.given for one in seen)
    assert "http://evil.example" not in shown
    assert "<!channel>" not in shown
    assert "@channel" not in shown
    assert "![" not in shown
