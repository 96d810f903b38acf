"""Slack's blocks become the shapes that the page can draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from bot.playground import marking, shapes
from bot.playground.shapes import Shape
from bot.playground.slack.marking import Directory, mrkdwn, rich_text

Json = dict[str, Any]


def drawn(blocks: Iterable[Json], directory: Directory) -> list[Shape]:
    """The shapes for these blocks."""
    return [shape for block in blocks for shape in _shapes(block, directory)]


def _shapes(block: Json, directory: Directory) -> Iterator[Shape]:
    match block.get("type"):
        case "markdown":
            shown = marking.led(marking.markdown(block["text"]), directory.look_up)
            yield shapes.html("markdown", shown)
        case "rich_text":
            yield shapes.html("typed", rich_text(block, directory))
        case "section":
            yield from _section(block, directory)
        case "header":
            yield shapes.header(block["text"]["text"])
        case "divider":
            yield shapes.divider()
        case "context":
            yield shapes.context([_text(one, directory) for one in block["elements"]])
        case "actions" | "context_actions":
            yield from _actions(block["elements"])
        case other:
            yield shapes.note(other)


def _section(block: Json, directory: Directory) -> Iterator[Shape]:
    texts = [block["text"]] if "text" in block else []
    for text in [*texts, *block.get("fields", ())]:
        yield shapes.html("section", _text(text, directory))
    if accessory := block.get("accessory"):
        yield from _actions([accessory])


def _text(element: Json, directory: Directory) -> str:
    """A text object (or a picture's description) as HTML."""
    text = str(element.get("text") or element.get("alt_text") or "")
    return mrkdwn(text, directory) if element.get("type") == "mrkdwn" else escape(text)


def _actions(elements: Iterable[Json]) -> Iterator[Shape]:
    """One row of the buttons that follow each other; the rest in its place."""
    row: list[Shape] = []
    for element in elements:
        if element.get("type") == "button":
            row.append(_button(element))
            continue
        if row:
            yield shapes.actions(row)
            row = []
        yield (
            _feedback(element)
            if element.get("type") == "feedback_buttons"
            else shapes.note(element.get("type"))
        )
    if row:
        yield shapes.actions(row)


def _button(element: Json) -> Shape:
    return shapes.button(
        element["text"]["text"],
        action_id=element["action_id"],
        value=element.get("value", ""),
        style=element.get("style", ""),
        url=str(element.get("url") or ""),
    )


def _feedback(element: Json) -> Shape:
    def label(side: str) -> str:
        button = element[f"{side}_button"]
        return str(button.get("accessibility_label") or button["text"]["text"])

    return shapes.feedback(
        element["action_id"], positive=label("positive"), negative=label("negative")
    )
