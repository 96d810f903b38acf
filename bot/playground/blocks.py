"""Slack's blocks become the few shapes that the page can draw.

{"type": "html", "style": "markdown" | "section" | "typed", "html": …}
{"type": "header", "text": …}      {"type": "divider"}
{"type": "context", "items": [html, …]}
{"type": "actions", "elements": [{"action_id", "value", "text", "style", "url"}, …]}
{"type": "feedback", "action_id", "positive", "negative"}
{"type": "note", "text": …}        what the page cannot draw, said so
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from bot.playground import marking
from bot.playground.marking import Directory

Json = dict[str, Any]


def drawn(blocks: Iterable[Json], directory: Directory) -> list[Json]:
    """The shapes for these blocks."""
    return [shape for block in blocks for shape in _shapes(block, directory)]


def _shapes(block: Json, directory: Directory) -> Iterator[Json]:
    match block.get("type"):
        case "markdown":
            yield _html("markdown", marking.markdown(block["text"]))
        case "rich_text":
            yield _html("typed", marking.rich_text(block, directory))
        case "section":
            yield from _section(block, directory)
        case "header":
            yield {"type": "header", "text": block["text"]["text"]}
        case "divider":
            yield {"type": "divider"}
        case "context":
            yield {"type": "context", "items": [_text(one, directory) for one in block["elements"]]}
        case "actions" | "context_actions":
            yield from _actions(block["elements"])
        case other:
            yield _note(other)


def _html(style: str, html: str) -> Json:
    return {"type": "html", "style": style, "html": html}


def _note(kind: object) -> Json:
    return {"type": "note", "text": f"(a block of the kind {kind}, which is not drawn here)"}


def _section(block: Json, directory: Directory) -> Iterator[Json]:
    texts = [block["text"]] if "text" in block else []
    for text in [*texts, *block.get("fields", ())]:
        yield _html("section", _text(text, directory))
    if accessory := block.get("accessory"):
        yield from _actions([accessory])


def _text(element: Json, directory: Directory) -> str:
    """A text object (or a picture's description) as HTML."""
    text = str(element.get("text") or element.get("alt_text") or "")
    return marking.mrkdwn(text, directory) if element.get("type") == "mrkdwn" else escape(text)


def _actions(elements: Iterable[Json]) -> Iterator[Json]:
    """One row of the buttons that follow each other; the rest in its place."""
    row: list[Json] = []
    for element in elements:
        if element.get("type") == "button":
            row.append(_button(element))
            continue
        if row:
            yield {"type": "actions", "elements": row}
            row = []
        yield (
            _feedback(element)
            if element.get("type") == "feedback_buttons"
            else _note(element.get("type"))
        )
    if row:
        yield {"type": "actions", "elements": row}


def _button(element: Json) -> Json:
    url = str(element.get("url") or "")
    return {
        "action_id": element["action_id"],
        "value": element.get("value", ""),
        "text": element["text"]["text"],
        "style": element.get("style", ""),
        "url": url if marking.SAFE_LINK.fullmatch(url) else "",
    }


def _feedback(element: Json) -> Json:
    def label(side: str) -> str:
        button = element[f"{side}_button"]
        return str(button.get("accessibility_label") or button["text"]["text"])

    return {
        "type": "feedback",
        "action_id": element["action_id"],
        "positive": label("positive"),
        "negative": label("negative"),
    }
