"""Block Kit as Slack's server sees it: what it refuses, what it fills in, what can be pressed.

Limits: https://docs.slack.dev/reference/block-kit (per block and element); the wording of the
errors is that of real refusals, e.g. github.com/grafana-cold-storage/oncall/pull/5121.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from adapters.slack.twin_state import Json

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
# All text of a message together; undocumented, measured in github.com/slackapi/bolt-js/issues/2509
# and github.com/metabase/metabase/pull/79908.
TOTAL_TEXT = 13_200
ID_LENGTH = 255
# Blocks that are taken as they are: no client here makes them by hand.
UNCHECKED = frozenset(
    {
        "alert",
        "auth_provider",
        "call",
        "card",
        "carousel",
        "container",
        "divider",
        "file",
        "image",
        "plan",
        "rich_text",
        "task_card",
        "video",
    }
)
# Text fields per element type: name, longest text, whether it must be there.
ELEMENT_TEXTS = {
    "button": (("text", 75, True),),
    "icon_button": (("text", 75, True),),
    "static_select": (("placeholder", 150, False),),
    "plain_text_input": (("placeholder", 150, False),),
}
# Most options per element type.
ELEMENT_OPTIONS = {
    "overflow": 5,
    "static_select": 100,
    "multi_static_select": 100,
    "checkboxes": 10,
    "radio_buttons": 10,
}
PICKERS = ("channels", "conversations", "external", "static", "users")
ELEMENTS = frozenset(
    {
        "button",
        "checkboxes",
        "datepicker",
        "datetimepicker",
        "email_text_input",
        "feedback_buttons",
        "file_input",
        "icon_button",
        "image",
        "number_input",
        "overflow",
        "plain_text_input",
        "radio_buttons",
        "rich_text_input",
        "timepicker",
        "url_text_input",
        "workflow_button",
        *(f"{name}_select" for name in PICKERS),
        *(f"multi_{name}_select" for name in PICKERS),
    }
)


class Refusals:
    """The list of what is wrong, in Slack's words."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, what: str, where: str) -> None:
        """Note one refusal at a JSON pointer."""
        self.found.append(f"{what} [json-pointer:{where}]")

    def length(self, text: object, limit: int, where: str) -> None:
        """A text of 1 to `limit` characters."""
        if not isinstance(text, str):
            self.add("must be a string", where)
        elif not text:
            self.add("must be more than 0 characters", where)
        elif len(text) > limit:
            self.add(f"must be less than {limit + 1} characters", where)

    def at_most(self, text: object, limit: int, where: str) -> None:
        """An optional string of at most `limit` characters."""
        if isinstance(text, str) and len(text) > limit:
            self.add(f"must be less than {limit + 1} characters", where)

    def text(self, body: Json, name: str, limit: int, where: str, *, needed: bool = True) -> None:
        """A text object under `name`."""
        value = body.get(name)
        if value is None:
            if needed:
                self.add(f"missing required field: {name}", where)
        else:
            self.text_object(value, limit, f"{where}/{name}")

    def text_object(self, value: object, limit: int, where: str) -> None:
        """A text object itself."""
        if not isinstance(value, dict) or value.get("type") not in {"plain_text", "mrkdwn"}:
            self.add("must be a valid text object", where)
        else:
            self.length(value.get("text"), limit, f"{where}/text")

    def items(self, body: Json, name: str, limit: int, where: str) -> list[Json]:
        """A list of 1 to `limit` objects under `name`; [] if it is none."""
        value = body.get(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.add(f"missing required field: {name}", where)
            return []
        if not value:
            self.add("no fewer than 1 items allowed", f"{where}/{name}")
        if len(value) > limit:
            self.add(f"no more than {limit} items allowed", f"{where}/{name}")
        return value


def refusals(blocks: object, *, most: int = MESSAGE_BLOCKS) -> list[str]:
    """What Slack would refuse about these blocks; [] if nothing."""
    wrong = Refusals()
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/blocks]"]
    if len(blocks) > most:
        wrong.add(f"no more than {most} items allowed", "/blocks")
    ids: set[str] = set()
    for index, block in enumerate(blocks):
        where = f"/blocks/{index}"
        if not isinstance(block, dict):
            wrong.add("must be an object", where)
            continue
        _check_id(wrong, block, ids, where)
        _check_block(wrong, block, where)
    return wrong.found


def _check_id(wrong: Refusals, block: Json, ids: set[str], where: str) -> None:
    block_id = block.get("block_id")
    wrong.at_most(block_id, ID_LENGTH, f"{where}/block_id")
    if isinstance(block_id, str):
        if block_id in ids:
            wrong.add("`block_id` must be unique", f"{where}/block_id")
        ids.add(block_id)


def _check_block(wrong: Refusals, block: Json, where: str) -> None:
    kind = str(block.get("type"))
    if check := CHECKS.get(kind):
        check(wrong, block, where)
    elif kind not in UNCHECKED:
        wrong.add(f"unsupported type: {kind}", f"{where}/type")


def _section(wrong: Refusals, block: Json, where: str) -> None:
    wrong.text(block, "text", 3000, where, needed="fields" not in block)
    if "fields" in block:
        for index, item in enumerate(wrong.items(block, "fields", 10, where)):
            wrong.text_object(item, 2000, f"{where}/fields/{index}")
    if isinstance(accessory := block.get("accessory"), dict):
        _element(wrong, accessory, f"{where}/accessory")


def _header(wrong: Refusals, block: Json, where: str) -> None:
    wrong.text(block, "text", 150, where)


def _markdown(wrong: Refusals, block: Json, where: str) -> None:
    wrong.length(block.get("text"), 12_000, f"{where}/text")


def _context(wrong: Refusals, block: Json, where: str) -> None:
    for index, item in enumerate(wrong.items(block, "elements", 10, where)):
        if item.get("type") != "image":
            wrong.text_object(item, 3000, f"{where}/elements/{index}")


def _input(wrong: Refusals, block: Json, where: str) -> None:
    wrong.text(block, "label", 2000, where)
    if isinstance(element := block.get("element"), dict):
        _element(wrong, element, f"{where}/element")
    else:
        wrong.add("missing required field: element", where)


def _table(wrong: Refusals, block: Json, where: str) -> None:
    rows = block.get("rows")
    if not isinstance(rows, list) or not rows:
        wrong.add("missing required field: rows", where)
    elif len(rows) > 100 or any(len(row) > 20 for row in rows):
        wrong.add("no more than 100 rows of 20 cells allowed", f"{where}/rows")


def _row(most: int) -> Callable[[Refusals, Json, str], None]:
    """The check of a block that is a row of at most `most` elements, each with its own action."""

    def check(wrong: Refusals, block: Json, where: str) -> None:
        actions: set[str] = set()
        for index, element in enumerate(wrong.items(block, "elements", most, where)):
            place = f"{where}/elements/{index}"
            _element(wrong, element, place)
            if (action := element.get("action_id")) in actions:
                wrong.add("`action_id` must be unique within its block", f"{place}/action_id")
            if isinstance(action, str):
                actions.add(action)

    return check


def _element(wrong: Refusals, element: Json, where: str) -> None:
    kind = str(element.get("type"))
    if kind not in ELEMENTS:
        wrong.add(f"unsupported type: {kind}", f"{where}/type")
        return
    wrong.at_most(element.get("action_id"), ID_LENGTH, f"{where}/action_id")
    wrong.at_most(element.get("value"), 2000, f"{where}/value")
    for name, limit, needed in ELEMENT_TEXTS.get(kind, ()):
        wrong.text(element, name, limit, where, needed=needed)
    if kind in ELEMENT_OPTIONS and "option_groups" not in element:
        for index, option in enumerate(
            wrong.items(element, "options", ELEMENT_OPTIONS[kind], where)
        ):
            wrong.text(option, "text", 75, f"{where}/options/{index}")
            wrong.length(option.get("value"), 150, f"{where}/options/{index}/value")
    if kind == "feedback_buttons":
        _feedback(wrong, element, where)


def _feedback(wrong: Refusals, element: Json, where: str) -> None:
    for name in ("positive_button", "negative_button"):
        button = element.get(name)
        if not isinstance(button, dict):
            wrong.add(f"missing required field: {name}", where)
            continue
        wrong.text(button, "text", 75, f"{where}/{name}")
        wrong.length(button.get("value"), 2000, f"{where}/{name}/value")


CHECKS: dict[str, Callable[[Refusals, Json, str], None]] = {
    "section": _section,
    "header": _header,
    "markdown": _markdown,
    "context": _context,
    "input": _input,
    "table": _table,
    "actions": _row(25),
    "context_actions": _row(5),
}


def total_text(node: Any) -> int:
    """Characters of all texts in these blocks."""
    if isinstance(node, list):
        return sum(total_text(item) for item in node)
    if not isinstance(node, dict):
        return 0
    return sum(
        len(value) if name == "text" and isinstance(value, str) else total_text(value)
        for name, value in node.items()
    )


def filled_in(blocks: list[Json], new_id: Callable[[], str]) -> list[Json]:
    """Blocks as Slack keeps them: with ids, and text objects with their defaults."""
    return [{"block_id": new_id(), **with_defaults(block, new_id)} for block in blocks]


def with_defaults(node: Any, new_id: Callable[[], str]) -> Any:
    """Any part of a view or message with what Slack fills in."""
    if isinstance(node, list):
        return [with_defaults(item, new_id) for item in node]
    if not isinstance(node, dict):
        return node
    whole = {name: with_defaults(value, new_id) for name, value in node.items()}
    kind = node.get("type")
    if kind == "mrkdwn":
        whole.setdefault("verbatim", False)
    elif kind == "plain_text":
        whole.setdefault("emoji", True)
    elif kind == "input":
        whole = {"optional": False, "dispatch_action": False, **whole}
    elif kind in ELEMENTS and kind != "image":
        whole.setdefault("action_id", new_id())
    return whole


def elements(blocks: list[Json]) -> Iterator[tuple[str, Json]]:
    """What can be pressed or filled in, each with the id of its block."""
    for block in blocks:
        inside = [block.get("accessory"), block.get("element")]
        if block.get("type") in {"actions", "context_actions"}:
            inside += block["elements"]
        for element in inside:
            if isinstance(element, dict) and "action_id" in element:
                yield block["block_id"], element
