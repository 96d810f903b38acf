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
from agent.cases import NOTE_CHARACTERS, OUTCOMES, CaseCard, CaseState
from agent.messages import Button
from agent.text import one_line

Card = dict[str, Any]

CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION = "1.5"
MAX_CARD = 28_000
"""Bytes of a card that Teams takes for certain
(https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages)."""
ROOM = (4000, 2000, 1000, 500, 250)
"""Characters of each of a case's texts: the next smaller one if the card is too large."""
MAX_ACTIONS = 6
"""Buttons that Teams shows side by side; what is more stands behind three dots
(https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference)."""
VERB = "frontdesk."
"""What the verbs of all our buttons begin with; the value of the button follows."""
REPLY = VERB + "reply"
"""The verb of the reply box of a case's card."""
ABOUT = "about"
"""What our id of the message is called in a button's data."""
OUTCOME, NOTE, REPLY_INPUT = "outcome", "note", "reply"
"""What is chosen and written on a case's card, as it is called in its buttons' data."""
MAX_REPLY = 4000
"""Characters that the reply box takes."""
MAX_NAME = 80
MAX_LINES = 60
"""Lines of one of a case's texts."""
STYLES = {Button.APPROVE: "positive", Button.DENY: "destructive"}
"""Colours of buttons that should not be pressed without looking."""
STATES = {
    CaseState.WAITING: ("Waiting", "warning"),
    CaseState.CLAIMED: ("Claimed", "accent"),
    CaseState.RESOLVED: ("Resolved", "good"),
    CaseState.WITHDRAWN: ("Withdrawn by the employee", "default"),
    CaseState.HANDED_BACK: ("Handed back to the assistant", "default"),
    CaseState.STALE: ("Closed: nobody said anything for long", "default"),
}
"""What is said of a case's state, and its colour."""
BY_PEOPLE = frozenset({CaseState.CLAIMED, CaseState.RESOLVED, CaseState.HANDED_BACK})
"""States of which it is said who brought the case there."""


def buttons(chosen: Sequence[Button], message_id: str, markdown: str = "") -> Card:
    """A card of buttons, with words or without; `message_id` is ours of the message they are on."""
    body = [_block(markup.unmentioned(markdown))] if markdown else []
    return _card(body, [_button(one, message_id) for one in chosen])


def case(card: CaseCard, chosen: Sequence[Button], message_id: str, *, reply: bool) -> Card:
    """A case, its texts as short as need be, with the buttons that were chosen for it.

    `message_id` is ours of the post that the card stands in. `reply`: with a box to answer in as
    long as the case is open, for a place in which the bot does not hear what is said to it.
    """
    for room in ROOM:
        content = _case(card, chosen, message_id, reply=reply, room=room)
        if len(to_json(content)) <= MAX_CARD:
            break
    return content


def stands(card: CaseCard) -> str:
    """Where a case stands, who brought it there, and how it ended, in one line."""
    who, outcome = one_line(card.owner, MAX_NAME), one_line(_outcome(card), MAX_NAME)
    by = f" by {who}" if who and card.state in BY_PEOPLE else ""
    return STATES[card.state][0] + by + (f": {outcome}" if outcome else "")


def attachment(card: Card) -> Card:
    """A card as it hangs on an activity."""
    return {"contentType": CONTENT_TYPE, "content": card}


def _case(
    card: CaseCard, chosen: Sequence[Button], message_id: str, *, reply: bool, room: int
) -> Card:
    body = [
        _block(f"Case {card.case_id}", size="large", weight="bolder", style="heading"),
        _state(card) | {"spacing": "none"},
        *_asker(card),
        *_titled("Why", _short(card.reason, room)),
        *_titled("About", _short(card.summary, room)),
        *_passage("Note", _short(card.note, room)),
        *_passage("So far", "\n".join(card.transcript)[-room:]),
    ]
    sure = f" (confidence {card.confidence:.2f})" if card.confidence is not None else ""
    body += _passage(f"The assistant would have said{sure}", _short(card.draft, room))
    actions = [_on_case(one, message_id) for one in chosen]
    if reply and card.state.is_open:
        body.append(_reply_box(_who(card)))
        send = f"Send to {one_line(_who(card), MAX_NAME)}"
        actions.insert(0, _execute(send, REPLY, message_id))
    if markup.is_link(card.permalink):
        actions.append(
            {"type": "Action.OpenUrl", "title": "Open the conversation", "url": card.permalink}
        )
    return _card(body, actions)


def _state(card: CaseCard) -> Card:
    return _runs(_bold(stands(card)) | {"color": STATES[card.state][1]})


def _outcome(card: CaseCard) -> str:
    """How it was resolved, in words."""
    return next((words for one, words in OUTCOMES.items() if one == card.outcome), card.outcome)


def _asker(card: CaseCard) -> list[Card]:
    """Who asks, and where; of an incident how many do."""
    many = "1 case" if card.joined == 1 else f"{card.joined} cases"
    lines = [_runs(_run("This card is for "), _bold(many), _run(" of one cause"))]
    lines = lines if card.joined else []
    if card.joined and not card.employee_name:
        return lines
    where = f" in {one_line(card.place, MAX_NAME)}" if card.place.strip() else ""
    return [*lines, _runs(*_spans(_bold(_who(card)), where))]


def _who(card: CaseCard) -> str:
    """What the employee is called; the platform's id if nobody knows."""
    named = card.employee_name.strip() or card.employee_ref.partition(":")[2]
    nobody = "the employees" if card.joined else "the employee"
    return one_line(named, MAX_NAME) or nobody


def _card(body: list[Card], actions: list[Card]) -> Card:
    card: Card = {"type": "AdaptiveCard", "$schema": SCHEMA, "version": VERSION, "body": body}
    behind = [one | {"mode": "secondary"} for one in actions[MAX_ACTIONS:]]
    return card | {"actions": actions[:MAX_ACTIONS] + behind} if actions else card


def _button(button: Button, message_id: str) -> Card:
    action = _execute(texts.BUTTONS[button], VERB + button.value, message_id)
    return action | {"style": STYLES[button]} if button in STYLES else action


def _on_case(button: Button, message_id: str) -> Card:
    """A button of a case's card; what stands in the reply box is none of its business."""
    if button is Button.RESOLVE:
        return _resolve_form(message_id)
    return _button(button, message_id) | {"associatedInputs": "none"}


def _resolve_form(message_id: str) -> Card:
    """The form that opens below the card."""
    label = texts.BUTTONS[Button.RESOLVE]
    outcomes = {
        "type": "Input.ChoiceSet",
        "id": OUTCOME,
        "label": "Outcome",
        "style": "expanded",
        "isRequired": True,
        "errorMessage": "Choose one.",
        "choices": [{"title": words, "value": one.value} for one, words in OUTCOMES.items()],
    }
    note = _text_input(NOTE, f"{texts.NOTE_LABEL} (optional)", NOTE_CHARACTERS)
    send = _execute(f"{label} the case", VERB + Button.RESOLVE.value, message_id)
    return {"type": "Action.ShowCard", "title": label, "card": _card([outcomes, note], [send])}


def _reply_box(name: str) -> Card:
    return _text_input(REPLY_INPUT, "Answer", MAX_REPLY) | {"placeholder": f"Write to {name}"}


def _text_input(ident: str, label: str, most: int) -> Card:
    return {
        "type": "Input.Text",
        "id": ident,
        "label": label,
        "isMultiline": True,
        "maxLength": most,
    }


def _execute(title: str, verb: str, message_id: str) -> Card:
    return {"type": "Action.Execute", "title": title, "verb": verb, "data": {ABOUT: message_id}}


def _titled(title: str, text: str) -> list[Card]:
    return [_runs(*_spans(_bold(f"{title}: "), text))] if text.strip() else []


def _passage(title: str, text: str) -> list[Card]:
    # Not every client breaks a line within a run.
    lines = [_runs(*_spans(None, line)) | {"spacing": "small"} for line in _lines(text)]
    if not lines:
        return []
    quoted = {"type": "Container", "style": "emphasis", "items": lines}
    return [_runs(_bold(title)), quoted]


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()][:MAX_LINES]


def _block(text: str, **looks: str) -> Card:
    return {"type": "TextBlock", "text": text, "wrap": True, **looks}


def _runs(*runs: Card) -> Card:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _spans(first: Card | None, text: str) -> list[Card]:
    """Runs of words that people or a model wrote: what they made bold is bold."""
    parts = markup.spans(text) if text else []  # Teams refuses empty words, and the card with them
    words = [_bold(part) if is_bold else _run(part) for part, is_bold in parts]
    return [first, *words] if first else words


def _run(text: str) -> Card:
    return {"type": "TextRun", "text": text}


def _bold(text: str) -> Card:
    return _run(text) | {"weight": "bolder"}


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"
