"""The form in which a case is resolved, as Slack opens it.

Slack shows it over the conversation of whoever pressed the button; `payloads.read_form` reads what
comes back. Limits: https://docs.slack.dev/reference/views/modal-views.
"""

from __future__ import annotations

from typing import Any

from adapters.slack.blocks import Block, plain_text
from adapters.slack.payloads import NOTE, OUTCOME, RESOLVE_FORM, Origin
from agent import texts
from agent.cases import NOTE_CHARACTERS, OUTCOMES
from agent.messages import IncomingMessage

MAX_ERROR = 300
NOT_OPENED = "If no form has opened, please press the button again."
NOT_READABLE = "This form is out of date: please close it and press the button on the card again."


def resolve(press: IncomingMessage) -> dict[str, Any]:
    """The form for the case whose card's button was pressed."""
    place = press.conversation
    origin = Origin(channel=place.channel, thread=place.thread, about=press.about)
    return {
        "type": "modal",
        "callback_id": RESOLVE_FORM,
        "private_metadata": origin.model_dump_json(),
        "title": plain_text("Resolve the case"),
        "submit": plain_text("Resolve"),
        "close": plain_text("Cancel"),
        "blocks": [_outcome(), _note()],
    }


def _outcome() -> Block:
    options = [
        {"text": plain_text(words), "value": outcome.value} for outcome, words in OUTCOMES.items()
    ]
    element = {"type": "radio_buttons", "action_id": OUTCOME, "options": options}
    return _input(OUTCOME, "How did it end?", element)


def _note() -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": NOTE,
        "multiline": True,
        "max_length": NOTE_CHARACTERS,
    }
    return _input(NOTE, texts.NOTE_LABEL, element) | {"optional": True}


def _input(block_id: str, label: str, element: Block) -> Block:
    return {"type": "input", "block_id": block_id, "label": plain_text(label), "element": element}
