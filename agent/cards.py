"""What people see of a case: its card in the human channel, and words in the card's thread."""

from __future__ import annotations

from dataclasses import replace

from agent import output
from agent.cases import Case, CaseCard, CaseState, Cause
from agent.draft import Draft
from agent.messages import ConversationId, OutgoingMessage, Tone
from agent.screening import files_of
from agent.text import one_line, plain_name

SUMMARY_CHARACTERS = 300
TRANSCRIPT_LINES = 6
TRANSCRIPT_CHARACTERS = 240
RELAY_CHARACTERS = 8000
"""Of one relayed message, below every platform's limit."""


def new_case(draft: Draft, channel: ConversationId, permalink: str) -> Case:
    """A new case for the employee of this turn; its id is the same in every retry of the turn."""
    first, employee = draft.first, draft.employee
    cause = draft.cause or Cause.MODEL_ASKED
    name = draft.profile.name or employee.name or employee.id
    case_id = "C" + draft.claim.turn_id.lstrip("t")
    card = CaseCard(
        case_id=case_id,
        state=CaseState.WAITING,
        reason=_reason(draft, cause),
        employee_ref=f"{first.conversation.platform}:{employee.id}",
        employee_name=plain_name(name),
        place="a direct message" if first.direct else "a channel",
        summary=_summary(draft),
        transcript=_transcript(draft),
        draft=output.check(draft.decision) if draft.decision else draft.unsaid,
        confidence=draft.decision.confidence if draft.decision else None,
        permalink=permalink,
    )
    return Case(
        id=case_id,
        lane=str(draft.conversation),
        cause=cause,
        state=CaseState.WAITING,
        employee_id=employee.id,
        opened_at=draft.now,
        card=card,
        channel=str(channel),
    )


def moved(case: Case, state: CaseState) -> Case:
    """The case in another state, its card with it."""
    card = replace(case.card, state=state) if case.card else None
    return replace(case, state=state, card=card)


def card_message(case: Case, channel: ConversationId, message_id: str) -> OutgoingMessage:
    """The card as a new post in the human channel."""
    text = f"Case {case.id}"
    return OutgoingMessage(message_id, channel, text, tone=Tone.NOTICE, card=case.card)


def card_edit(case: Case, channel: ConversationId, message_id: str) -> OutgoingMessage:
    """The card as an edit of what was posted."""
    message = card_message(case, channel, message_id)
    return replace(message, replaces=case.card_id)


def relayed(draft: Draft, case: Case) -> list[str]:
    """What somebody wrote in the employee's conversation, for the thread of the case's card, in as
    many messages as it takes: no word may be lost to a platform's limit.
    """
    words = output.harmless("\n".join(one.text for one in draft.asked if one.text))
    if names := files_of(draft.asked):
        words = f"{words}\n_(sent along: {names})_".strip()
    if draft.cause is not None:
        words = f"{words}\n_{_reason(draft, draft.cause)}_".strip()
    text = f"**{_speaker(draft, case)}:** {words}"
    return [text[at : at + RELAY_CHARACTERS] for at in range(0, len(text), RELAY_CHARACTERS)]


def under_card(case: Case, channel: ConversationId, message_id: str, text: str) -> OutgoingMessage:
    """A message in the thread of the case's card."""
    return OutgoingMessage(message_id, channel, text, tone=Tone.NOTICE, under=case.card_id)


def _reason(draft: Draft, cause: Cause) -> str:
    """Why people must look, with the calls of which nobody knows how they ended."""
    calls = ", ".join(call.words for call in draft.begun())
    return f"{cause.words} {calls}" if calls else cause.words


def _speaker(draft: Draft, case: Case) -> str:
    author = draft.first.author
    known = case.card.employee_name if case.card and author.id == case.employee_id else ""
    return plain_name(draft.profile.name or author.name or known or author.id)


def _summary(draft: Draft) -> str:
    words = " ".join(message.text for message in draft.asked if message.text)
    if not words:
        words = next((one.text for one in reversed(draft.history.said) if one.author), "")
    return one_line(words, SUMMARY_CHARACTERS)


def _transcript(draft: Draft) -> tuple[str, ...]:
    lines = [f"{one.name if one.author else 'Frontdesk'}: {one.text}" for one in draft.history.said]
    name = draft.profile.name or draft.first.author.name or "employee"
    lines += [f"{name}: {message.text}" for message in draft.asked if message.text]
    return tuple(one_line(line, TRANSCRIPT_CHARACTERS) for line in lines[-TRANSCRIPT_LINES:])
