"""Journal lines are told in words, unknown ones too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from agent.journal import Line
from agent.records import TimelineItem
from bot.playground.telling import LONGEST, told

ATTEMPT = {"model": "a:b", "outcome": "ok", "seconds": 1.234}


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        (Line.SAID, {"name": "", "author": "U1", "text": "Hi\nthere"}, "U1: Hi there"),
        (
            Line.ANSWERED,
            {"model": "a:b", "action": "continue", "confidence": 0.5, "citations": [{}]},
            "a:b · continue · confidence 0.50 · 1 source",
        ),
        (Line.ANSWERED, {"citations": []}, "0 sources"),
        (
            Line.TURN,
            {"before": "idle", "after": "idle", "outcome": "answered", "attempts": [ATTEMPT]},
            "idle → idle · answered · a:b ok in 1.23 s",
        ),
        (Line.CASE, {"case": "C1", "state": "waiting", "cause": "unsure"}, "C1 · waiting · unsure"),
        (Line.NOTICE, {"text": "Stopped."}, "Stopped."),
        (Line.STAFF, {"name": "Mia", "text": "Hi"}, "Mia: Hi"),
        (
            Line.STAFF,
            {"name": "Mia", "text": "// Hi", "note": True},
            "Mia: // Hi (note: not passed on)",
        ),
        (
            Line.STAFF,
            {"name": "Bo", "text": "x", "refused": True},
            "Bo: x (refused: not passed on)",
        ),
        (Line.RELAYED, {"to": "desk", "case": "C1", "post": "p"}, "to the desk · C1"),
        ("something_new", {"a": 1, "b": "x"}, "a: 1, b: x"),
    ],
)
def test_a_line_in_words(kind: str, data: Mapping[str, Any], text: str) -> None:
    """Each kind says what matters; the data behind it stays whole."""
    (line,) = told([TimelineItem(1.0, kind, "t1", data)])
    assert (line["text"], line["data"], line["turn"], line["at"]) == (text, data, "t1", 1.0)
    assert "_" not in line["kind"]


def test_long_lines_are_cut() -> None:
    """A whole answer does not fill the panel."""
    (line,) = told([TimelineItem(1.0, Line.NOTICE, "", {"text": "word " * 200})])
    assert len(line["text"]) <= LONGEST
