"""Edits and deletions of what is not answered yet are applied to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import folding
from agent.folding import Folded
from agent.journal import History, Said
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.records import Row

PLACE = ConversationId("slack", "T1", "C1", "1.1")
POST = IncomingMessage(PLACE, "1.1", Kind.MESSAGE, Author("U1"), "Leave?", mentions_bot=True)
EDIT = replace(POST, kind=Kind.EDIT, text="Days?", revision="2", mentions_bot=False)
GONE = replace(POST, kind=Kind.DELETE, text="", revision="deleted", mentions_bot=False)
KNOWN = History(said=(Said(1, "1.1", "U1", "Ada", "Leave?"),))
OTHER = History(said=(Said(1, "0.1", "U1", "Ada", "Hello."),))


def fold(*messages: IncomingMessage, history: History | None = None) -> Folded:
    """Fold these messages, claimed as rows."""
    rows = [Row(number, message, 1, 0.0) for number, message in enumerate(messages, 1)]
    return folding.fold(rows, history or History())


def asked(folded: Folded) -> list[str]:
    """The texts that want an answer."""
    return [message.text for message in folded.asked]


def test_messages_in_order() -> None:
    """A burst keeps its order."""
    assert asked(fold(POST, replace(POST, id="1.2", text="Days?"))) == ["Leave?", "Days?"]


def test_an_edit_takes_the_place_of_its_message() -> None:
    """The last edit counts."""
    folded = fold(POST, EDIT, replace(EDIT, text="Weeks?", revision="3"))
    assert asked(folded) == ["Weeks?"]
    assert folded.asked[0].kind is Kind.MESSAGE
    assert folded.edited == ()


def test_an_edit_of_what_was_answered_is_noted() -> None:
    """It is no question."""
    folded = fold(EDIT, history=KNOWN)
    assert asked(folded) == []
    assert [message.text for message in folded.edited] == ["Days?"]


@pytest.mark.parametrize("history", [History(), OTHER])
def test_an_edit_that_brings_the_mention_is_a_question(history: History) -> None:
    """In a thread that we know and in one that we do not."""
    assert asked(fold(replace(EDIT, mentions_bot=True), history=history)) == ["Days?"]


def test_a_direct_edit_of_an_unknown_message() -> None:
    """Where nothing was ever said, the message itself was lost; else it is an old one."""
    direct = replace(EDIT, direct=True)
    assert asked(fold(direct)) == ["Days?"]
    assert asked(fold(direct, history=OTHER)) == []
    assert asked(fold(direct, history=History(summary="They met."))) == []


def test_an_edit_among_people_is_nothing() -> None:
    """An edit of a message that was not for us."""
    assert fold(EDIT) == Folded(())


def test_a_message_that_its_edit_overtook() -> None:
    """In whatever order they come, there is one question, and it is the later one."""
    direct = replace(EDIT, direct=True)
    assert asked(fold(direct, replace(POST, direct=True))) == ["Days?"]
    assert asked(fold(POST, history=KNOWN)) == []


def test_a_deletion() -> None:
    """What is gone is not asked, and what was answered is forgotten."""
    assert fold(POST, GONE).asked == ()
    folded = fold(EDIT, GONE, history=KNOWN)
    assert (folded.edited, len(folded.deleted)) == ((), 1)


def test_controls_say_nothing() -> None:
    """A control among the rows (of a turn that is given up) is no utterance."""
    assert fold(replace(POST, kind=Kind.FEEDBACK)) == Folded(())


def test_a_message_deleted_before_it_came_in_is_not_asked() -> None:
    """A redelivery may be later than the deletion."""
    assert folding.fold([Row(1, POST, 1, 0.0)], History(gone=frozenset({POST.id}))).asked == ()
