"""The journal of a conversation in words, for the timeline beside the chat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agent.journal import Line
from agent.records import TimelineItem
from agent.text import one_line

Json = dict[str, Any]
Data = Mapping[str, Any]

LONGEST = 160
"""Characters of a line; the data behind it can be opened."""


def told(items: Iterable[TimelineItem]) -> list[Json]:
    """Each line as {"at": seconds since the epoch, "turn", "kind", "text", "data"}."""
    return [
        {
            "at": item.at,
            "turn": item.turn_id,
            "kind": item.kind.replace("_", " "),
            "text": one_line(WORDS.get(item.kind, _anything)(item.data), LONGEST),
            "data": dict(item.data),
        }
        for item in items
    ]


def _said(data: Data) -> str:
    return f"{data.get('name') or data.get('author')}: {data.get('text')}"


def _answered(data: Data) -> str:
    sources, confidence = len(data.get("citations") or ()), data.get("confidence")
    words = [str(data.get("model") or ""), str(data.get("action") or "")]
    words.append(f"confidence {confidence:.2f}" if isinstance(confidence, float) else "")
    words.append(f"{sources} source{'' if sources == 1 else 's'}")
    return " · ".join(word for word in words if word)


def _turn(data: Data) -> str:
    words = [f"{data.get('before')} → {data.get('after')}", str(data.get("outcome") or "")]
    words += [
        f"{one.get('model')} {one.get('outcome')} in {one.get('seconds') or 0:.2f} s"
        for one in data.get("attempts") or ()
    ]
    return " · ".join(word for word in words if word)


def _case(data: Data) -> str:
    named = ("case", "state", "cause", "owner")
    return " · ".join(str(data[name]) for name in named if data.get(name))


def _staff(data: Data) -> str:
    kept = "note" if data.get("note") else "refused" if data.get("refused") else ""
    return _said(data) + (f" ({kept}: not passed on)" if kept else "")


def _relayed(data: Data) -> str:
    words = [f"to the {data.get('to')}", str(data.get("case") or ""), str(data.get("text") or "")]
    return " · ".join(word for word in words if word)


def _text(data: Data) -> str:
    return str(data.get("text") or "")


def _anything(data: Data) -> str:
    return ", ".join(f"{name}: {value}" for name, value in data.items())


WORDS: dict[str, Callable[[Data], str]] = {
    Line.SAID: _said,
    Line.EDITED: _text,
    Line.ANSWERED: _answered,
    Line.NOTICE: _text,
    Line.CASE: _case,
    Line.STAFF: _staff,
    Line.STAFF_EDITED: _text,
    Line.RELAYED: _relayed,
    Line.SUMMARY: _text,
    Line.TURN: _turn,
}
