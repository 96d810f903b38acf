"""Adaptive Cards: the buttons under an answer, and a case as the human channel sees it.

Version 1.5 is what every client of Teams shows
(https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference).
What a button sends back is made by the client, so it carries our id of the message and nothing that
would be believed. Words of people stand in text runs, which read no Markdown: nothing in them can
become a link.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json

from adapters.teams import markup
from agent import texts
from agent.cases import CaseCard, CaseState
from agent.messages import Button
from agent.text import one_line

Card = dict[str, Any]

CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION = "1.5"
MAX_CARD = 28_000
"""Bytes of a card that Teams takes for certain
(https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages)."""
ROOM = (4000, 2000, 1000, 500)
"""Characters of each of a case's texts: the next smaller one if the card is too large."""
VERB = "frontdesk."
"""What the verbs of all our buttons begin with; the value of the button follows."""
ABOUT = "about"
"""What our id of the message is called in a button's data."""
MAX_LINES = 60
"""Lines of one of a case's texts."""
STYLES = {Button.APPROVE: "positive", Button.DENY: "destructive"}
"""Colours of buttons that should not be pressed without looking."""
STATES = {
    CaseState.WAITING: ("Waiting", "warning"),
    CaseState.CLAIMED: ("Claimed", "accent"),
    CaseState.RESOLVED: ("Resolved", "good"),
    CaseState.WITHDRAWN: ("Withdrawn by the employee", "default"),
}
"""What is said of a case's state, and its colour."""


def buttons(chosen: Sequence[Button], message_id: str, markdown: str = "") -> Card:
    """A card of buttons, with words or without; `message_id` is ours of the message they are on."""
    body = [_block(markup.unmentioned(markdown))] if markdown else []
    return _card(body, [_button(one, message_id) for one in chosen])


def case(card: CaseCard) -> Card:
    """A case, its texts as short as need be."""
    for room in ROOM:
        content = _case(card, room)
        if len(to_json(content)) <= MAX_CARD:
            break
    return content


def attachment(card: Card) -> Card:
    """A card as it hangs on an activity."""
    return {"contentType": CONTENT_TYPE, "content": card}


def _case(card: CaseCard, room: int) -> Card:
    state, colour = STATES[card.state]
    person = card.employee_ref.partition(":")[2]
    name = one_line(card.employee_name, 80) or "the employee"
    who = f" ({one_line(person, 80)}) in {one_line(card.place, 80)}"
    body: list[Card] = [
        _block(f"Case {card.case_id}", size="large", weight="bolder", style="heading"),
        _block(state, color=colour, weight="bolder", spacing="none"),
        _runs(_bold(name), _run(who)),
    ]
    for title, text in (("Why: ", card.reason), ("About: ", card.summary)):
        if text.strip():
            body.append(_runs(_bold(title), _run(_short(text, room))))
    body += _passage("So far", "\n".join(card.transcript)[-room:])
    sure = f" (confidence {card.confidence:.2f})" if card.confidence is not None else ""
    body += _passage(f"The assistant would have said{sure}", _short(card.draft, room))
    actions: list[Card] = []
    if markup.is_link(card.permalink):
        actions.append(
            {"type": "Action.OpenUrl", "title": "Open the conversation", "url": card.permalink}
        )
    return _card(body, actions)


def _card(body: list[Card], actions: list[Card]) -> Card:
    card: Card = {"type": "AdaptiveCard", "$schema": SCHEMA, "version": VERSION, "body": body}
    return card | {"actions": actions} if actions else card


def _button(button: Button, message_id: str) -> Card:
    action = {
        "type": "Action.Execute",
        "title": texts.BUTTONS[button],
        "verb": VERB + button.value,
        "data": {ABOUT: message_id},
    }
    return action | {"style": STYLES[button]} if button in STYLES else action


def _passage(title: str, text: str) -> list[Card]:
    # Not every client breaks a line within a run.
    lines = [_runs(_run(line)) | {"spacing": "small"} for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    quoted = {"type": "Container", "style": "emphasis", "items": lines[:MAX_LINES]}
    return [_runs(_bold(title)), quoted]


def _block(text: str, **looks: str) -> Card:
    return {"type": "TextBlock", "text": text, "wrap": True, **looks}


def _runs(*runs: Card) -> Card:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str) -> Card:
    return {"type": "TextRun", "text": text}


def _bold(text: str) -> Card:
    return _run(text) | {"weight": "bolder"}


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"
