"""Messages of ours become Slack's blocks.

Limits are those of https://docs.slack.dev/reference/block-kit/blocks: 12 000 characters in a
markdown block, 3 000 in a section, 10 elements in a context block, 2 000 in a button's value.
"""

from __future__ import annotations

from typing import Any

from adapters.slack import mrkdwn
from adapters.slack.payloads import ACTION
from agent import texts
from agent.cases import CaseCard, CaseState
from agent.messages import Button, Citation, OutgoingMessage

Block = dict[str, Any]

MAX_SECTION = 2900
MAX_MARKDOWN = 11_500
STYLES = {Button.APPROVE: "primary", Button.DENY: "danger"}
"""Colours of buttons that should not be pressed without looking."""
STATES = {
    CaseState.WAITING: ":hourglass_flowing_sand: waiting",
    CaseState.CLAIMED: ":raised_hand: claimed",
    CaseState.RESOLVED: ":white_check_mark: resolved",
    CaseState.WITHDRAWN: ":leftwards_arrow_with_hook: withdrawn by the employee",
}


def render(message: OutgoingMessage) -> dict[str, Any]:
    """The arguments of chat.postMessage or chat.update that show the message.

    `text` is always there: notifications, screen readers and clients without blocks show it.
    """
    blocks = _card(message.card) if message.card else _answer(message)
    return {**plain(message), "blocks": blocks}


def plain(message: OutgoingMessage) -> dict[str, Any]:
    """The same without blocks, for a place or a moment that takes none."""
    text = mrkdwn.escape("\n".join([message.text, *_prompts(message)]))
    if message.card:
        text = _card_text(message.card)
    elif message.citations:
        text += "\n" + "\n".join(_source(n, one) for n, one in enumerate(message.citations, 1))
    return {
        "text": text[:MAX_MARKDOWN],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _answer(message: OutgoingMessage) -> list[Block]:
    blocks: list[Block] = [{"type": "markdown", "text": mrkdwn.defuse(message.text)[:MAX_MARKDOWN]}]
    if message.prompts:
        blocks.append(_section(mrkdwn.escape("\n".join(_prompts(message)))))
    if message.citations:
        lines = [_source(n, one) for n, one in enumerate(message.citations[:9], 1)]
        blocks.append(_context("*Sources*", *lines))
    if message.buttons:
        buttons = [_button(button, message.id) for button in message.buttons]
        blocks.append({"type": "actions", "elements": buttons})
    if message.feedback:
        blocks.append(_feedback(message.id))
    return blocks


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
        "text": {"type": "plain_text", "text": texts.BUTTONS[button]},
        "value": f"{button.value}|{message_id}",
    }
    return block | {"style": STYLES[button]} if button in STYLES else block


def _feedback(message_id: str) -> Block:
    def choice(word: str, verdict: str) -> Block:
        text = {"type": "plain_text", "text": word}
        return {"text": text, "value": f"{verdict}|{message_id}", "accessibility_label": word}

    element = {
        "type": "feedback_buttons",
        "action_id": f"{ACTION}feedback",
        "positive_button": choice("Helpful", "up"),
        "negative_button": choice("Not helpful", "down"),
    }
    return {"type": "context_actions", "elements": [element]}


def _card(card: CaseCard) -> list[Block]:
    person = card.employee_ref.partition(":")[2]
    who = f"*{mrkdwn.escape(card.employee_name)}* ({person}) in {card.place}"
    if card.permalink:
        who += f" · {mrkdwn.link(card.permalink, 'open the conversation')}"
    blocks: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": f"Case {card.case_id}"[:150]}},
        _section(f"{STATES[card.state]}\n{who}"),
        _section(f"*Why:* {mrkdwn.escape(card.reason)}"),
    ]
    if card.summary:
        blocks.append(_section(f"*About:* {mrkdwn.escape(card.summary)}"))
    if card.transcript:
        blocks.append(_section("*So far*\n" + _quoted(card.transcript)))
    if card.draft:
        sure = f" (confidence {card.confidence:.2f})" if card.confidence is not None else ""
        quoted = _quoted(tuple(card.draft.splitlines()))
        blocks.append(_section(f"*The assistant would have said{sure}*\n{quoted}"))
    return blocks


def _card_text(card: CaseCard) -> str:
    about = f": {mrkdwn.escape(card.summary)}" if card.summary else ""
    return f"Case {card.case_id} from {mrkdwn.escape(card.employee_name)}{about}"


def _quoted(lines: tuple[str, ...]) -> str:
    return "\n".join(f"> {mrkdwn.escape(line)}" for line in lines)


def _section(text: str) -> Block:
    return {
        "type": "section",
        "text": {"type": "mrkdwn", "text": text[:MAX_SECTION], "verbatim": True},
    }


def _context(*lines: str) -> Block:
    elements = [{"type": "mrkdwn", "text": line[:MAX_SECTION], "verbatim": True} for line in lines]
    return {"type": "context", "elements": elements}
