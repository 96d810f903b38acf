"""Detours: what could not be delivered is tried another way, or its author is told.

An outbox row that can never be sent comes back as a control UNDELIVERABLE in its lane, with the
message it was. For each kind of message there are a few ways, tried in turn; `detours` on the new
message counts them, so that it ends:

- what was said to an employee: in pieces if it was too long; their direct conversation; then, for
  an answer, the desk;
- what a person of the desk said to an employee: in pieces; then it comes back, marked;
- the card of a case: another card of it counts; else it goes to the second channel; then to each
  admin directly; then the employee is told. Whoever had the case gives it up by that. If what died
  was only a further card, the case is shown in one place less. Of a channel that refuses words
  about the case it is taken that its card cannot be seen there either;
- a card that may have arrived: nothing at first, since people may see it. Another card is posted
  when words are to be put under it, at most one for each of them, or when people are reminded;
- what an employee said to the people who have the case: to where the card is now; then the
  employee is told, with their words. The card of an incident is not theirs to move: the incident
  hears of it, and the words wait for where it goes, once. What Frontdesk itself said under a card
  is let go.

What an employee or a person of the desk wrote, and may have arrived, is not tried another way: it
may be there. Its author is told, once, and decides. Nothing is said of words that were taken back.
Of an answer of the bot that may have arrived `asides.mention_unconfirmed` tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent import texts
from agent.admins import Admins
from agent.cases import Case, Cause, Copy
from agent.desk import cards
from agent.desk.joining import arrival, stirring
from agent.desk.place import DeskPlace
from agent.desk.relay import keep
from agent.draft import Draft
from agent.errors import PlaceFatal, RowFatal
from agent.journal import Line
from agent.messages import Button, ConversationId, OutgoingMessage, Tone
from agent.ports import Adapter, Clock
from agent.settling import UNCONFIRMED
from agent.state import WITH_PEOPLE, Event, State
from agent.text import one_line, pieces, plain_name

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
        if message is None or self._is_missed_by_nobody(draft, message):
            return None
        if message.card is not None:
            return await self._card(draft, message)
        if _is_unconfirmed(draft):
            self._unconfirmed_words(draft, message)
        elif message.under:
            return await self._words_for_people(draft, message)
        elif message.for_desk:
            return await self._word_in_channel(draft, message)
        elif message.tone is Tone.PERSON:
            self._words_of_people(draft, message)
        elif message.to:
            return await self._words_for_employee(draft, message)
        return None

    def _is_missed_by_nobody(self, draft: Draft, message: OutgoingMessage) -> bool:
        """An edit that cannot be made changes nothing that somebody waits for, unless people see by
        it what somebody says; and what may not have arrived is unconfirmed already. Words that were
        taken back are not to be read.
        """
        taken_back = _is_taken_back(draft, message)
        is_edit = message.replaces != "" and message.tone is not Tone.PERSON
        if taken_back or (is_edit and _was_unconfirmed(draft, message.replaces)):
            draft.elsewhere.append(message.id)
        return taken_back or is_edit

    def _words_of_people(self, draft: Draft, message: OutgoingMessage) -> None:
        """What somebody at the desk said in this conversation is not moved to another one: an
        answer to it would not reach them.
        """
        if self._is_too_long(draft, message) and not message.replaces:
            self._send_in_pieces(draft, message)
            return
        told = texts.NOT_DELIVERED.format(whom=_whom(draft))
        if self._tell_author(draft, message, f"{told}\n{message.text}"):
            draft.elsewhere.append(message.id)

    def _unconfirmed_words(self, draft: Draft, message: OutgoingMessage) -> None:
        """Tell whoever wrote words that may not have arrived. Who had them sent again knows."""
        if message.tone is not Tone.PERSON or _was_told(draft, message.id):
            return
        quoted = one_line(message.text, QUOTED)
        if message.for_desk:
            draft.notice(texts.MAY_NOT_BE_RELAYED.format(text=quoted))
        else:
            told = texts.MAY_NOT_BE_DELIVERED.format(whom=_whom(draft), text=quoted)
            self._tell_author(draft, message, told)

    def _tell_author(self, draft: Draft, message: OutgoingMessage, text: str) -> bool:
        """Post where somebody at the desk wrote what one of our messages relayed; whether it is
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
        told = texts.NOT_DELIVERED.format(whom=_whom(draft))
        self._tell_people(draft, f"{told}\n{message.text}")
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

    async def _card(self, draft: Draft, message: OutgoingMessage) -> Event | None:
        case = draft.case
        if case is None:
            return None  # it is over
        unconfirmed = _is_unconfirmed(draft)
        if case.card_id != message.id:
            if not unconfirmed:
                copies = tuple(one for one in case.copies if one.card_id != message.id)
                draft.put(replace(case, copies=copies))
        elif unconfirmed:
            # Not at once: people may see it, and then there would be two. A press on it tells.
            unseen = Copy(message.id, str(message.conversation))
            draft.put(replace(case, card_id="", copies=(*case.copies, unseen)))
        else:
            return await self.move_on(draft, case, message.detours)
        return None

    async def _word_in_channel(self, draft: Draft, message: OutgoingMessage) -> Event | None:
        """Who cannot be reminded of a case at the top of its channel does not see its card there
        either.
        """
        case, top = draft.case, message.conversation
        if case is None or not case.card_id or top != self._place.channel_of(case):
            return None
        return await self.move_on(draft, case, message.detours)

    async def move_on(self, draft: Draft, case: Case, detours: int = 0) -> Event | None:
        """Let another card of the case count than that which people may not see where it is. One of
        which nobody knows whether it is there cannot. Who had the case cannot go on with it: it
        waits again. `detours` are those that were taken for it already.
        """
        here, second = self._place.channel_of(case), self._place.second
        case = replace(case, copies=tuple(one for one in case.copies if one.channel != str(here)))
        there = [one for one in case.copies if not cards.is_unconfirmed(draft, one.card_id)]
        if there:
            self._count_instead(draft, case, there[0])
            _is_elsewhere(draft)
        elif detours == 0 and second is not None and second != here:
            self._move_card(draft, case, 0, [second])
        elif detours < TO_ADMINS:
            await self._tell_admins(draft, case)
        else:
            self._give_up(draft, case)
        return Event.OWNER_GONE if draft.state is State.WITH_HUMAN else None

    def _count_instead(self, draft: Draft, case: Case, main: Copy) -> None:
        """Let a card of the case be its main one, and show on it what was said until now."""
        copies = tuple(one for one in case.copies if one is not main)
        moved = replace(case, card_id=main.card_id, channel=main.channel, copies=copies)
        moved = cards.renewed(draft, moved)
        draft.put(moved)
        if moved.card != case.card:
            cards.edit_cards(draft, moved, self._place.channel_of(moved))

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
        draft.put(replace(case, card_id="", copies=()))
        draft.notice(texts.NOBODY_REACHED.format(contact=self._place.contact, case=case.id))

    def _move_card(
        self, draft: Draft, case: Case, detours: int, places: Sequence[ConversationId]
    ) -> None:
        """Post the card in other places; the first of them counts."""
        case = cards.renewed(draft, case)
        posted = [
            Copy(self._send(draft, self._card_in(case, place, detours)), str(place))
            for place in places
        ]
        copies = (*posted[1:], *case.copies)
        draft.put(
            replace(case, card_id=posted[0].card_id, channel=posted[0].channel, copies=copies)
        )
        twice = {one.channel for one in case.copies}
        for one, place in zip(posted, places, strict=True):
            if one.channel in twice:
                draft.post(place, texts.SHOWN_TWICE, under=one.card_id)

    def _card_in(self, case: Case, place: ConversationId, detours: int) -> OutgoingMessage:
        return replace(cards.card_message(case, place, ""), detours=detours)

    async def _words_for_people(self, draft: Draft, message: OutgoingMessage) -> Event | None:
        """What somebody wrote goes to where the card is now, or to where it is put for that. Of
        what nobody wrote nothing is missed.
        """
        if message.tone is not Tone.PERSON:
            return None
        event = await self._put_card_for(draft, message)
        case, channel = draft.case, self._place.channel_of(draft.case)
        if case is not None and channel is not None and case.card_id not in ("", message.under):
            again = replace(message, conversation=channel, under=case.card_id)
            self._now_in(draft, message, self._send(draft, again))
        elif not self._waits(draft, message):
            quoted = one_line(message.text, QUOTED)
            draft.notice(texts.NOT_RELAYED.format(text=quoted, contact=self._place.contact))
        return event

    async def _put_card_for(self, draft: Draft, word: OutgoingMessage) -> Event | None:
        """If the card that a word was to be under is unconfirmed, show another, but not again for
        the same word; if its channel takes nothing any more, let the case move on.
        """
        case, channel = draft.case, self._place.channel_of(draft.case)
        if case is None or channel is None:
            return None
        if cards.is_missing(case) and case.copies and word.detours == 0:
            cards.show(draft, case, self._place.channel or channel)
        elif word.under == case.card_id and _is_shut(draft):
            if not case.incident:
                return await self.move_on(draft, case, word.detours)
            news = stirring(case, draft.claim.turn_id, word.under)
            draft.timers.append(arrival(news, draft.now))
        return None

    def _waits(self, draft: Draft, word: OutgoingMessage) -> bool:
        """Let a word wait for the card that an incident is shown by next, but each only once: the
        channel of that may take none either.
        """
        case, name = draft.case, word.replaces or word.id
        said = draft.history.relay_of(name)
        if case is None or not case.incident or word.under != case.card_id or said is None:
            return False
        if not _is_shut(draft) or said.messages != (name,) or _has_waited(draft, said.post):
            return False
        keep(draft, replace(said, messages=(), text=word.text))
        _is_elsewhere(draft)
        return True

    def _tell_people(self, draft: Draft, text: str) -> None:
        channel = self._place.channel_of(draft.case)
        if draft.case is not None and draft.case.card_id and channel is not None:
            draft.post(channel, text, under=draft.case.card_id)
            draft.elsewhere.append(draft.first.about)

    def _send(self, draft: Draft, message: OutgoingMessage) -> str:
        _is_elsewhere(draft)
        sent = replace(message, id=draft.next_id(), detours=message.detours + 1, replaces="")
        draft.outbox.append(sent)
        return sent.id

    def _now_in(self, draft: Draft, message: OutgoingMessage, *sent: str) -> None:
        """If words were relayed in this message, keep in which ones they are now."""
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


def _whom(draft: Draft) -> str:
    """Who did not get something, for people who may have to do with many at once."""
    case = draft.case
    is_alone = case is not None and not case.incident
    return texts.THE_EMPLOYEE if is_alone else plain_name(draft.employee.name) or texts.THE_EMPLOYEE


def _is_elsewhere(draft: Draft) -> None:
    """Keep of the message that the turn is about, if it is about one, that it is told elsewhere."""
    if draft.claim.undelivered is not None:
        draft.elsewhere.append(draft.claim.undelivered.id)


def _is_unconfirmed(draft: Draft) -> bool:
    """Whether the message that the turn is about may have arrived."""
    return draft.first.detail.partition(":")[0] == UNCONFIRMED


def _was_told(draft: Draft, message_id: str) -> bool:
    """Whether a turn before this one was about the same message."""
    data = (one.data for one in draft.claim.history if one.kind == Line.FAILED)
    return any((one.get("code"), one.get("message")) == (UNCONFIRMED, message_id) for one in data)


def _was_unconfirmed(draft: Draft, message_id: str) -> bool:
    """Whether nobody could tell whether one of our messages arrived."""
    told = (one.data for one in draft.claim.history if one.kind == Line.UNCONFIRMED)
    return any(data.get("message") == message_id for data in told)


def _has_waited(draft: Draft, post: str) -> bool:
    """Whether the words of a post have waited for a card before."""
    told = (one.data for one in draft.claim.history if one.kind == Line.RELAYED)
    return any(data.get("post") == post and data.get("text") for data in told)


def _is_taken_back(draft: Draft, message: OutgoingMessage) -> bool:
    """Whether whoever wrote the words of a message has deleted them, and nobody reads them: not if
    the employee does, and it is the deletion that was lost.
    """
    said = draft.history.relay_of(message.replaces or message.id)
    if said is None or message.tone is not Tone.PERSON:
        return False
    if message.replaces and not message.for_desk and not _was_unconfirmed(draft, message.replaces):
        return False
    deleted = (Line.DELETED, Line.STAFF_DELETED)
    gone = (one.data for one in draft.claim.history if one.kind in deleted)
    return any(data.get("id") == said.post and not data.get("refused") for data in gone)


def _is_shut(draft: Draft) -> bool:
    """Whether the place of the message that the turn is about takes none any more."""
    return draft.first.detail.partition(":")[0] == PlaceFatal.__name__
