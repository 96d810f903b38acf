"""What rows mean that were accepted for the people who have a case, or for a case that is open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.errors import NotAllowed
from agent.journal import Line
from agent.messages import IncomingMessage, Kind
from agent.platforms import Profile
from agent.policy import Policy
from agent.state import RESTING, State
from tests.support.engine import CASE, DESK, GRACE, HELD, POST, Rig, claim, control, kinds, said

THUMB = replace(POST, id="2", text="👍", mentions_bot=False, in_thread=True)
PICTURE = replace(THUMB, text="", files=("screen.png",))


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


@pytest.mark.parametrize("state", RESTING)
async def test_nothing_of_it_in_any_state(rig: Rig, state: State) -> None:
    """Wherever the conversation stands, it stays there, and nobody is told anything."""
    end = await rig.run(claim(THUMB, state=state))
    assert (end.outbox, end.outcome, end.state) == ((), "vanished", state)
    assert kinds(end) == ["turn"]


@pytest.mark.parametrize("change", [Kind.EDIT, Kind.DELETE])
async def test_it_was_changed_before_the_case_was_over(rig: Rig, change: Kind) -> None:
    """A thumb that became two, or was taken back, is for the bot no more than it was."""
    changed = replace(THUMB, kind=change, text="👍👍", revision="9")
    end = await rig.run(claim(THUMB, changed, state=State.CLOSED))
    assert (end.outbox, end.outcome) == ((), "vanished")
    assert Line.SAID not in kinds(end)


async def test_the_bot_is_brought_in_afterwards(rig: Rig) -> None:
    """A mention that is put into it makes it a question like any other."""
    asked = replace(POST, id="2", kind=Kind.EDIT, revision="9", in_thread=True)
    end = await rig.run(claim(THUMB, asked))
    assert end.outcome == "answered"


@pytest.mark.parametrize("message", [THUMB, PICTURE])
async def test_a_thumb_among_words(rig: Rig, message: IncomingMessage) -> None:
    """It is no part of what the bot is asked before it, nor of the answer to that."""
    end = await rig.run(claim(POST, message))
    (answer,) = said(end)
    assert "screen.png" not in answer
    assert [entry.data["id"] for entry in end.journal if entry.kind == Line.SAID] == [POST.id]


async def test_a_thumb_and_a_stop(rig: Rig) -> None:
    """Whoever stops the bot stops what it was asked; the thumb was not."""
    end = await rig.run(claim(control(Kind.STOP), POST, THUMB))
    (cut_short,) = [one.data["messages"] for one in end.journal if one.kind == Line.INTERRUPTED]
    assert cut_short == [POST.id]


async def test_a_thumb_and_a_wish(rig: Rig) -> None:
    """Whoever wants a person gets a case: what was said before the wish is for people."""
    end = await rig.run(claim(control(Kind.ASK_PERSON), POST, THUMB))
    (case,) = end.cases
    assert case.card is not None
    assert any(THUMB.text in line for line in case.card.transcript)


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
