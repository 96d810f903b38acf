"""What people see of a case: its card in the human channel, and words in the card's thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent import output, texts
from agent.addressing import asks_for_person
from agent.cases import Case, CaseCard, CaseState, Cause, Copy
from agent.draft import Draft
from agent.messages import Button, ConversationId, IncomingMessage, OutgoingMessage, Tone
from agent.text import one_line, plain_name

SUMMARY_CHARACTERS = 300
TRANSCRIPT_LINES = 6
TRANSCRIPT_CHARACTERS = 240
BUTTONS: Mapping[CaseState, tuple[Button, ...]] = {
    CaseState.WAITING: (Button.CLAIM, Button.RESOLVE, Button.HAND_BACK),
    CaseState.CLAIMED: (Button.RESOLVE, Button.HAND_BACK, Button.RELEASE, Button.TAKE_OVER),
}
"""What people may do about a case, as long as it is not over."""


def new_case(draft: Draft, channel: ConversationId, permalink: str) -> Case:
    """A new case for the employee of this turn; its id is the same in every retry of the turn."""
    first, employee = draft.first, draft.employee
    cause = draft.cause or Cause.MODEL_ASKED
    name = draft.profile.name or employee.name or employee.id
    case_id = "C" + draft.claim.turn_id.lstrip("t")
    card = CaseCard(
        case_id=case_id,
        state=CaseState.WAITING,
        reason=reason(draft, cause),
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


def shown(case: Case) -> Case:
    """The case with its card as it stands now."""
    if case.card is None:
        return case
    card = replace(
        case.card, state=case.state, owner=case.owner_name, outcome=case.outcome, note=case.note
    )
    return replace(case, card=card)


def card_message(case: Case, channel: ConversationId, message_id: str) -> OutgoingMessage:
    """The card as a new post in a channel of people, with what can be done about it."""
    text = f"Case {case.id}"
    buttons = BUTTONS.get(case.state, ())
    return OutgoingMessage(
        message_id,
        channel,
        text,
        tone=Tone.NOTICE,
        card=case.card,
        buttons=buttons,
        for_desk=True,
    )


def is_missing(case: Case) -> bool:
    """Whether a case has a card that maybe nobody sees: no place took it, or it is in doubt."""
    return case.card is not None and not case.card_id and not case.incident


def show(draft: Draft, case: Case, channel: ConversationId) -> tuple[Case, ConversationId]:
    """Post the card of a case in a channel; the case with the card that counts now, and where. If
    another may stand there, people are told that both are of one case.
    """
    card = card_message(case, channel, draft.next_id())
    draft.outbox.append(card)
    case = replace(case, card_id=card.id, channel=str(channel))
    draft.put(case)
    if any(copy.channel == case.channel for copy in case.copies):
        draft.post(channel, texts.SHOWN_TWICE, under=card.id)
    return case, channel


def edit_cards(draft: Draft, case: Case, channel: ConversationId | None) -> None:
    """Show a case as it stands now in its `channel` and wherever else it has a card of its own. One
    that is shown on the card of an incident has none, and neither has one that waits for that; of
    one that an older version opened the card may not be known.
    """
    if case.card is None or not case.card_id or case.incident or channel is None:
        return
    cards = [(case.card_id, channel)]
    cards += [(copy.card_id, ConversationId.parse(copy.channel)) for copy in case.copies]
    for card_id, place in cards:
        message = card_message(case, place, draft.next_id())
        draft.outbox.append(replace(message, replaces=card_id))


def taken_from(case: Case, message: IncomingMessage) -> Case:
    """The case with that card as its main one which a press was on, or in whose thread somebody
    wrote: there the words of the employee go from now on. Two are in one channel only if one of
    them may not have arrived; then a press tells which it was on.
    """
    main = Copy(case.card_id, case.channel)
    every = (main, *case.copies)
    here = [one for one in every if _is_in(message.conversation, one)] or [main]
    taken = next((one for one in here if one.card_id == message.about), here[0])
    copies = tuple(one for one in every if one is not taken and one.card_id)
    return replace(case, card_id=taken.card_id, channel=taken.channel, copies=copies)


def _is_in(place: ConversationId, card: Copy) -> bool:
    there = ConversationId.parse(card.channel) if card.channel else None
    return there is not None and (there.platform, there.channel) == (place.platform, place.channel)


def reason(draft: Draft, cause: Cause) -> str:
    """Why people must look, with the calls of which nobody knows how they ended."""
    calls = ", ".join(call.words for call in draft.begun())
    return f"{cause.words} {calls}" if calls else cause.words


def _summary(draft: Draft) -> str:
    """What it is about: that somebody wants a person does not say it, if they said more before."""
    asked = [message.text for message in draft.asked if message.text]
    telling = [text for text in asked if not asks_for_person(text)]
    if not telling:
        theirs = (one for one in reversed(draft.history.said) if one.author and not one.colleague)
        before = (one.text for one in theirs if not asks_for_person(one.text))
        telling = [next(before, "")]
    return one_line(" ".join(telling).strip() or " ".join(asked), SUMMARY_CHARACTERS)


def _transcript(draft: Draft) -> tuple[str, ...]:
    said = (one for one in draft.history.said if not one.handed_back)
    lines = [f"{one.name if one.author else 'Frontdesk'}: {one.text}" for one in said]
    name = draft.profile.name or draft.first.author.name or "employee"
    lines += [f"{name}: {message.text}" for message in draft.asked if message.text]
    return tuple(one_line(line, TRANSCRIPT_CHARACTERS) for line in lines[-TRANSCRIPT_LINES:])
