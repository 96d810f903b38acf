"""What is for the bot, decided before anything is stored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.addressing import Verdict, verdict
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
