"""What came in is cleaned, masked, and refused with a reason where it must be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import screening
from agent.errors import InputRejected, NotAllowed, NothingToRead, OnlyFiles, TooLong
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.platforms import EarlierMessage, Profile
from agent.policy import Policy

PLACE = ConversationId("slack", "T1", "C1", "1.1")
POST = IncomingMessage(PLACE, "1.1", Kind.MESSAGE, Author("U1"), "Leave?", mentions_bot=True)


def test_texts_are_cleaned_and_masked() -> None:
    """Invisible characters go, secrets are masked."""
    told = replace(POST, text="my\u200b token is xoxb-1234567890-abcdef")
    assert screening.readable(told, Policy()).text == "my token is [secret]"


def test_a_text_that_is_too_long_is_cut_and_still_seen_to_be_too_long() -> None:
    """No more of it is looked at than is read."""
    told = screening.readable(replace(POST, text="a" * 40_000), Policy(max_input=10))
    assert told.text == "a" * 10 + "…"


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
