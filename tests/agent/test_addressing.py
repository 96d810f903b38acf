"""What is for the bot, decided before anything is stored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.addressing import (
    Verdict,
    as_command,
    as_control,
    verdict,
    wants_repeat,
    wants_to_leave,
)
from agent.messages import Author, ConversationId, IncomingMessage, Kind

DESK = ConversationId("slack", "T1", "CDESK")
POST = IncomingMessage(
    ConversationId("slack", "T1", "C1", "1.1"), "1.1", Kind.MESSAGE, Author("U1"), "How many days?"
)
REPLY = replace(POST, id="1.2", in_thread=True)
AT_DESK = replace(REPLY, conversation=replace(DESK, thread="1.1"))

CASES = [
    ("a post in a channel is not", POST, Verdict.IGNORE),
    ("a mention is", replace(POST, mentions_bot=True), Verdict.ACCEPT),
    ("a direct message is", replace(POST, direct=True), Verdict.ACCEPT),
    ("a reply is if the bot takes part", REPLY, Verdict.IF_KNOWN),
    (
        "an emoji reply is if people read it",
        replace(REPLY, text=":tada: 🎉"),
        Verdict.IF_WITH_PEOPLE,
    ),
    ("… and a file", replace(REPLY, text="", files=("a.png",)), Verdict.IF_WITH_PEOPLE),
    ("… but not outside of a thread", replace(POST, files=("a.png",)), Verdict.IGNORE),
    ("an emoji mention is", replace(REPLY, text=":wave:", mentions_bot=True), Verdict.ACCEPT),
    ("a press is", replace(POST, kind=Kind.ASK_PERSON), Verdict.ACCEPT),
    ("a deletion is if we saw it", replace(POST, kind=Kind.DELETE), Verdict.IF_KNOWN),
    ("an edit is if we saw it", replace(POST, kind=Kind.EDIT), Verdict.IF_KNOWN),
    (
        "an edit that mentions is",
        replace(POST, kind=Kind.EDIT, mentions_bot=True),
        Verdict.ACCEPT,
    ),
    ("a thread of the desk is for the desk", AT_DESK, Verdict.DESK),
    ("… an emoji, too", replace(AT_DESK, text="🎉"), Verdict.DESK),
    ("… even when the bot is mentioned", replace(AT_DESK, mentions_bot=True), Verdict.DESK),
    ("… so are edits", replace(AT_DESK, kind=Kind.EDIT), Verdict.DESK),
    ("… and deletions", replace(AT_DESK, kind=Kind.DELETE), Verdict.DESK),
    ("a command there is one as anywhere", replace(AT_DESK, kind=Kind.COMMAND), Verdict.ACCEPT),
    ("a post at its top is not", replace(AT_DESK, in_thread=False), Verdict.IGNORE),
    (
        "… but a mention is",
        replace(AT_DESK, in_thread=False, mentions_bot=True),
        Verdict.ACCEPT,
    ),
    ("a claim is for the desk, wherever", replace(POST, kind=Kind.CLAIM), Verdict.DESK),
    ("a form is", replace(POST, kind=Kind.RESOLVE, text="done", direct=True), Verdict.DESK),
    ("the words in a card's box are", replace(POST, direct=True, about_ref="1.1"), Verdict.DESK),
]


@pytest.mark.parametrize(("message", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_verdict(message: IncomingMessage, expected: Verdict) -> None:
    """One line of the table of what is for the bot."""
    decided = verdict(message, follow_threads=True, human_channels={(DESK.platform, DESK.channel)})
    assert decided is expected


def test_follow_ups_need_a_mention_when_set_so() -> None:
    """With the setting off only a mention brings the bot into a thread again; people read on."""
    assert verdict(REPLY, follow_threads=False, human_channels=()) is Verdict.IF_WITH_PEOPLE


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
