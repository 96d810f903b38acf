"""Adaptive Cards 1.5 as Teams takes them: what is refused, and what on them can be pressed.

Elements, actions and what each must have: the schema at https://adaptivecards.io/schemas/1.5.0/adaptive-card.json
and https://adaptivecards.io/explorer/. Clients drop what they do not know; here it is refused, so
that nobody ships a card with a hole in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.teams.twin_state import Json

VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")
# https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference:
# "Adaptive Cards in Teams support up to six primary actions"; and 60 users for `refresh.userIds`.
MOST_ACTIONS = 6
MOST_REFRESHED = 60
TEXT, LIST, OBJECT = str, list, dict
# What each element must have, besides its type.
ELEMENTS: Mapping[str, Mapping[str, type]] = {
    "TextBlock": {"text": TEXT},
    "Image": {"url": TEXT},
    "Media": {"sources": LIST},
    "RichTextBlock": {"inlines": LIST},
    "ActionSet": {"actions": LIST},
    "Container": {"items": LIST},
    "ColumnSet": {"columns": LIST},
    "FactSet": {"facts": LIST},
    "ImageSet": {"images": LIST},
    "Table": {"rows": LIST},
    "Input.Text": {"id": TEXT},
    "Input.Number": {"id": TEXT},
    "Input.Date": {"id": TEXT},
    "Input.Time": {"id": TEXT},
    "Input.Toggle": {"id": TEXT, "title": TEXT},
    "Input.ChoiceSet": {"id": TEXT},
}
ACTIONS: Mapping[str, Mapping[str, type]] = {
    "Action.Execute": {},
    "Action.Submit": {},
    "Action.OpenUrl": {"url": TEXT},
    "Action.ShowCard": {"card": OBJECT},
    "Action.ToggleVisibility": {"targetElements": LIST},
}
# Parts that stand in one place only: their holder, where they are, and what they must have.
PARTS: Mapping[tuple[str, str], Mapping[str, type]] = {
    ("ColumnSet", "columns"): {},
    ("FactSet", "facts"): {"title": TEXT, "value": TEXT},
    ("ImageSet", "images"): {"url": TEXT},
    ("Input.ChoiceSet", "choices"): {"title": TEXT, "value": TEXT},
    ("Media", "sources"): {"url": TEXT},
    ("RichTextBlock", "inlines"): {"text": TEXT},
    ("Table", "rows"): {"cells": LIST},
}
# Fields with a closed set of values, which are read without regard to case.
CHOICES: Mapping[str, frozenset[str]] = {
    "weight": frozenset({"lighter", "default", "bolder"}),
    "size": frozenset({"small", "default", "medium", "large", "extralarge", "auto", "stretch"}),
    "color": frozenset({"default", "dark", "light", "accent", "good", "warning", "attention"}),
    "spacing": frozenset({"default", "none", "small", "medium", "large", "extralarge", "padding"}),
    "fonttype": frozenset({"default", "monospace"}),
    "horizontalalignment": frozenset({"left", "center", "right"}),
    "mode": frozenset({"primary", "secondary"}),
}
STYLES: Mapping[str, frozenset[str]] = {
    "Action": frozenset({"default", "positive", "destructive"}),
    "Container": frozenset({"default", "emphasis", "good", "attention", "warning", "accent"}),
    "TextBlock": frozenset({"default", "heading", "columnheader"}),
}


class Refusals:
    """The list of what is wrong, each with where it is."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, what: str, where: str) -> None:
        """Note one refusal."""
        self.found.append(f"{where}: {what}")

    def has(self, node: Json, needs: Mapping[str, type], where: str) -> bool:
        """Whether it has each field it needs, of its type, and not empty; else it is noted."""
        missing = [name for name, kind in needs.items() if not isinstance(node.get(name), kind)]
        empty = [name for name in needs if name not in missing and not node[name]]
        for name in (*missing, *empty):
            self.add(f"required property '{name}' is missing or empty", where)
        return not missing

    def objects(self, value: object, where: str) -> list[Json]:
        """The objects of a list; what is none is noted."""
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.add("must be a list of objects", where)
            return []
        return value


def card_refusals(card: object, where: str = "card") -> list[str]:
    """What Teams would refuse about an Adaptive Card; [] if nothing."""
    wrong = Refusals()
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        return [f"{where}: type must be 'AdaptiveCard'"]
    if card.get("version") not in VERSIONS:
        wrong.add(f"version must be one of {', '.join(VERSIONS)}", where)
    if not card.get("body") and not card.get("actions"):
        wrong.add("a card needs a body or actions", where)
    _check_body(wrong, card, where)
    _check_refresh(wrong, card.get("refresh"), f"{where}.refresh")
    _check_ids(wrong, card, where)
    return wrong.found


def _check_body(wrong: Refusals, card: Json, where: str) -> None:
    for index, element in enumerate(wrong.objects(card.get("body"), f"{where}.body")):
        _check_element(wrong, element, f"{where}.body[{index}]")
    _check_actions(wrong, card.get("actions"), f"{where}.actions")
    _check_select(wrong, card, where)


def _check_element(wrong: Refusals, element: Json, where: str) -> None:
    kind = str(element.get("type"))
    if kind not in ELEMENTS:
        wrong.add(f"unknown element type '{kind}'", where)
        return
    if not wrong.has(element, ELEMENTS[kind], where):
        return
    _check_choices(wrong, element, kind, where)
    for (holder, name), needs in PARTS.items():
        if holder == kind and name in element:
            _check_parts(wrong, element, (holder, name), needs, where)
    for index, inner in enumerate(wrong.objects(element.get("items"), f"{where}.items")):
        _check_element(wrong, inner, f"{where}.items[{index}]")
    if kind == "ActionSet":
        _check_actions(wrong, element["actions"], f"{where}.actions")
    if isinstance(inline := element.get("inlineAction"), dict):
        _check_action(wrong, inline, f"{where}.inlineAction")
    _check_select(wrong, element, where)


def _check_parts(
    wrong: Refusals,
    element: Json,
    part: tuple[str, str],
    needs: Mapping[str, type],
    where: str,
) -> None:
    place = f"{where}.{part[1]}"
    inlines = part == ("RichTextBlock", "inlines")
    found = [one for one in element[part[1]] if not (inlines and isinstance(one, str))]
    for index, one in enumerate(wrong.objects(found, place)):
        here = f"{place}[{index}]"
        if not wrong.has(one, needs, here):
            continue
        _check_select(wrong, one, here)
        cells = wrong.objects(one.get("cells"), f"{here}.cells")
        for holder in [one, *cells]:
            for inner in wrong.objects(holder.get("items"), f"{here}.items"):
                _check_element(wrong, inner, f"{here}.items")


def _check_choices(wrong: Refusals, node: Json, kind: str, where: str) -> None:
    for name, allowed in CHOICES.items():
        for field in (one for one in node if one.lower() == name):
            if str(node[field]).lower() not in allowed:
                wrong.add(f"'{node[field]}' is no {field}", where)
    styles = STYLES.get("Action" if kind.startswith("Action.") else kind)
    if styles and "style" in node and str(node["style"]).lower() not in styles:
        wrong.add(f"'{node['style']}' is no style", where)


def _check_actions(wrong: Refusals, actions: object, where: str) -> None:
    found = wrong.objects(actions, where)
    if len([one for one in found if one.get("mode") != "secondary"]) > MOST_ACTIONS:
        wrong.add(f"at most {MOST_ACTIONS} actions", where)
    for index, action in enumerate(found):
        here = f"{where}[{index}]"
        _check_action(wrong, action, here)
        if not action.get("title") and not action.get("iconUrl"):
            wrong.add("an action needs a title", here)


def _check_action(wrong: Refusals, action: Json, where: str) -> None:
    kind = str(action.get("type"))
    if kind not in ACTIONS:
        wrong.add(f"unknown action type '{kind}'", where)
        return
    wrong.has(action, ACTIONS[kind], where)
    _check_choices(wrong, action, kind, where)
    if kind == "Action.Execute" and not isinstance(action.get("verb", ""), str):
        wrong.add("verb must be a string", where)
    if kind == "Action.OpenUrl" and not str(action.get("url")).startswith(("http", "mailto:")):
        wrong.add("url must be absolute", where)
    if not isinstance(action.get("data", {}), (dict, str)):
        wrong.add("data must be an object or a string", where)
    if kind == "Action.ShowCard" and isinstance(action.get("card"), dict):
        _check_body(wrong, action["card"], f"{where}.card")


def _check_select(wrong: Refusals, node: Json, where: str) -> None:
    action = node.get("selectAction")
    if isinstance(action, dict):
        _check_action(wrong, action, f"{where}.selectAction")
        if action.get("type") == "Action.ShowCard":
            wrong.add("a selectAction cannot show a card", where)


def _check_refresh(wrong: Refusals, refresh: object, where: str) -> None:
    if not isinstance(refresh, dict):
        return
    action = refresh.get("action")
    if not isinstance(action, dict) or action.get("type") != "Action.Execute":
        wrong.add("refresh needs an Action.Execute", where)
    if len(refresh.get("userIds") or []) > MOST_REFRESHED:
        wrong.add(f"at most {MOST_REFRESHED} userIds", where)


def _check_ids(wrong: Refusals, card: Json, where: str) -> None:
    ids = [str(one.get("id")) for one in inputs(card)]
    for ident in sorted({one for one in ids if ids.count(one) > 1}):
        wrong.add(f"the input id '{ident}' is used twice", where)


def _walk(node: object, *, opened: bool = True) -> Iterator[Json]:
    """Every object in a card, outermost first; with what its actions open below it, if `opened`."""
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, opened=opened)
    elif isinstance(node, dict):
        yield node
        closed = {"data", "refresh", "msteams", "metadata"}
        if node.get("type") == "Action.ShowCard" and not opened:
            closed |= {"card"}
        for name, value in node.items():
            if name not in closed:
                yield from _walk(value, opened=opened)


def inputs(card: Json, *, opened: bool = True) -> list[Json]:
    """What can be filled in on a card; with the cards that it shows, if `opened`."""
    found = _walk(card, opened=opened)
    return [one for one in found if str(one.get("type")).startswith("Input.")]


@dataclass(frozen=True, slots=True)
class Offer:
    """An action that can be pressed, and the inputs whose values go with it: those of its card and
    of the cards that it was opened on, not of others beside or below it
    (https://learn.microsoft.com/adaptive-cards/authoring-cards/input-validation).
    """

    action: Json
    inputs: tuple[Json, ...]


def offers(card: Json, above: tuple[Json, ...] = ()) -> Iterator[Offer]:
    """What can be pressed on a card, also on the cards that it shows."""
    seen = (*above, *inputs(card, opened=False))
    for one in _walk(card, opened=False):
        if one.get("type") in ACTIONS:
            yield Offer(one, seen)
        if one.get("type") == "Action.ShowCard":
            yield from offers(one["card"], seen)


@dataclass(frozen=True, slots=True)
class Pressed:
    """An action of a card, with its data as the client sends it: the inputs' values in it."""

    action: Json
    data: Any


def pressed(cards: tuple[Json, ...], name: str, value: str | None, filled: Json) -> Pressed:
    """The action called `name` (title, verb or id); `value` stands in the data of the one meant.
    What opens a card is meant only if nothing else is called so.

    Raises:
        ValueError: there is none, or an input is not `filled` in as its card wants it.
    """
    found = [offer for card in cards for offer in offers(card)]
    fitting = [one for one in found if name in _names(one.action)]
    if value is not None:
        fitting = [one for one in fitting if value in _values(one.action.get("data"))]
    if not fitting:
        names = ", ".join(str(one.action.get("title")) for one in found)
        raise ValueError(f"nothing to press is called {name}; there is: {names or 'nothing'}")
    fitting.sort(key=lambda one: one.action["type"] == "Action.ShowCard")
    action, data = fitting[0].action, fitting[0].action.get("data", {})
    if action["type"] == "Action.ShowCard" or _is_alone(action):
        return Pressed(action, data)
    known = {str(one["id"]) for card in cards for one in inputs(card)}
    if unknown := filled.keys() - known:
        raise ValueError(f"there is no input {', '.join(sorted(unknown))}")
    entered = _entered(fitting[0].inputs, filled)
    return Pressed(action, {**data, **entered} if isinstance(data, dict) else entered or data)


def _is_alone(action: Json) -> bool:
    return str(action.get("associatedInputs", "auto")).lower() == "none"


def _names(action: Json) -> set[str]:
    return {str(action[name]) for name in ("title", "verb", "id") if action.get(name)}


def _values(data: object) -> set[str]:
    """All values in an action's data, as texts."""
    if isinstance(data, dict):
        return {text for value in data.values() for text in _values(value)}
    if isinstance(data, list):
        return {text for value in data for text in _values(value)}
    return {str(data)}


def _entered(known: tuple[Json, ...], filled: Json) -> Json:
    """The values of inputs as the client sends them."""
    entered = {}
    for one in known:
        ident = str(one["id"])
        off = one.get("valueOff", "false") if one["type"] == "Input.Toggle" else ""
        entered[ident] = filled.get(ident, one.get("value", off))
        _check_entered(one, str(entered[ident]))
    return entered


def _check_entered(one: Json, value: str) -> None:
    """Raises ValueError for what a client does not let people enter."""
    ident = one["id"]
    if one.get("isRequired") and not value:
        raise ValueError(one.get("errorMessage") or f"{ident} must be filled in")
    if len(value) > one.get("maxLength", len(value)):
        raise ValueError(f"{ident} takes {one['maxLength']} characters")
    if one["type"] == "Input.ChoiceSet" and value:
        chosen = value.split(",") if one.get("isMultiSelect") else [value]
        if wrong := set(chosen) - {str(choice["value"]) for choice in one.get("choices", ())}:
            raise ValueError(f"{', '.join(sorted(wrong))} is no choice of {ident}")
