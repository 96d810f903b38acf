"""The few shapes that the page can draw; what is in a message of any platform becomes these.

{"type": "html", "style": "markdown" | "section" | "typed" | …, "html": …}
{"type": "header", "text": …}      {"type": "divider"}
{"type": "context", "items": [html, …]}
{"type": "actions", "elements": [{"action_id", "value", "text", "style", "url", "alone"}, …]}
{"type": "feedback", "action_id", "positive", "negative"}
{"type": "prompts", "elements": [{"text", "value"}, …]}      a press says the value
{"type": "note", "text": …}        what the page cannot draw, said so

A card is a frame around shapes; its buttons send what is filled in on it, unless they are `alone`.
Between them may be one that shows more, {"text", "items": [shape, …]}; its buttons send that, too.

{"type": "card" | "box", "items": [shape, …]}
{"type": "facts", "items": [[html, html], …]}
{"type": "input", "name", "label", "value", "placeholder", "lines", "most", "error"}
{"type": "choice", "name", "label", "value", "choices": [{"title", "value"}, …], "open", "error"}

A form (`rooms`) is made of the same; `error` is what was found wrong with a field of it.

`page/blocks.js` draws them. HTML comes from `marking` and its like alone; `style` of an HTML is a
CSS class, or several.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.playground.marking import SAFE_LINK

Shape = dict[str, Any]

MAX_FIELD = 4000
"""Characters of a card's field, unless it says less."""


def html(style: str, text: str) -> Shape:
    """A text that is HTML already."""
    return {"type": "html", "style": style, "html": text}


def header(text: str) -> Shape:
    """A title."""
    return {"type": "header", "text": text}


def divider() -> Shape:
    """A line."""
    return {"type": "divider"}


def context(items: Sequence[str]) -> Shape:
    """Small print; the items are HTML already."""
    return {"type": "context", "items": list(items)}


def note(kind: object) -> Shape:
    """Instead of a part that is not drawn."""
    return {"type": "note", "text": f"(a block of the kind {kind}, which is not drawn here)"}


def actions(elements: Sequence[Shape]) -> Shape:
    """A row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def button(
    text: str,
    *,
    action_id: str,
    value: str = "",
    style: str = "",
    url: str = "",
    alone: bool = False,
) -> Shape:
    """An element of `actions`; an address of an unsafe kind is dropped."""
    return {
        "action_id": action_id,
        "value": value,
        "text": text,
        "style": style,
        "url": url if SAFE_LINK.fullmatch(url) else "",
        "alone": alone,
    }


def feedback(action_id: str, *, positive: str, negative: str) -> Shape:
    """Two thumbs and what they mean."""
    return {
        "type": "feedback",
        "action_id": action_id,
        "positive": positive,
        "negative": negative,
    }


def prompts(said: Sequence[tuple[str, str]]) -> Shape:
    """Buttons that say something: what is on them, and what they say."""
    return {"type": "prompts", "elements": [{"text": text, "value": value} for text, value in said]}


def card(items: Sequence[Shape]) -> Shape:
    """A frame with inputs and buttons that belong together."""
    return {"type": "card", "items": list(items)}


def box(items: Sequence[Shape]) -> Shape:
    """A part of a card that is set off."""
    return {"type": "box", "items": list(items)}


def facts(pairs: Sequence[tuple[str, str]]) -> Shape:
    """Names and values, both HTML already."""
    return {"type": "facts", "items": [list(pair) for pair in pairs]}


def opener(text: str, items: Sequence[Shape]) -> Shape:
    """An element of `actions` that shows more below its row."""
    return {"text": text, "items": list(items)}


def field(
    name: str,
    label: str,
    *,
    value: str = "",
    placeholder: str = "",
    lines: int = 1,
    most: int = 0,
    error: str = "",
) -> Shape:
    """A field to write in, of at most `most` characters."""
    return {
        "type": "input",
        "name": name,
        "label": label,
        "value": value,
        "placeholder": placeholder,
        "lines": lines,
        "most": most or MAX_FIELD,
        "error": error,
    }


def choice(
    name: str,
    label: str,
    options: Sequence[tuple[str, str]],
    *,
    value: str = "",
    is_open: bool = False,
    error: str = "",
) -> Shape:
    """One of several: what is shown of each, and its value; all of them in sight if `is_open`."""
    return {
        "type": "choice",
        "name": name,
        "label": label,
        "value": value,
        "choices": [{"title": title, "value": one} for title, one in options],
        "open": is_open,
        "error": error,
    }
