"""The journal read back into a conversation."""

from __future__ import annotations

from typing import Any

from agent.journal import History, Line, read
from agent.records import Entry


def lines(*entries: tuple[Line | str, dict[str, Any]]) -> list[Entry]:
    """Journal lines numbered from 1."""
    return [
        Entry(kind, data, at=float(seq), seq=seq) for seq, (kind, data) in enumerate(entries, 1)
    ]


def said(number: int, text: str = "Words.") -> tuple[Line, dict[str, Any]]:
    """An utterance of the employee."""
    return Line.SAID, {"id": f"m{number}", "author": "U1", "name": "Ada", "text": text}


def answered(number: int, text: str = "An answer.") -> tuple[Line, dict[str, Any]]:
    """An answer of the bot."""
    return Line.ANSWERED, {"message": f"t{number}.1", "text": text}


def texts(history: History) -> list[str]:
    """What was said, in order."""
    return [one.text for one in history.said]


def test_a_conversation() -> None:
    """Words of both sides in order, the bot's without an author."""
    history = read(lines(said(1, "Leave?"), answered(1, "27 days."), ("turn", {}), said(2, "Ok.")))
    assert texts(history) == ["Leave?", "27 days.", "Ok."]
    assert [one.author for one in history.said] == ["U1", "", "U1"]
    assert history.has("m1")
    assert not history.has("m9")


def test_edits_and_deletions() -> None:
    """They are applied, and those of messages that are not here change nothing."""
    history = read(
        lines(
            said(1, "Leav?"),
            said(2, "A secret."),
            (Line.EDITED, {"id": "m1", "text": "Leave?"}),
            (Line.EDITED, {"id": "m9", "text": "Elsewhere."}),
            (Line.DELETED, {"id": "m2"}),
            (Line.DELETED, {"id": "m9"}),
        )
    )
    assert texts(history) == ["Leave?"]


def test_a_summary_takes_the_place_of_what_it_tells() -> None:
    """What was summarised, and what a thread held before, is not told twice."""
    history = read(
        lines(
            (Line.EARLIER, {"messages": [{"from": "Ada", "text": "Before."}]}),
            said(1, "Old."),
            answered(1),
            said(2, "Newer."),
            (Line.SUMMARY, {"text": "They met.", "upto": 3}),
        )
    )
    assert history.summary == "They met."
    assert history.earlier == ()
    assert texts(history) == ["Newer."]


def test_what_a_thread_held_before() -> None:
    """It is kept as it was read."""
    messages = [{"from": "Ada", "text": "Before."}]
    assert read(lines((Line.EARLIER, {"messages": messages}))).earlier == tuple(messages)


def test_receipts() -> None:
    """Which cases had their one receipt is remembered, across summaries too."""
    history = read(
        lines(
            (Line.NOTICE, {"message": "t1.1", "text": "Added.", "receipt": "C1"}),
            (Line.NOTICE, {"message": "t1.2", "text": "Stopped."}),
            (Line.SUMMARY, {"text": "They met.", "upto": 2}),
        )
    )
    assert history.receipts == {"C1"}
    assert history.said == ()
