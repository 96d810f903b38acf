"""A form that Slack opens becomes the shapes that the page can draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.slack.twin_state import View
from bot.playground import shapes
from bot.playground.shapes import Shape
from bot.playground.slack.blocks import drawn
from bot.playground.slack.marking import Directory

Json = dict[str, Any]

LINES = 3
"""Of a field for several lines."""


def form(view: View, directory: Directory) -> Json:
    """The form as its person sees it."""
    body = view.body
    return {
        "id": view.id,
        "title": body["title"]["text"],
        "submit": body["submit"]["text"],
        "close": (body.get("close") or {}).get("text") or "Cancel",
        "items": list(_items(body["blocks"], view.errors, directory)),
    }


def _items(blocks: list[Json], errors: Mapping[str, str], directory: Directory) -> Iterator[Shape]:
    for block in blocks:
        if block["type"] == "input":
            yield _input(block, errors.get(block["block_id"], ""))
        else:
            yield from drawn([block], directory)


def _input(block: Json, error: str) -> Shape:
    element = block["element"]
    label = block["label"]["text"] + (" (optional)" if block.get("optional") else "")
    match element["type"]:
        case "plain_text_input":
            return shapes.field(
                element["action_id"],
                label,
                lines=LINES if element.get("multiline") else 1,
                most=int(element.get("max_length") or 0),
                error=error,
            )
        case "radio_buttons" | "static_select" as kind:
            options = [(one["text"]["text"], one["value"]) for one in element["options"]]
            is_open = kind == "radio_buttons"
            return shapes.choice(element["action_id"], label, options, is_open=is_open, error=error)
        case other:
            return shapes.note(other)
