"""Adaptive Cards become the shapes that the page can draw.

https://adaptivecards.io/explorer/ tells the elements. Drawn is what Frontdesk's cards are made of,
and what is often beside it; of anything else it is said that it is not drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from typing import Any

from bot.playground import marking, shapes
from bot.playground.shapes import Shape

Json = Mapping[str, Any]
LookUp = Callable[[str], str | None]

LOOKS = frozenset({"small", "large", "bolder", "subtle", "accent", "good", "warning", "attention"})
"""What `cards.css` knows of the sizes, weights and colours of texts."""
SIZES = {"medium": "large", "extralarge": "large"}
STYLES = {"positive": "primary", "destructive": "danger"}
LINES = 2
"""Of a field for several lines."""


def drawn(card: Json, look_up: LookUp) -> Shape:
    """A card. `look_up` says where on the page a permalink leads."""
    return shapes.card(list(_card(card, look_up)))


def _card(card: Json, look_up: LookUp) -> Iterator[Shape]:
    yield from _elements(card.get("body"), look_up)
    yield from _actions(card.get("actions") or (), look_up)


def _elements(elements: Iterable[Json] | None, look_up: LookUp) -> Iterator[Shape]:
    for element in elements or ():
        yield from _element(element, look_up)


def _element(element: Json, look_up: LookUp) -> Iterator[Shape]:
    match element.get("type"):
        case "TextBlock":
            yield _text(element)
        case "RichTextBlock":
            yield shapes.html("run", "".join(_run(one) for one in element["inlines"]))
        case "FactSet":
            pairs = [(_words(one, "title"), _words(one, "value")) for one in element["facts"]]
            yield shapes.facts(pairs)
        case "Container":
            inner = list(_elements(element["items"], look_up))
            yield from [shapes.box(inner)] if element.get("style") else inner
        case "ActionSet":
            yield from _actions(element["actions"], look_up)
        case "Input.Text":
            yield _field(element)
        case "Input.ChoiceSet":
            yield _choice(element)
        case other:
            yield shapes.note(other)


def _text(element: Json) -> Shape:
    if element.get("style") == "heading":
        return shapes.header(str(element["text"]))
    return shapes.html(" ".join(["markdown", *_looks(element)]), _words(element, "text"))


def _looks(element: Json) -> list[str]:
    said = [str(element.get(name) or "").lower() for name in ("size", "weight", "color")]
    said = [SIZES.get(one, one) for one in said]
    return [one for one in said if one in LOOKS] + (["subtle"] if element.get("isSubtle") else [])


def _words(element: Json, name: str) -> str:
    return marking.markdown(str(element.get(name) or ""))


def _run(run: Json | str) -> str:
    """A run reads no Markdown."""
    if isinstance(run, str):
        return escape(run)
    text = marking.words(str(run.get("text") or ""))
    tag = "strong" if run.get("weight") == "bolder" else "span"
    looks = " ".join(one for one in _looks(run) if one != "bolder")
    if looks:
        return f'<{tag} class="{looks}">{text}</{tag}>'
    return f"<{tag}>{text}</{tag}>" if tag == "strong" else text


def _field(element: Json) -> Shape:
    return shapes.field(
        str(element["id"]),
        str(element.get("label") or ""),
        value=str(element.get("value") or ""),
        placeholder=str(element.get("placeholder") or ""),
        lines=LINES if element.get("isMultiline") else 1,
        most=int(element.get("maxLength") or 0),
    )


def _choice(element: Json) -> Shape:
    options = [(str(one["title"]), str(one["value"])) for one in element.get("choices") or ()]
    return shapes.choice(
        str(element["id"]),
        str(element.get("label") or ""),
        options,
        value=str(element.get("value") or ""),
        is_open=element.get("style") == "expanded",
    )


def _actions(actions: Iterable[Json], look_up: LookUp) -> Iterator[Shape]:
    row = [_action(one, look_up) for one in actions]
    if row:
        yield shapes.actions(row)


def _action(action: Json, look_up: LookUp) -> Shape:
    title = str(action.get("title") or "")
    if action.get("type") == "Action.ShowCard":
        return shapes.opener(title, list(_card(action["card"], look_up)))
    data, url = action.get("data"), str(action.get("url") or "")
    said = [one for one in data.values() if isinstance(one, str)] if isinstance(data, dict) else []
    here = look_up(url)
    return shapes.button(
        title,
        action_id=str(action.get("verb") or action.get("id") or title),
        value=said[0] if said else "",
        style=STYLES.get(str(action.get("style") or ""), ""),
        url=url if here is None else here,
        alone=str(action.get("associatedInputs") or "").lower() == "none",
    )
