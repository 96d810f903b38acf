"""Whole messages that are more than words for a model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.phrases import as_command, as_control, wants_repeat, wants_to_leave

POST = IncomingMessage(
    ConversationId("slack", "T1", "C1", "1.1"), "1.1", Kind.MESSAGE, Author("U1"), "How many days?"
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("stop", Kind.STOP),
        ("Stop!", Kind.STOP),
        ("talk to a person", Kind.ASK_PERSON),
        ("I want to talk to a human, please", Kind.MESSAGE),
        ("I want to talk to a human", Kind.ASK_PERSON),
        ("Can I please speak to someone?", Kind.ASK_PERSON),
        ("How do I stop the VPN?", Kind.MESSAGE),
        ("Who can I talk to about a person in my team?", Kind.MESSAGE),
    ],
)
def test_only_a_whole_phrase_is_a_control(text: str, kind: Kind) -> None:
    """A control word inside a question is part of the question."""
    assert as_control(replace(POST, text=text)).kind is kind


def test_an_edit_never_becomes_a_control() -> None:
    """Correcting a message to 'stop' corrects the message."""
    assert as_control(replace(POST, kind=Kind.EDIT, text="stop")).kind is Kind.EDIT


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("repeat", True),
        ("Repeat, please!", True),
        ("please repeat that", True),
        ("Could you please say it again?", True),
        ("resend", True),
        ("send that again please", True),
        ("repeat the order of the chair", False),
        ("How do I repeat a meeting?", False),
        ("again", False),
        ("please", False),
        ("", False),
    ],
)
def test_wanting_to_be_told_once_more(text: str, wanted: bool) -> None:
    """A whole phrase, too: 'repeat' with an object is a question."""
    assert wants_repeat(text) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/status", "status"),
        ("/frontdesk status", "status"),
        ("/Frontdesk", "help"),
        ("/", "help"),
        ("/FRONTDESK  Human, I can't print", "Human, I can't print"),
        ("/frontdesk 2nd try", "2nd try"),
        (" /human my screen\nis broken ", "human my screen\nis broken"),
        ("Status!", "status"),
        ("forget me", "forget me"),
        ("/frontdesks", "frontdesks"),
        ("human resources", None),
        ("forget it", None),
        ("either/or", None),
        ("/usr/bin/vpn says access denied", None),
        ("/etc", "etc"),
        ("/v1 of the API?", None),
        ("/c: is full", None),
        ("Cases", "cases"),
        ("assign @Ada C7", "assign @Ada C7"),
        (" Assign <@U1|ada>", "Assign <@U1|ada>"),
        ("assign me a parking lot", None),
        ("channel SLA 30", "channel SLA 30"),
        ("channel hours mon-fri 09:00-17:00", "channel hours mon-fri 09:00-17:00"),
        ("channel hours of the support team?", None),
        ("channel slack", None),
        ("channel", None),
        ("budget", None),
        ("", None),
    ],
)
def test_a_command_in_words(text: str, words: str | None) -> None:
    """With a slash anything may follow; without one it is all that is said."""
    assert as_command(text) == words


def test_leaving_the_queue_is_a_whole_phrase_too() -> None:
    """'Never mind' leaves, a sentence that contains it does not."""
    assert wants_to_leave("Never mind.")
    assert not wants_to_leave("Never mind the VPN, what about Wi-Fi?")
