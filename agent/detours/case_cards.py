"""Case cards: if a case's card was not delivered another card of it counts; else it goes to the
second channel; then to each admin directly; then the employee is told.

Whoever had the case gives it up by that. If what died was only a further card, the case is shown in
one place less. Of a channel that refuses words about the case it is taken that its card cannot be
seen there either. About an unconfirmed card nothing is done at first, since people may see it:
another is posted when words are to be put under it, at most one for each of them, or when people
are reminded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent import texts
from agent.admins import Admins
from agent.cases import Case, Copy
from agent.desk import cards, which_card
from agent.desk.place import DeskPlace
from agent.detours.sending import is_elsewhere, is_unconfirmed, send
from agent.draft import Draft
from agent.journal import TO_DESK
from agent.messages import ConversationId, OutgoingMessage
from agent.state import Event, State

TO_ADMINS = 2
"""Detours of a card that admins get: there is nobody after them."""


class CaseCards:
    """The ways of a card; holds no state between turns."""

    def __init__(self, place: DeskPlace, admins: Admins) -> None:
        """`place` says where else people are."""
        self._place = place
        self._admins = admins

    async def find_way(self, draft: Draft, message: OutgoingMessage) -> Event | None:
        """Try the next way for the card; what becomes of the case by that."""
        case = draft.case
        if case is None:
            return None  # it is over
        unconfirmed = is_unconfirmed(draft)
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

    async def after_word(self, draft: Draft, message: OutgoingMessage) -> Event | None:
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
        there = [one for one in case.copies if not which_card.is_unconfirmed(draft, one.card_id)]
        if there:
            self._count_instead(draft, case, there[0])
            is_elsewhere(draft)
        elif detours == 0 and second is not None and second != here:
            _post_in(draft, case, 0, [second])
        elif detours < TO_ADMINS:
            await self._tell_admins(draft, case)
        else:
            self._give_up(draft, case)
        return Event.OWNER_GONE if draft.state is State.WITH_HUMAN else None

    def _count_instead(self, draft: Draft, case: Case, main: Copy) -> None:
        """Let a card of the case be its main one, and show on it what was said until now."""
        copies = tuple(one for one in case.copies if one is not main)
        moved = replace(case, card_id=main.card_id, channel=main.channel, copies=copies)
        moved = cards.renewed(draft, moved, _post_that_follows(draft))
        draft.put(moved)
        if moved.card != case.card:
            cards.edit_cards(draft, moved, self._place.channel_of(moved))

    async def _tell_admins(self, draft: Draft, case: Case) -> None:
        places = [*(await self._admins.places()).values()]
        if places:
            _post_in(draft, case, TO_ADMINS - 1, places)
        else:
            self._give_up(draft, case)

    def _give_up(self, draft: Draft, case: Case) -> None:
        """There is no other way. The case gets a card when its employee writes on, or when people
        are reminded of it.
        """
        draft.put(replace(case, card_id="", copies=()))
        draft.notice(texts.NOBODY_REACHED.format(contact=self._place.contact, case=case.id))


def _post_in(draft: Draft, case: Case, detours: int, places: Sequence[ConversationId]) -> None:
    """Post the card in other places; the first of them counts."""
    case = cards.renewed(draft, case, _post_that_follows(draft))
    posted = [Copy(send(draft, _card_in(case, place, detours)), str(place)) for place in places]
    copies = (*posted[1:], *case.copies)
    draft.put(replace(case, card_id=posted[0].card_id, channel=posted[0].channel, copies=copies))
    twice = {one.channel for one in case.copies}
    for one, place in zip(posted, places, strict=True):
        if one.channel in twice:
            draft.post(place, texts.SHOWN_TWICE, under=one.card_id)


def _post_that_follows(draft: Draft) -> str:
    """The post whose words were not delivered, which this turn is about: they will stand under the
    card where the case goes on. '' if the turn is about none.
    """
    words = draft.claim.undelivered
    said = draft.history.relay_of(words.replaces or words.id) if words is not None else None
    return said.post if said is not None and said.to == TO_DESK else ""


def _card_in(case: Case, place: ConversationId, detours: int) -> OutgoingMessage:
    return replace(cards.card_message(case, place, ""), detours=detours)
