"""What the local Slack makes of text and blocks, and the ts it gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models import blocks as sdk

from adapters.slack import twin_blocks
from adapters.slack.twin_shapes import typed, unescaped
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


BAD_BLOCKS: list[tuple[dict[str, Any], str]] = [
    ({"type": "nonsense"}, "/blocks/0/type"),
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
    assert [line.rpartition(":")[2] for line in twin_blocks.refusals([block])] == [f"{pointer}]"]
