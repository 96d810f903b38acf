"""Forms in the local Slack: a person fills one in, sends it off, or closes it.

What Slack's clients do themselves is done here: what must be filled in and how long it may be they
check before anything is sent, and what was entered stays while a form is open. A form is sent once
and not repeated (https://docs.slack.dev/surfaces/modals).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from adapters.slack.twin_agent import replace_view
from adapters.slack.twin_api import ApiError
from adapters.slack.twin_blocks import elements
from adapters.slack.twin_events import Answer
from adapters.slack.twin_people import chosen, interaction
from adapters.slack.twin_platform import Platform
from adapters.slack.twin_state import Json, View


class Forms:
    """What people do with the forms that are open for them."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._workspace = platform.workspace

    def fill(self, view: View, values: Mapping[str, Any]) -> None:
        """Enter values by action_id: a string (of a menu, an option's value), the element's state
        as Slack would send it, or None to take it back.

        Raises:
            ValueError: the form is closed, or has no such element or option.
        """
        _check_open(view)
        known = {element["action_id"]: element for _, element in elements(view.body["blocks"])}
        for action_id, value in values.items():
            if action_id not in known:
                names = ", ".join(known) or "nothing"
                raise ValueError(f"nothing to fill in is called {action_id}; there is: {names}")
            if value is None:
                view.entered.pop(action_id, None)
            else:
                view.entered[action_id] = entered(known[action_id], value)
        self._workspace.changed("view", view.user, view.id)

    async def submit(self, view: View) -> Answer:
        """Send a form off as it is filled in; errors leave it open and are kept in `view.errors`,
        an update changes it, all else closes it. If Slack would not show what the bot answered,
        the answer's `reason` says why.

        Raises:
            ValueError: the form is closed, or not filled in as it must be.
        """
        _check_open(view)
        for input_ in _inputs(view):
            _check_filled(input_, view.entered)
        values: Json = {}
        for block_id, element in elements(view.body["blocks"]):
            state = view.entered.get(element["action_id"], _untouched(element))
            values.setdefault(block_id, {})[element["action_id"]] = state
        body = interaction(self._workspace, "view_submission", view.user)
        body |= {"view": {**view.body, "state": {"values": values}}, "response_urls": []}
        answer = await self._platform.courier.interact(body, view.id)
        return self._react(view, answer) if answer.ok else answer

    def _react(self, view: View, answer: Answer) -> Answer:
        action = answer.json.get("response_action", "clear")
        view.errors = {}
        if action == "update":
            try:
                replace_view(self._platform, view, answer.json["view"])
            except ApiError as error:
                return replace(answer, reason=str(error))
            return answer
        if action != "errors":
            self.close(view)
            return answer
        errors = answer.json.get("errors") or {}
        if not errors or errors.keys() - {input_["block_id"] for input_ in _inputs(view)}:
            return replace(answer, reason="invalid_errors")
        view.errors = errors
        self._workspace.changed("view", view.user, view.id)
        return answer

    def close(self, view: View) -> None:
        """Close a form without sending it; nobody tells the bot unless it asked to be told."""
        view.open = False
        self._workspace.changed("view", view.user, view.id)


def _check_open(view: View) -> None:
    if not view.open:
        raise ValueError(f"the form {view.id} is closed")


def _inputs(view: View) -> Iterator[Json]:
    return (block for block in view.body["blocks"] if block["type"] == "input")


def _check_filled(input_: Json, filled: Mapping[str, Json]) -> None:
    """What a client checks before it sends a form.

    Raises:
        ValueError: it would not send this one.
    """
    element, label = input_["element"], input_["label"]["text"]
    state = filled.get(element["action_id"])
    if state is None:
        if not input_["optional"]:
            raise ValueError(f"{label!r} must be filled in")
        return
    most = element.get("max_length")
    if most is not None and len(state.get("value") or "") > most:
        raise ValueError(f"{label!r} may have at most {most} characters")


def _untouched(element: Json) -> Json:
    """The state of an element that nobody has touched."""
    kind = element["type"]
    return {"type": kind, "selected_option" if "options" in element else "value": None}


def entered(element: Json, value: Any) -> Json:
    """The state of a form's element after a person has filled it in."""
    if isinstance(value, dict):
        return value
    kind = element["type"]
    if kind in {"static_select", "radio_buttons"}:
        return {"type": kind, "selected_option": chosen(element, value)["selected_option"]}
    if kind.endswith("s_select") and not kind.startswith("multi"):
        return {"type": kind, f"selected_{kind.removesuffix('s_select')}": value}
    return {"type": kind, "value": value}
