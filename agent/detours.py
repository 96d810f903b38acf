"""Detours: what could not be delivered is tried another way, or its author is told.

An outbox row that can never be sent comes back as a control UNDELIVERABLE in its lane, with the
message it was. For each kind of message there are a few ways, tried in turn; `detours` on the new
message counts them, so that it ends:

- what was said to an employee: in pieces if it was too long; their direct conversation; then, for
  an answer, the desk;
- what a person of the desk said to an employee: in pieces; then it comes back, marked;
- the card of a case: another card of it; the second channel; each admin directly; then the employee
  is told. A further card is left out. Instead of one that may have arrived there is another as soon
  as something is to be read under it; and a channel that does not take a word about the case has
  none of its cards;
- words for the people who have a case: to where the card is now; then they come back, marked. Such
  words never go to the employee.

Words that somebody wrote and that may have arrived come back in the same way, but are not tried
another way: they may be there. Their author is told, once, and decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent import cards, flooding, texts
from agent.admins import Admins
from agent.cases import Case, Cause, Copy
from agent.desk_place import DeskPlace
from agent.draft import Draft
from agent.errors import RowFatal
from agent.journal import Line
from agent.messages import Button, ConversationId, OutgoingMessage, Tone
from agent.ports import Adapter, Clock
from agent.records import IN_DOUBT
from agent.relay import keep
from agent.state import WITH_PEOPLE, Event
from agent.text import one_line, pieces

PIECE = 1500
"""Characters of one message that was refused as too long: half of the least limit we know."""
QUOTED = 300
TO_ADMINS = 2
"""Detours of a card that admins get: there is nobody after them."""


class Detours:
    """The performer for what was not delivered; holds no state between turns."""

    def __init__(self, adapters: Mapping[str, Adapter], clock: Clock, place: DeskPlace) -> None:
        """`place` says where else people are."""
        self._place = place
        self._admins = Admins(adapters, clock, place)

    async def find_another_way(self, draft: Draft) -> Event | None:
        """Try the next way for the message that the turn is about."""
        message = draft.claim.undelivered
        draft.write(Line.FAILED, code=draft.first.detail, message=draft.first.about)
        if message is None:
            return None
        if message.replaces and message.tone is not Tone.PERSON:
            # An edit that cannot be made changes nothing that somebody waits for; and what may not
            # have arrived is in doubt already.
            if _was_in_doubt(draft, message.replaces):
                draft.elsewhere.append(message.id)
            return None
        if message.card is not None:
            await self._card(draft, message)
        elif _is_in_doubt(draft):
            self._words_in_doubt(draft, message)
        elif message.under:
            self._words_for_people(draft, message)
        elif message.for_desk:
            await self._word_in_channel(draft, message)
        elif message.tone is Tone.PERSON:
            self._words_of_people(draft, message)
        elif message.to:
            return await self._words_for_employee(draft, message)
        return None

    def _words_of_people(self, draft: Draft, message: OutgoingMessage) -> None:
        """What somebody at the desk said in this conversation is not moved to another one: an
        answer to it would not reach them.
        """
        if self._is_too_long(draft, message) and not message.replaces:
            self._send_in_pieces(draft, message)
            return
        if self._tell_author(draft, message, f"{texts.NOT_DELIVERED}\n{message.text}"):
            draft.elsewhere.append(message.id)

    def _words_in_doubt(self, draft: Draft, message: OutgoingMessage) -> None:
        """Tell whoever wrote words that may not have arrived. Who had them sent again knows."""
        if message.tone is not Tone.PERSON or _was_told(draft, message.id):
            return
        quoted = one_line(message.text, QUOTED)
        if message.for_desk:
            draft.notice(texts.MAY_NOT_BE_RELAYED.format(text=quoted))
        else:
            self._tell_author(draft, message, texts.MAY_NOT_BE_DELIVERED.format(text=quoted))

    def _tell_author(self, draft: Draft, message: OutgoingMessage, text: str) -> bool:
        """Post where somebody at the desk wrote what one of our messages passed on; whether it is
        known where that is.
        """
        said = draft.history.relay_of(message.replaces or message.id)
        place, under = self._place.channel_of(draft.case), draft.case.card_id if draft.case else ""
        if said is not None and (draft.case is None or draft.case.id != said.case):
            place, under = ConversationId.parse(said.place), said.under  # that case is over
        if place is None or not under:
            return False
        draft.post(place, text, under=under)
        return True

    async def _words_for_employee(self, draft: Draft, message: OutgoingMessage) -> Event | None:
        # A press on an approval only counts where, and on what, it was asked for.
        question = Button.APPROVE in message.buttons
        if self._is_too_long(draft, message) and not question:
            self._send_in_pieces(draft, message)
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

    def _is_too_long(self, draft: Draft, message: OutgoingMessage) -> bool:
        code = draft.first.detail.partition(":")[0]
        return code == RowFatal.__name__ and len(message.text) > PIECE

    def _send_in_pieces(self, draft: Draft, message: OutgoingMessage) -> None:
        *others, last = pieces(message.text, PIECE)
        sent = [
            self._send(draft, replace(message, text=text, citations=(), buttons=()))
            for text in others
        ]
        self._now_in(draft, message, *sent, self._send(draft, replace(message, text=last)))

    async def _card(self, draft: Draft, message: OutgoingMessage) -> None:
        case = draft.case
        if case is None:
            return  # it is over
        in_doubt = _is_in_doubt(draft)
        if case.card_id != message.id:
            if not in_doubt:
                copies = tuple(one for one in case.copies if one.card_id != message.id)
                draft.put(replace(case, copies=copies))
        elif case.incident:
            self._give_up(draft, case)  # by way of the incident: there everything was tried
        elif in_doubt:
            # Not at once: people may see it, and then there would be two. A press on it tells.
            lost = Copy(message.id, str(message.conversation))
            draft.put(replace(case, card_id="", copies=(*case.copies, lost)))
        else:
            await self._move_on(draft, case, message)

    async def _word_in_channel(self, draft: Draft, message: OutgoingMessage) -> None:
        """Who cannot be reminded of a case does not see its card either."""
        case = draft.case
        if case is None or not self.is_sign(case, message):
            return
        if case.incident:
            self._give_up(draft, case)  # by way of the incident, as for its card
        else:
            await self._move_on(draft, case, message)

    def is_sign(self, case: Case, lost: OutgoingMessage) -> bool:
        """Whether nobody sees the card of a case where it is, because this is lost there: the card
        itself, or a word about the case at the top of its channel.
        """
        if lost.card is not None or not lost.for_desk:
            return lost.id == case.card_id
        here = lost.conversation == self._place.channel_of(case)
        return here and not lost.under and case.card_id != ""

    async def _move_on(self, draft: Draft, case: Case, lost: OutgoingMessage) -> None:
        """Let another card of the case count than that which people may not see where it is."""
        here, second = self._place.channel_of(case), self._place.second
        elsewhere = [one for one in case.copies if one.channel != str(here)]
        if elsewhere:
            main, *others = elsewhere
            copies = tuple(others)
            draft.put(replace(case, card_id=main.card_id, channel=main.channel, copies=copies))
            draft.elsewhere.append(lost.id)
        elif lost.detours == 0 and second is not None and second != here:
            self._move_card(draft, case, 0, [second])
        elif lost.detours < TO_ADMINS:
            await self._tell_admins(draft, case)
        else:
            self._give_up(draft, case)

    async def _tell_admins(self, draft: Draft, case: Case) -> None:
        places = [*(await self._admins.places()).values()]
        if places:
            self._move_card(draft, case, TO_ADMINS - 1, places)
        else:
            self._give_up(draft, case)

    def _give_up(self, draft: Draft, case: Case) -> None:
        """There is no other way. The case gets a card when its employee writes on, or when people
        are reminded of it.
        """
        if not case.incident and not flooding.is_incident(draft.conversation):
            draft.put(replace(case, card_id="", copies=()))
        draft.notice(texts.NOBODY_REACHED.format(contact=self._place.contact, case=case.id))

    def _move_card(
        self, draft: Draft, case: Case, detours: int, places: Sequence[ConversationId]
    ) -> None:
        """Post the card in other places; the first of them counts."""
        main, *others = (
            Copy(self._send(draft, self._card_in(case, place, detours)), str(place))
            for place in places
        )
        draft.put(replace(case, card_id=main.card_id, channel=main.channel, copies=tuple(others)))

    def _card_in(self, case: Case, place: ConversationId, detours: int) -> OutgoingMessage:
        return replace(cards.card_message(case, place, ""), detours=detours)

    def _words_for_people(self, draft: Draft, message: OutgoingMessage) -> None:
        case, channel = draft.case, self._place.channel_of(draft.case)
        if case is not None and channel is not None and cards.is_missing(case) and case.copies:
            case, channel = cards.show(draft, case, self._place.channel or channel)
        if case is not None and channel is not None and case.card_id not in ("", message.under):
            again = replace(message, conversation=channel, under=case.card_id)
            self._now_in(draft, message, self._send(draft, again))
        elif message.tone is Tone.PERSON:
            quoted = one_line(message.text, QUOTED)
            draft.notice(texts.NOT_RELAYED.format(text=quoted, contact=self._place.contact))

    def _tell_people(self, draft: Draft, text: str) -> None:
        channel = self._place.channel_of(draft.case)
        if draft.case is not None and draft.case.card_id and channel is not None:
            draft.post(channel, text, under=draft.case.card_id)
            draft.elsewhere.append(draft.first.about)

    def _send(self, draft: Draft, message: OutgoingMessage) -> str:
        draft.elsewhere.append(draft.first.about)
        sent = replace(message, id=draft.next_id(), detours=message.detours + 1, replaces="")
        draft.outbox.append(sent)
        return sent.id

    def _now_in(self, draft: Draft, message: OutgoingMessage, *sent: str) -> None:
        """If words were passed on in this message, keep in which ones they are now."""
        said = draft.history.relay_of(message.replaces or message.id)
        if said is not None:
            at = said.messages.index(message.replaces or message.id)
            messages = (*said.messages[:at], *sent, *said.messages[at + 1 :])
            place, under = said.place, said.under
            if message.under:
                place, under = str(draft.outbox[-1].conversation), draft.outbox[-1].under
            keep(draft, replace(said, messages=messages, place=place, under=under))

    async def _direct(self, failed: ConversationId, user_id: str) -> ConversationId | None:
        """The direct conversation with an employee; None if that is where it failed."""
        place = await self._admins.direct_with(failed.platform, user_id)
        return place if place is not None and place.channel != failed.channel else None


def _is_in_doubt(draft: Draft) -> bool:
    """Whether the message that the turn is about may have arrived."""
    return draft.first.detail.partition(":")[0] == IN_DOUBT


def _was_told(draft: Draft, message_id: str) -> bool:
    """Whether a turn before this one was about the same doubt."""
    data = (one.data for one in draft.claim.history if one.kind == Line.FAILED)
    return any((one.get("code"), one.get("message")) == (IN_DOUBT, message_id) for one in data)


def _was_in_doubt(draft: Draft, message_id: str) -> bool:
    """Whether nobody could tell whether one of our messages arrived."""
    told = (one.data for one in draft.claim.history if one.kind == Line.UNCONFIRMED)
    return any(data.get("message") == message_id for data in told)
