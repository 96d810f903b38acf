"""What people do in Teams without writing a message: reactions, thumbs, buttons and forms on cards.

What a card sends is made by a client, so anybody can send anything: only who sent it and where is
certain, because Teams says so. The shapes are those of
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from adapters.teams.cards import ABOUT, NOTE, OUTCOME, REPLY, REPLY_INPUT, VERB
from adapters.teams.fields import Payload, part, parts, seconds, string
from adapters.teams.payloads import scene
from agent.cases import NOTE_CHARACTERS, OUTCOMES
from agent.messages import Button, IncomingMessage, Kind

BUTTONS = {VERB + button.value: Kind(button.value) for button in Button}
"""The verbs of our buttons and the controls they are."""
VERDICTS = {"like": "up", "heart": "up", "sad": "down", "angry": "down", "dislike": "down"}
"""What a press on a thumb or a reaction says of an answer; other reactions say nothing of it."""
LONGEST_ID = 200
"""Characters of an id of ours that comes back in a card's data."""
CHOOSE = "Please choose an outcome first."
WRITE = "Please write something first."


def read_reaction(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read a `messageReaction`: a thumb or a heart for a message of ours is feedback.

    Teams tells only of reactions to the bot's messages; taking one away takes nothing back.
    """
    added = (string(one, "type") for one in parts(body, "reactionsAdded"))
    verdict = next((VERDICTS[one] for one in added if one in VERDICTS), "")
    ref = string(body, "replyToId")
    # The activity's id is the one of the message, whoever reacts to it and however often.
    return _feedback(body, tenant, verdict, string(body, "timestamp")) if verdict and ref else None


def read_feedback(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read a `message/submitAction`: a press on a thumb under an answer, and what was said to it
    (https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bot-messages-ai-generated-content).
    """
    value = part(body, "value")
    chosen = part(value, "actionValue")
    verdict = VERDICTS.get(string(chosen, "reaction"), "")
    given = _feedback(body, tenant, verdict, string(body, "id") or string(body, "timestamp"))
    if string(value, "actionName") != "feedback" or not verdict or given is None:
        return None
    return replace(given, text=_comment(string(chosen, "feedback")))


def read_action(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read an `adaptiveCard/action`: a button or a form on one of our cards (Action.Execute). None
    for what no card of ours sends, and for a form that is not filled in (see `lacks`).
    """
    action = part(part(body, "value"), "action")
    return _sent(body, tenant, string(action, "verb"), part(action, "data"))


def read_submitted(body: Payload, tenant: str) -> IncomingMessage | None:
    """Read a `message` that a card sent (Action.Submit): its value is the data, with the verb."""
    value = part(body, "value")
    return _sent(body, tenant, string(value, "verb"), value) if value else None


def lacks(body: Payload) -> str:
    """What is missing in the form that an `adaptiveCard/action` sends, in words for whom sent it;
    '' if nothing is, and for everything that is no form.
    """
    action = part(part(body, "value"), "action")
    verb, data = string(action, "verb"), part(action, "data")
    if BUTTONS.get(verb) is Kind.RESOLVE and string(data, OUTCOME) not in OUTCOMES:
        return CHOOSE
    return WRITE if verb == REPLY and not _typed(data, REPLY_INPUT) else ""


def _sent(body: Payload, tenant: str, verb: str, data: Payload) -> IncomingMessage | None:
    """What a card of ours sent: a press, a form, or the words of its reply box."""
    card, press = string(body, "replyToId"), string(body, "id") or string(body, "timestamp")
    done = scene(body, tenant, root=card)
    about = string(data, ABOUT)
    if done is None or not press or len(about) > LONGEST_ID:
        return None
    message = IncomingMessage(
        conversation=done.conversation,
        id=f"{card}.{done.author.id}.{press}",
        kind=BUTTONS.get(verb, Kind.MESSAGE),
        author=done.author,
        sent_at=seconds(done.time),
        direct=done.direct,
        in_thread=bool(done.conversation.thread),
        about=about,
        about_ref=card,
    )
    if verb == REPLY:
        return _replied(message, _typed(data, REPLY_INPUT))
    if message.kind is Kind.RESOLVE:
        return _resolved(message, data)
    return message if verb in BUTTONS else None


def _replied(message: IncomingMessage, words: str) -> IncomingMessage | None:
    """The words in a card's reply box, as if they had been written in the card's thread. A chat has
    no threads; there it is as if the card had one.
    """
    thread = message.conversation.thread or message.about_ref
    if not words or not thread:
        return None
    place = replace(message.conversation, thread=thread)
    return replace(message, conversation=place, text=words, in_thread=True)


def _resolved(message: IncomingMessage, data: Payload) -> IncomingMessage | None:
    outcome = string(data, OUTCOME)
    if outcome not in OUTCOMES:
        return None
    return replace(message, detail=outcome, text=_typed(data, NOTE)[:NOTE_CHARACTERS])


def _typed(data: Payload, name: str) -> str:
    """What was typed into an input of a card."""
    return string(data, name).replace("\r\n", "\n").strip()


def _feedback(body: Payload, tenant: str, verdict: str, press: str) -> IncomingMessage | None:
    ref = string(body, "replyToId")
    given = scene(body, tenant, root=ref)
    if given is None or not press:
        return None
    return IncomingMessage(
        conversation=given.conversation,
        id=f"{ref}.{given.author.id}.{press}",
        kind=Kind.FEEDBACK,
        author=given.author,
        sent_at=seconds(given.time),
        direct=given.direct,
        in_thread=bool(given.conversation.thread),
        detail=verdict,
        about_ref=ref,
    )


def _comment(feedback: str) -> str:
    """What a person wrote to a verdict: the form is JSON within the JSON."""
    try:
        form = json.loads(feedback)
    except (ValueError, RecursionError):
        return ""
    return string(form, "feedbackText").strip() if isinstance(form, Mapping) else ""
