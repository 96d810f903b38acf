"""Messages of ours become Teams' activities.

Limits and fields are those of
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bot-messages-ai-generated-content
and …/format-your-bot-messages: 100 KB for a message with everything on it, a name of 80 and an
abstract of 160 characters for a source, six suggested actions. Nobody is mentioned, since no
mention entity is made; and Teams unfolds no links in what a bot posts.

Teams makes two messages of an activity with a text and a card, and tells the id of neither
(https://github.com/OfficeDev/BotBuilder-MicrosoftTeams/issues/125), so that nothing could edit
them, nor tell what a thumb is about. So no activity has both: words of our own stand on the card,
with their buttons; an answer, which needs a text for its label, its sources and its thumbs, is
followed by a card of its buttons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.teams import cards, markup
from adapters.teams.places import PlaceKind, Reference
from agent import texts
from agent.cases import CaseCard, CaseState
from agent.messages import Citation, OutgoingMessage, Tone
from agent.text import one_line

Activity = dict[str, Any]

MAX_TEXT = 12_000
"""Characters of one message: at most 48 KB, which leaves room for a card."""
MAX_BELOW = 6000
"""Of these, for sources and prompts under the words."""
MAX_HINT = 200
"""Of these, for what is said under everything else."""
MAX_ON_CARD = 6000
"""Characters of words on a card: at most 24 KB."""
MAX_SUMMARY = 200
MAX_CITATIONS = 10
MAX_NAME = 80
MAX_ABSTRACT = 160
MAX_PROMPTS = 6
WORDS = (Tone.ANSWER, Tone.PERSON)
"""What a model or a person wrote is a message like any other, and no card."""
AI_GENERATED = "AIGeneratedContent"
CUT = "…"
HOW_TO_ANSWER = "_To answer, mention me in your reply, or use the box on the card._"
HOW_TO_ANSWER_IN_A_CHAT = "_To answer, use the box on the card._"
"""Under what an employee wrote, where people cannot know that the bot would not hear them."""
HOW_TO_ANSWER_PEOPLE = "_To answer, mention me._"
"""Under what people who have a case tell its employee, for the same reason."""


def render(message: OutgoingMessage, place: Reference) -> Activity:
    """The activity that shows the message in a place."""
    if message.card is not None:
        # An edit stands in the post that it edits: that is what a press would be about.
        about = message.replaces or message.id
        reply = not _hears(place)
        card = cards.case(message.card, message.buttons, about, reply=reply)
        return _activity(attachments=[cards.attachment(card)], summary=_card_text(message.card))
    if message.buttons and not _needs_text(message):
        card = cards.buttons(message.buttons, message.id, message.text)
        summary = _summary(message.text)
        return _activity(attachments=[cards.attachment(card)], summary=summary)
    text = _text(message, place, labelled=True)
    activity = _worded(message, text)
    if message.prompts and _as_chips(message, place):
        activity["suggestedActions"] = _suggested(message.prompts)
    if entity := _labels(message, text):
        activity["entities"] = [entity]
    if message.feedback:
        activity["channelData"] = {"feedbackLoop": {"type": "default"}}
    return activity


def below(message: OutgoingMessage) -> Activity | None:
    """The activity that follows the message's own; None if it is all in that one."""
    if not message.buttons or message.card is not None or not _needs_text(message):
        return None
    card = cards.buttons(message.buttons, message.id)
    labels = ", ".join(texts.BUTTONS[one] for one in message.buttons)
    return _activity(attachments=[cards.attachment(card)], summary=labels)


def plain(message: OutgoingMessage, place: Reference) -> Activity:
    """The same as a text and nothing else, should Teams refuse the form of it."""
    if message.card is not None:
        text = markup.escape(_card_text(message.card))
        return _activity(text=text, textFormat="markdown", summary=_card_text(message.card))
    return _worded(message, _text(message, place, labelled=False))


def begin(text: str) -> Activity:
    """Plain words of our own that begin a conversation."""
    return _activity(text=markup.escape(text)[:MAX_TEXT], textFormat="markdown")


def typing() -> Activity:
    """The sign of life; Teams takes it away by itself."""
    return {"type": "typing"}


def _activity(**fields: Any) -> Activity:
    return {"type": "message", **fields}


def _worded(message: OutgoingMessage, text: str) -> Activity:
    return _activity(text=text, textFormat="markdown", summary=_summary(message.text))


def _summary(text: str) -> str:
    """What a banner shows of a text: it reads no Markdown."""
    return one_line("".join(words for words, _ in markup.spans(text)), MAX_SUMMARY)


def _text(message: OutgoingMessage, place: Reference, *, labelled: bool) -> str:
    """The words, what they cite, and what cannot be shown in another way there; only a text that is
    `labelled` shows its sources by itself.
    """
    words = markup.defuse(markup.numbered(message.text, len(message.citations)))
    hint = _hint(message, place)
    room = MAX_TEXT - (MAX_HINT if hint else 0)
    room -= MAX_BELOW if message.citations or message.prompts else 0
    words = words if len(words) <= room else words[: room - 1] + CUT
    below = _sources(message.citations, words if labelled else "")
    if not _as_chips(message, place):
        below += [f"- {markup.escape(prompt)}" for prompt in message.prompts]
    told = ("\n\n" + "\n".join(below))[:MAX_BELOW] if below else ""
    return words + told + hint


def _hears(place: Reference) -> bool:
    """Whether the bot is told what people write in a thread there. A chat has no threads: what is
    said among several people without a mention is never taken to be said to the bot.
    """
    return place.kind is PlaceKind.CHANNEL and place.hears_all


def _hint(message: OutgoingMessage, place: Reference) -> str:
    """How to answer, for people whom the bot would not hear."""
    if message.invites and not (_hears(place) or place.kind is PlaceKind.PERSONAL):
        return f"\n\n{HOW_TO_ANSWER_PEOPLE}"
    if not message.under or message.tone is not Tone.PERSON or _hears(place):
        return ""
    is_chat = place.kind is not PlaceKind.CHANNEL
    return "\n\n" + (HOW_TO_ANSWER_IN_A_CHAT if is_chat else HOW_TO_ANSWER)


def _needs_text(message: OutgoingMessage) -> bool:
    """Whether a card would not do for the words: it has no label, no sources and no thumbs."""
    is_more = message.tone in WORDS or message.citations or message.feedback
    return bool(is_more or message.prompts or message.under) or len(message.text) > MAX_ON_CARD


def _as_chips(message: OutgoingMessage, place: Reference) -> bool:
    """Whether prompts can be pressed: Teams shows them in personal chats, under the last message,
    which is not this one if a card follows.
    """
    return place.kind is PlaceKind.PERSONAL and not message.buttons


def _sources(citations: Sequence[Citation], words: str) -> list[str]:
    """The sources that Teams would not show: those that the text does not point at, and those
    beyond what Teams takes.
    """
    missing = [
        f"[{n}] {markup.link(one.link, one_line(one.label, MAX_SUMMARY))}"
        for n, one in enumerate(citations, 1)
        if n > MAX_CITATIONS or f"[{n}]" not in words
    ]
    return ["Sources:", *(f"- {one}" for one in missing)] if missing else []


def _labels(message: OutgoingMessage, text: str) -> Activity | None:
    """The entity that says that an answer was generated, and from what. What was put together
    without a model (a degraded answer) or said by the bot itself carries no such label.
    """
    is_generated = message.tone is Tone.ANSWER
    cited = list(enumerate(message.citations[:MAX_CITATIONS], 1))
    claims = [_claim(n, one) for n, one in cited if f"[{n}]" in text]
    if not is_generated and not claims:
        return None
    entity: Activity = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
    }
    if is_generated:
        entity["additionalType"] = [AI_GENERATED]
    if claims:
        entity["citation"] = claims
    return entity


def _claim(position: int, citation: Citation) -> Activity:
    name = one_line(citation.label, MAX_NAME) or f"Source {position}"
    document = {
        "@type": "DigitalDocument",
        "name": name,
        "abstract": one_line(citation.section or citation.title, MAX_ABSTRACT) or name,
    }
    if markup.is_link(citation.link):
        document["url"] = citation.link
    return {"@type": "Claim", "position": position, "appearance": document}


def _suggested(prompts: Sequence[str]) -> Activity:
    """Questions as chips; who presses one says it."""
    actions = [
        {"type": "imBack", "title": one_line(prompt, MAX_NAME), "value": prompt}
        for prompt in prompts[:MAX_PROMPTS]
    ]
    return {"to": [], "actions": actions}


def _card_text(card: CaseCard) -> str:
    who = f" from {card.employee_name}" if card.employee_name.strip() else ""
    stands = f" ({cards.stands(card)})" if card.state is not CaseState.WAITING else ""
    about = f": {card.summary}" if card.summary else ""
    return _summary(f"Case {card.case_id}{who}{stands}{about}")
