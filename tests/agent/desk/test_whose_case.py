"""What somebody reads in a thread in which people have the case of somebody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Case
from agent.messages import Author, Button, Kind
from agent.state import State
from tests.support.engine import CASE, GRACE, HELD, POST, Rig, claim, control, kinds, said

HERE = replace(CASE, channel="irc:net:%23desk:")
HERS = replace(HELD, channel="irc:net:%23desk:")


@pytest.mark.parametrize("case", [HERE, HERS])
@pytest.mark.parametrize("author", ["ada", "grace"])
async def test_a_wish_in_the_thread_of_a_case(rig: Rig, case: Case, author: str) -> None:
    """Ada reads that people have her case; Grace that they have the case of this conversation, and
    where to ask for one of her own.
    """
    state = State.ESCALATED if case is HERE else State.WITH_HUMAN
    wish = control(Kind.ASK_PERSON, Author(author), text="talk to a person")
    end = await rig.run(claim(wish, case=case, state=state))
    (told,) = said(end)
    if author == "ada":
        words = texts.WAITING if case is HERE else texts.WITH_OWNER
        assert told == words.format(case="C1", name="Linus")
        return
    assert "our case" not in told
    assert "a direct message" in told
    assert ("Linus" in told) == (case is HERS)
    assert Button.LEAVE_QUEUE not in end.outbox[-1].buttons


@pytest.mark.parametrize("author", ["ada", "grace"])
async def test_a_receipt_in_the_thread_of_a_case(rig: Rig, author: str) -> None:
    """Whoever writes first reads that it was added: Ada to her case, Grace to the one that is
    discussed here.
    """
    words = replace(POST, author=Author(author))
    end = await rig.run(claim(words, case=HERE, state=State.ESCALATED))
    (told,) = said(end)
    assert ("your case" in told) is (author == "ada")
    assert "C1" in told
    assert (Button.LEAVE_QUEUE in end.outbox[-1].buttons) is (author == "ada")


async def test_a_wish_of_ones_own_that_came_too_late(rig: Rig) -> None:
    """Grace typed a wish about something else, and before it was read people had Ada's case where
    it went: her words are not passed on to them, and she reads where to say them.
    """
    wish = control(Kind.ASK_PERSON, GRACE, text="my salary is wrong")
    end = await rig.run(claim(wish, case=HERE, state=State.ESCALATED))
    assert "relayed" not in kinds(end)
    assert not any("salary" in one.text for one in end.outbox)
    assert "a direct message" in said(end)[-1]
