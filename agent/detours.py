"""Detours: what could not be delivered is tried another way, or its author is told.

An outbox row that can never be sent comes back as a control UNDELIVERABLE in its lane, with the
message it was. For each kind of message there are a few ways, tried in turn; `detours` on the new
message counts them, so that it ends:

- what was said to an employee: in pieces if it was too long; their direct conversation; then, for
  an answer, the desk;
- the card of a case: the second channel; each admin directly; then the employee is told;
- words for the people who have a case: to where the card is now; then they come back, marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent import cards, texts
from agent.cases import Case, Cause
from agent.desk import Desk, DeskPlace
from agent.draft import Draft
from agent.errors import DeliveryError, RowFatal
from agent.journal import Line
from agent.messages import Button, ConversationId, OutgoingMessage, Tone
from agent.ports import Adapter, Clock
from agent.state import Event, State
from agent.text import one_line

PIECE = 1500
"""Characters of one message that was refused as too long: half of the least limit we know."""
QUOTED = 300
DIRECT_SECONDS = 5.0
WITH_PEOPLE = frozenset({State.ESCALATED, State.WITH_HUMAN})


class Detours:
    """The performer for what was not delivered; holds no state between turns."""

    def __init__(
        self, adapters: Mapping[str, Adapter], clock: Clock, place: DeskPlace, desk: Desk
    ) -> None:
        """`place` says where else people are."""
        self._adapters = adapters
        self._clock = clock
        self._place = place
        self._desk = desk

    async def find_another_way(self, draft: Draft) -> Event | None:
        """Try the next way for the message that the turn is about."""
        message = draft.claim.undelivered
        draft.write(Line.FAILED, code=draft.first.detail, message=draft.first.about)
        if message is None or message.replaces:
            return None  # an edit that cannot be made changes nothing that somebody waits for
        if message.card is not None:
            await self._card(draft, message)
            return None
        if message.under:
            self._words_for_people(draft, message)
            return None
        return await self._words_for_employee(draft, message)

    async def _words_for_employee(self, draft: Draft, message: OutgoingMessage) -> Event | None:
        # A press on an approval only counts where, and on what, it was asked for.
        question = Button.APPROVE in message.buttons
        code = draft.first.detail.partition(":")[0]
        too_long = code == RowFatal.__name__ and len(message.text) > PIECE
        if too_long and not question:
            *pieces, last = _pieces(message.text)
            for text in pieces:
                self._send(draft, replace(message, text=text, citations=(), buttons=()))
            self._send(draft, replace(message, text=last))
            return None
        if message.detours == 0 and not question:
            place = await self._direct(message.conversation, draft.employee.id)
            if place is not None:
                text = f"_{texts.ELSEWHERE}_\n\n{message.text}"
                # What a case is waited for in is another conversation.
                buttons = tuple(one for one in message.buttons if one is Button.ASK_PERSON)
                moved = replace(message, conversation=place, text=text, buttons=buttons)
                self._send(draft, moved)
                return None
        if message.tone is Tone.NOTICE and not question:
            return None
        draft.unsaid = message.text
        draft.cause = Cause.UNDELIVERABLE
        if draft.state not in WITH_PEOPLE:
            draft.elsewhere.append(message.id)
            return Event.GAVE_UP
        self._tell_people(draft, f"{texts.NOT_DELIVERED}\n{message.text}")
        return None

    async def _card(self, draft: Draft, message: OutgoingMessage) -> None:
        case = draft.case
        if case is None or case.card_id != message.id:
            return  # it is over, or its card is elsewhere by now
        second = self._place.second
        if message.detours == 0 and second is not None and second != message.conversation:
            self._move_card(draft, case, message, [second])
            return
        tried = max(0, message.detours - 1)
        admins = (await self._admins())[tried:]
        if admins:
            # All of them at first; if the one that counts does not arrive, the next one counts.
            chosen = admins[:1] if tried else admins
            self._move_card(draft, case, replace(message, detours=tried + 1), chosen)
        else:
            draft.notice(texts.NOBODY_REACHED.format(contact=self._place.contact, case=case.id))

    def _move_card(
        self, draft: Draft, case: Case, message: OutgoingMessage, places: list[ConversationId]
    ) -> None:
        first = draft.next_id()
        for place in places:
            self._send(draft, replace(message, conversation=place, card=case.card))
        draft.keep(replace(case, card_id=first, channel=str(places[0])))

    def _words_for_people(self, draft: Draft, message: OutgoingMessage) -> None:
        case = draft.case
        channel = self._desk.channel_of(case)
        moved = case is not None and case.card_id != message.under
        if case is not None and channel is not None and moved:
            self._send(draft, replace(message, conversation=channel, under=case.card_id))
        else:
            quoted = one_line(message.text, QUOTED)
            draft.notice(texts.NOT_RELAYED.format(text=quoted, contact=self._place.contact))

    def _tell_people(self, draft: Draft, text: str) -> None:
        channel = self._desk.channel_of(draft.case)
        if draft.case is not None and channel is not None:
            message = cards.under_card(draft.case, channel, draft.next_id(), text)
            draft.outbox.append(message)
            draft.elsewhere.append(draft.first.about)

    def _send(self, draft: Draft, message: OutgoingMessage) -> None:
        draft.elsewhere.append(draft.first.about)
        draft.outbox.append(
            replace(message, id=draft.next_id(), detours=message.detours + 1, replaces="")
        )

    async def _direct(self, failed: ConversationId, user_id: str) -> ConversationId | None:
        """The direct conversation with an employee; None if that is where it failed."""
        place = await self._direct_with(failed.platform, user_id)
        return place if place is not None and place.channel != failed.channel else None

    async def _admins(self) -> list[ConversationId]:
        found = []
        for admin in self._place.admins:
            platform, _, user = admin.partition(":")
            if (place := await self._direct_with(platform, user)) is not None:
                found.append(place)
        return found

    async def _direct_with(self, platform: str, user_id: str) -> ConversationId | None:
        adapter = self._adapters.get(platform)
        if adapter is None or not user_id:
            return None
        try:
            async with self._clock.timeout(DIRECT_SECONDS):
                return await adapter.direct(user_id)
        except (DeliveryError, TimeoutError):
            return None


def _pieces(text: str) -> list[str]:
    """A text in pieces of at most PIECE characters, cut at the end of a line or word if it can."""
    pieces = []
    while len(text) > PIECE:
        at = max(text.rfind("\n", 1, PIECE), text.rfind(" ", 1, PIECE))
        at = at if at > PIECE // 2 else PIECE
        pieces.append(text[:at])
        text = text[at:].lstrip()
    return [*pieces, text]
