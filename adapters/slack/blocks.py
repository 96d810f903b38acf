"""The blocks that messages and forms are put together from.

Limits are those of https://docs.slack.dev/reference/block-kit: 3 000 characters in a section, 75 in
a button or an option.
"""

from __future__ import annotations

from typing import Any

Block = dict[str, Any]

MAX_SECTION = 2900


def section(text: str) -> Block:
    """Text in Slack's markup; nothing in it is made a link or a mention by Slack itself."""
    return {"type": "section", "text": _marked(text)}


def context(*lines: str) -> Block:
    """Small print, in Slack's markup; at most ten lines."""
    return {"type": "context", "elements": [_marked(line) for line in lines]}


def plain_text(text: str) -> Block:
    """A text that is shown as it is."""
    return {"type": "plain_text", "text": text}


def _marked(text: str) -> Block:
    return {"type": "mrkdwn", "text": text[:MAX_SECTION], "verbatim": True}
