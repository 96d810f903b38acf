"""What the local Slack makes of text and blocks, and the ts it gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models import blocks as sdk

from adapters.slack import twin_blocks
from adapters.slack.twin_shapes import rich_text, typed, unescaped
from adapters.slack.twin_state import Identity, Workspace
from tests.support.clock import TestClock
from tests.support.slack_listener import section


@given(st.lists(st.floats(0, 3), max_size=30))
def test_every_ts_is_later_than_the_last(steps: list[float]) -> None:
    """Whatever the clock does, a ts is unique, increasing, and has six digits."""
    clock = TestClock()
    workspace = Workspace(clock, Identity("T1", "U1", "B1", "A1"))
    given_out = [workspace.mint_ts()]
    for step in steps:
        clock._now += step
        given_out += [workspace.mint_ts(), workspace.mint_ts()]
    assert given_out == sorted(set(given_out), key=float)
    assert all(len(ts.partition(".")[2]) == 6 for ts in given_out)


@given(st.text().filter(lambda text: "://" not in text and "<" not in text and "&" not in text))
def test_typed_text_reads_as_it_was_written(text: str) -> None:
    """Escaping loses nothing."""
    assert unescaped(typed(text)) == text


def test_typed_links_and_signs_are_marked_up() -> None:
    """Links are wrapped, signs escaped, mentions left alone."""
    assert typed("<@U1> a<b & see https://x.test/p?a=1.") == (
        "<@U1> a&lt;b &amp; see <https://x.test/p?a=1>."
    )


def test_blocks_that_the_sdk_builds_are_taken() -> None:
    """What Slack's own models let pass is not refused here."""
    option = sdk.Option(value="transfer", label="Transfer")
    built = [
        sdk.HeaderBlock(text="Case"),
        sdk.SectionBlock(
            text="x" * 3000, accessory=sdk.OverflowMenuElement(action_id="more", options=[option])
        ),
        sdk.SectionBlock(fields=["a", "b"]),
        sdk.ContextBlock(elements=[sdk.MarkdownTextObject(text="by us")]),
        sdk.MarkdownBlock(text="**bold**"),
        sdk.ActionsBlock(
            elements=[
                sdk.ButtonElement(text="Claim", action_id="claim", value="v" * 2000),
                sdk.StaticSelectElement(action_id="pick", options=[option], placeholder="Pick"),
            ]
        ),
        sdk.ContextActionsBlock(
            elements=[
                sdk.FeedbackButtonsElement(
                    action_id="feedback",
                    positive_button=sdk.FeedbackButtonObject(text="Good", value="up"),
                    negative_button=sdk.FeedbackButtonObject(text="Bad", value="down"),
                )
            ]
        ),
        sdk.InputBlock(label="Outcome", element=sdk.PlainTextInputElement(action_id="outcome")),
        sdk.DividerBlock(),
    ]
    assert twin_blocks.refusals([block.to_dict() for block in built]) == []


LABEL = {"type": "plain_text", "text": "x"}
BUTTON = {"type": "button", "text": LABEL, "action_id": "same"}
BAD_BLOCKS: list[tuple[dict[str, Any], str]] = [
    ({"type": "nonsense"}, "/blocks/0/type"),
    ({"type": "divider", "block_id": "x" * 256}, "/blocks/0/block_id"),
    (
        {"type": "section", "fields": [{"type": "mrkdwn", "text": ""}]},
        "/blocks/0/fields/0/text",
    ),
    ({"type": "markdown", "text": 1}, "/blocks/0/text"),
    ({"type": "actions", "elements": [{"type": "lever"}]}, "/blocks/0/elements/0/type"),
    ({"type": "table", "rows": [[{}] * 21]}, "/blocks/0/rows"),
    ({"type": "input", "label": LABEL}, "/blocks/0"),
    ({"type": "actions", "elements": [BUTTON] * 26}, "/blocks/0/elements"),
    ({"type": "actions", "elements": [BUTTON, BUTTON]}, "/blocks/0/elements/1/action_id"),
    (
        {"type": "actions", "elements": [{"type": "overflow", "options": []}]},
        "/blocks/0/elements/0/options",
    ),
    (
        {"type": "context_actions", "elements": [{"type": "feedback_buttons"}]},
        "/blocks/0/elements/0",
    ),
    ({"type": "section"}, "/blocks/0"),
    (section(""), "/blocks/0/text/text"),
    ({"type": "markdown", "text": "x" * 12_001}, "/blocks/0/text"),
    ({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}, "/blocks/0/text/text"),
    ({"type": "context", "elements": []}, "/blocks/0/elements"),
    ({"type": "actions", "elements": [{"type": "button"}]}, "/blocks/0/elements/0"),
    ({"type": "table", "rows": []}, "/blocks/0"),
    ({"type": "input", "element": {"type": "datepicker"}}, "/blocks/0"),
    (
        {"type": "section", "text": {"type": "html", "text": "x"}},
        "/blocks/0/text",
    ),
    (
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "text": {"type": "plain_text", "text": "x"},
                    "value": "v" * 2001,
                }
            ],
        },
        "/blocks/0/elements/0/value",
    ),
]


@pytest.mark.parametrize(("block", "pointer"), BAD_BLOCKS)
def test_bad_blocks_are_pointed_at(block: dict[str, Any], pointer: str) -> None:
    """Each refusal says where."""
    first = twin_blocks.refusals([block])[0]
    assert first.endswith(f"[json-pointer:{pointer}]")


def test_what_is_not_even_a_list_of_blocks() -> None:
    """Other JSON is refused, and two blocks of one id."""
    assert twin_blocks.refusals("x") == ["must be an array [json-pointer:/blocks]"]
    assert twin_blocks.refusals(["x"]) == ["must be an object [json-pointer:/blocks/0]"]
    twice = {"type": "divider", "block_id": "a"}
    assert twin_blocks.refusals([twice, twice]) == [
        "`block_id` must be unique [json-pointer:/blocks/1/block_id]"
    ]


def test_text_becomes_elements() -> None:
    """People, channels, everybody and links are elements of their own."""
    (block,) = rich_text("<@U1> <#C1|general> <!here> <https://x.test|x> &amp;", "b")
    kinds = [element["type"] for element in block["elements"][0]["elements"]]
    assert [kind for kind in kinds if kind != "text"] == ["user", "channel", "broadcast", "link"]
    assert block["elements"][0]["elements"][-1]["text"] == " &"
    assert rich_text("", "b") == []
