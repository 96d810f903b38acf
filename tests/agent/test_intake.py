"""What rows mean that were accepted for the people who have a case, or for a case that is open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.errors import NotAllowed
from agent.messages import IncomingMessage, Kind
from agent.platforms import Profile
from agent.policy import Policy
from agent.state import State
from tests.support.engine import CASE, DESK, GRACE, HELD, POST, Rig, claim, control, kinds, said

THUMB = replace(POST, id="2", text="👍", mentions_bot=False, in_thread=True)
PICTURE = replace(THUMB, text="", files=("screen.png",))


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.mark.parametrize("message", [THUMB, PICTURE])
async def test_people_read_what_has_no_words(rig: Rig, message: IncomingMessage) -> None:
    """It is passed on, and kept like words."""
    end = await rig.run(claim(message, state=State.WITH_HUMAN, case=HELD))
    (told,) = said(end, DESK)
    assert told.startswith("**Ada:**")


@pytest.mark.parametrize("message", [THUMB, PICTURE])
async def test_people_have_the_case_no_more(rig: Rig, message: IncomingMessage) -> None:
    """What was meant for them is not for the bot: nothing is answered, and nothing of it kept."""
    end = await rig.run(claim(message))
    assert (end.outbox, end.outcome) == ((), "vanished")
    assert kinds(end) == ["turn"]
    assert rig.model.asked == []


async def test_a_thumb_among_words(rig: Rig) -> None:
    """With a question before it, it is a part of that."""
    end = await rig.run(claim(POST, THUMB))
    assert end.outcome != "vanished"


@pytest.mark.parametrize(
    ("text", "words"),
    [("it is urgent", ["**Ada:** it is urgent"]), ("talk to a person", []), ("", [])],
)
async def test_a_wish_while_people_have_the_case(rig: Rig, text: str, words: list[str]) -> None:
    """What it says beyond itself is for them."""
    wish = control(Kind.ASK_PERSON, text=text)
    end = await rig.run(claim(wish, state=State.ESCALATED, case=CASE))
    assert said(end, DESK) == words


async def test_the_words_of_a_stranger(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may not talk to the bot reaches nobody through it, also with a wish for a person."""

    async def profile(*_: object) -> Profile:
        return Profile("grace", "Grace", guest=True)

    monkeypatch.setattr(rig.platform, "profile", profile)
    monkeypatch.setattr(rig.engine.intake, "_policy", Policy(guests="refuse"))
    wish = control(Kind.ASK_PERSON, GRACE, text="it is urgent")
    end = await rig.run(claim(wish, state=State.ESCALATED, case=CASE))
    assert said(end, DESK) == []
    assert end.outcome == NotAllowed().code
