"""What came in is folded, cleaned, masked, and refused with a reason where it must be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import screening
from agent.errors import InputRejected, NotAllowed, NothingToRead, OnlyFiles, TooLong
from agent.journal import History, Said
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.platforms import EarlierMessage, Profile
from agent.policy import Policy
from agent.records import Row

PLACE = ConversationId("slack", "T1", "C1", "1.1")
POST = IncomingMessage(PLACE, "1.1", Kind.MESSAGE, Author("U1"), "Leave?", mentions_bot=True)
EDIT = replace(POST, kind=Kind.EDIT, text="Days?", revision="2", mentions_bot=False)
GONE = replace(POST, kind=Kind.DELETE, text="", revision="deleted", mentions_bot=False)
KNOWN = History(said=(Said(1, "1.1", "U1", "Ada", "Leave?"),))
OTHER = History(said=(Said(1, "0.1", "U1", "Ada", "Hello."),))


def fold(*messages: IncomingMessage, history: History | None = None) -> screening.Folded:
    """Fold these messages, claimed as rows."""
    rows = [Row(number, message, 1, 0.0) for number, message in enumerate(messages, 1)]
    return screening.fold(rows, history or History())


def asked(folded: screening.Folded) -> list[str]:
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
    assert fold(EDIT) == screening.Folded(())


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
    assert fold(replace(POST, kind=Kind.FEEDBACK)) == screening.Folded(())


def test_texts_are_cleaned_and_masked() -> None:
    """Invisible characters go, secrets are masked."""
    told = replace(POST, text="my\u200b token is xoxb-1234567890-abcdef")
    assert screening.readable(told, Policy()).text == "my token is [secret]"


def test_a_text_that_is_too_long_is_cut_and_still_seen_to_be_too_long() -> None:
    """No more of it is looked at than is read."""
    told = screening.readable(replace(POST, text="a" * 40_000), Policy(max_input=10))
    assert told.text == "a" * 10 + "…"


def test_a_message_deleted_before_it_came_in_is_not_asked() -> None:
    """A redelivery may be later than the deletion."""
    assert screening.fold([Row(1, POST, 1, 0.0)], History(gone=frozenset({POST.id}))).asked == ()


@pytest.mark.parametrize(
    ("message", "profile", "policy", "error"),
    [
        (POST, Profile("U1", external=True), Policy(), NotAllowed),
        (replace(POST, author=Author("U1", external=True)), Profile("U1"), Policy(), NotAllowed),
        (POST, Profile("U1", external=True), Policy(external="allow"), None),
        (POST, Profile("U1", guest=True), Policy(guests="refuse"), NotAllowed),
        (POST, Profile("U1", guest=True), Policy(), None),
        (replace(POST, text="x" * 12_000), Profile("U1"), Policy(), None),
        (replace(POST, text="x" * 12_001), Profile("U1"), Policy(), TooLong),
        (replace(POST, text=":tada:"), Profile("U1"), Policy(), NothingToRead),
        (replace(POST, text="", files=("a.pdf",)), Profile("U1"), Policy(), OnlyFiles),
        (replace(POST, files=("a.pdf",)), Profile("U1"), Policy(), None),
    ],
)
def test_refusing(
    message: IncomingMessage, profile: Profile, policy: Policy, error: type[InputRejected] | None
) -> None:
    """One line of the table of what is refused."""
    if error is None:
        screening.check([message], profile, policy)
    else:
        with pytest.raises(error):
            screening.check([message], profile, policy)


def test_one_of_a_burst_with_words_is_enough() -> None:
    """An emoji before the question is no reason to refuse it."""
    screening.check([replace(POST, text="🎉"), POST], Profile("U1"), Policy())


def test_the_words_of_a_refusal() -> None:
    """They name what it is about."""
    long = replace(POST, text="x" * 20)
    told = screening.words_for(TooLong(), [long, POST], Policy(max_input=10))
    assert "I read up to 10 characters" in told
    files = replace(POST, text="", files=("a\nb.pdf", "c" * 99))
    told = screening.words_for(OnlyFiles(), [files], Policy())
    assert "(a b.pdf, " + "c" * 59 + "…)" in told
    assert screening.words_for(InputRejected(), [], Policy()) == "I can't work on this message."


def test_a_thread_as_data() -> None:
    """Names on one line, words cleaned, masked and cut, bots called bots."""
    earlier = [
        EarlierMessage("U1", "Ada\nByron", "key AKIAABCDEFGHIJKLMNOP", False, 1.0),
        EarlierMessage("B1", "Robot", "x" * 3000, True, 2.0),
    ]
    assert screening.as_data(earlier) == [
        {"from": "Ada Byron", "text": "key [secret]"},
        {"from": "bot", "text": "x" * 2000},
    ]
