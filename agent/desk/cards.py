"""What people see of a case: its card in the human channel, and words in the card's thread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent import output, texts
from agent.cases import Case, CaseCard, CaseState, Cause, Copy
from agent.desk import joining
from agent.desk.which_card import acted_on, every_card
from agent.draft import Draft
from agent.journal import Line
from agent.messages import DESK_KINDS, Button, ConversationId, OutgoingMessage, Tone
from agent.phrases import asks_for_person
from agent.text import has_words, one_line, plain_name

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
        transcript=_in_lines([*_said_before(draft), *_said_now(draft)]),
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


def renewed(draft: Draft, case: Case, but: str = "") -> Case:
    """The case with what was said until now on its card: whoever sees it in another place has seen
    nothing of what stands under it elsewhere. What Frontdesk said since the case was opened is only
    about the case itself. The post `but` is not on it.
    """
    if case.card is None or joining.is_incident(draft.conversation):
        return case
    entries = draft.claim.history
    moves = (one for one in entries if one.kind == Line.CASE and one.data.get("case") == case.id)
    opened = next((one.seq for one in moves), math.inf)
    said = _said_before(draft, opened, but=but)
    return replace(case, card=replace(case.card, transcript=_in_lines(said)))


def show(draft: Draft, case: Case, channel: ConversationId) -> tuple[Case, ConversationId]:
    """Post the card of a case in a channel; the case with the card that counts now, and where. If
    another may stand there, people are told that both are of one case.
    """
    case = renewed(draft, case)
    card = card_message(case, channel, draft.next_id())
    draft.outbox.append(card)
    case = replace(case, card_id=card.id, channel=str(channel))
    draft.put(case)
    if any(copy.channel == case.channel for copy in case.copies):
        draft.post(channel, texts.SHOWN_TWICE, under=card.id)
    return case, channel


def show_too(draft: Draft, case: Case, channel: ConversationId) -> str:
    """Post a further card of a case in another channel; its outgoing id."""
    case = renewed(draft, case)
    card = card_message(case, channel, draft.next_id())
    draft.outbox.append(card)
    draft.put(replace(case, copies=(*case.copies, Copy(card.id, str(channel)))))
    return card.id


def edit_cards(draft: Draft, case: Case, channel: ConversationId | None) -> None:
    """Show a case as it stands now in its `channel` and wherever else it has a card of its own, and
    on what was pressed. One that is shown on the card of an incident has none, and neither has one
    that waits for that; of one that an older version opened the card may not be known.
    """
    if case.card is None or case.incident or channel is None:
        return
    every = every_card(replace(case, channel=str(channel)))
    pressed = acted_on(draft, case) if draft.first.kind in DESK_KINDS else None
    if pressed is not None and pressed.card_id not in [one.card_id for one in every]:
        every = (*every, pressed)
    for one in every:
        _edit(draft, case, one)


def _edit(draft: Draft, case: Case, copy: Copy) -> None:
    """Change one card; one that this turn posts is posted as it is now."""
    message = card_message(case, ConversationId.parse(copy.channel), draft.next_id())
    for n, posted in enumerate(draft.outbox):
        if posted.id == copy.card_id:
            draft.outbox[n] = replace(posted, card=message.card, buttons=message.buttons)
            return
    draft.outbox.append(replace(message, replaces=copy.card_id))


def taken_from(draft: Draft, case: Case) -> Case:
    """The case with that card as its main one which a press was on, or in whose thread somebody
    wrote: there the words of the employee go from now on.
    """
    taken = acted_on(draft, case)
    if taken is None or taken.card_id == case.card_id:
        return case
    copies = tuple(one for one in every_card(case) if one.card_id != taken.card_id)
    moved = replace(case, card_id=taken.card_id, channel=taken.channel, copies=copies)
    return renewed(draft, moved)


def reason(draft: Draft, cause: Cause) -> str:
    """Why people must look, with the calls of which nobody knows how they ended."""
    calls = ", ".join(call.words for call in draft.begun())
    return f"{cause.words} {calls}" if calls else cause.words


def _summary(draft: Draft) -> str:
    """What it is about, in the words of the employee, or of others if they said nothing: that
    somebody wants a person does not say it, if they said more before.
    """
    asked = [message.text for message in draft.asked if message.text]
    telling = [text for text in asked if has_words(text) and not asks_for_person(text)]
    if not telling:
        said = [one for one in reversed(draft.history.said) if one.author and not one.by_staff]
        said.sort(key=lambda one: one.author != draft.employee.id)
        before = (one.text for one in said if has_words(one.text) and not asks_for_person(one.text))
        telling = [next(before, "")]
    return one_line(" ".join(telling).strip() or " ".join(asked), SUMMARY_CHARACTERS)


def _said_before(draft: Draft, opened: float = math.inf, but: str = "") -> list[str]:
    """The conversation in lines, of Frontdesk's own up to where a case was `opened`; not the post
    `but`.
    """
    return [
        f"{one.name if one.author else 'Frontdesk'}: {one.text}"
        for one in draft.history.said
        if one.text and (one.author or one.seq < opened) and one.id != but
    ]


def _said_now(draft: Draft) -> list[str]:
    name = draft.profile.name or draft.first.author.name or "employee"
    return [f"{name}: {message.text}" for message in draft.asked if message.text]


def _in_lines(said: Sequence[str]) -> tuple[str, ...]:
    return tuple(one_line(line, TRANSCRIPT_CHARACTERS) for line in said[-TRANSCRIPT_LINES:])
