"""Messages of ours become Slack's blocks.

Limits are those of https://docs.slack.dev/reference/block-kit/blocks: 12 000 characters in a
markdown block, 10 elements in a context block, 2 000 in a button's value. Slack labels nothing as
made by a model; only what a model may have said asks whether it helped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.slack import cards, mrkdwn
from adapters.slack.blocks import MAX_SECTION, Block, context, plain_text, section
from adapters.slack.payloads import ACTION
from agent import texts
from agent.messages import Button, Citation, OutgoingMessage, Tone

MAX_MARKDOWN = 11_500
PIECE = MAX_SECTION // 5
"""Characters of an endless line: however many of them must be escaped, they fit a section."""
STYLES = {Button.APPROVE: "primary", Button.DENY: "danger", Button.CLAIM: "primary"}
"""Colours of buttons that should not be pressed without looking, or are waited for."""


def render(message: OutgoingMessage) -> dict[str, Any]:
    """The arguments of chat.postMessage or chat.update that show the message.

    `text` is always there: notifications and screen readers tell it, so it has the words alone.
    """
    if message.card:
        blocks = cards.blocks(message.card)
    elif message.tone is Tone.PERSON:
        blocks = _said(message.text)
    else:
        blocks = _words(message)
    if message.buttons:
        about = _pressed_about(message)
        elements = [_button(button, about) for button in message.buttons]
        blocks.append({"type": "actions", "elements": elements})
    if message.feedback and not message.card and message.tone is not Tone.PERSON:
        blocks.append(_feedback(message.id))
    return {**_posted(message, mrkdwn.bare), "blocks": blocks}


def plain(message: OutgoingMessage) -> dict[str, Any]:
    """The same without blocks, for a place or a moment that takes none."""
    return _posted(message, mrkdwn.write)


def _posted(message: OutgoingMessage, write: Callable[[str], str]) -> dict[str, Any]:
    text = write("\n".join([message.text, *_prompts(message)]))
    if message.card:
        text = cards.text(message.card)
    elif message.citations:
        text += "\n" + "\n".join(_source(n, one) for n, one in enumerate(message.citations, 1))
    return {
        "text": text[:MAX_MARKDOWN],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _said(words: str) -> list[Block]:
    """A person's words in as many sections as it takes: in Slack's own markup, since in Markdown a
    line break, an asterisk or a number could become something else than was written.
    """
    parts = [""]
    for line in words.split("\n"):
        whole = mrkdwn.write(line)
        pieces = [line[at : at + PIECE] for at in range(0, len(line), PIECE)]
        for piece in [whole] if len(whole) <= MAX_SECTION else map(mrkdwn.write, pieces):
            if len(parts[-1]) + len(piece) < MAX_SECTION:
                parts[-1] += f"\n{piece}" if parts[-1] else piece
            else:
                parts.append(piece)
    return [section(part) for part in parts if part.strip()] or [section("…")]


def _words(message: OutgoingMessage) -> list[Block]:
    blocks: list[Block] = [{"type": "markdown", "text": mrkdwn.defuse(message.text)[:MAX_MARKDOWN]}]
    if message.prompts:
        blocks.append(section(mrkdwn.escape("\n".join(_prompts(message)))))
    if message.citations:
        lines = [_source(n, one) for n, one in enumerate(message.citations[:9], 1)]
        blocks.append(context("*Sources*", *lines))
    return blocks


def _pressed_about(message: OutgoingMessage) -> str:
    """Which message a press is about. A card stays the same one however often it is edited."""
    return message.replaces or message.id if message.card else message.id


def _prompts(message: OutgoingMessage) -> list[str]:
    """Questions to begin with, to be read: a button of ours says nothing in a person's name."""
    questions = [f"• {one}" for one in message.prompts]
    return ["For example:", *questions] if questions else []


def _source(number: int, citation: Citation) -> str:
    return f"{number}. {mrkdwn.link(citation.link, citation.label)}"


def _button(button: Button, message_id: str) -> Block:
    block = {
        "type": "button",
        "action_id": ACTION + button.value,
        "text": plain_text(texts.BUTTONS[button]),
        "value": f"{button.value}|{message_id}",
    }
    return block | {"style": STYLES[button]} if button in STYLES else block


def _feedback(message_id: str) -> Block:
    def choice(word: str, verdict: str) -> Block:
        return {
            "text": plain_text(word),
            "value": f"{verdict}|{message_id}",
            "accessibility_label": word,
        }

    element = {
        "type": "feedback_buttons",
        "action_id": f"{ACTION}feedback",
        "positive_button": choice("Helpful", "up"),
        "negative_button": choice("Not helpful", "down"),
    }
    return {"type": "context_actions", "elements": [element]}
