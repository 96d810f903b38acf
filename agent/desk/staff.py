"""Staff: what people of the desk do and write, as the one event that the turn begins with.

Who may is decided here, by the platform's own word on who is in the channel, and so is what is
possible: a case has one owner, and none when it is over. Whatever is refused is told to whoever
wanted it: a press at once, words in their thread. All that is said at the desk is journalled.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from agent import output, texts
from agent.cases import Case, Outcome
from agent.desk.joining import comes_from_incident
from agent.desk.members import Members
from agent.desk.place import DeskPlace, person_of
from agent.desk.relay import has_content, is_note
from agent.desk.times import age
from agent.draft import Draft
from agent.errors import DeliveryError
from agent.folding import Folded, fold
from agent.journal import Line
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.ports import Adapter, Clock
from agent.state import WITH_PEOPLE, Event, State
from agent.text import plain_name


class Staff:
    """Reads claimed rows of the desk; holds no state between turns."""

    def __init__(self, adapters: Mapping[str, Adapter], clock: Clock, place: DeskPlace) -> None:
        """`place` says where people are."""
        self._adapters = adapters
        self._members = Members(adapters, clock)
        self._place = place
        self._acts: Mapping[Kind, Callable[[Draft, Case], Awaitable[Event]]] = {
            Kind.CLAIM: self._claim,
            Kind.TAKE_OVER: self._take_over,
            Kind.ASSIGN: self._assign,
            Kind.RELEASE: self._release,
            Kind.HAND_BACK: self._hand_back,
            Kind.RESOLVE: self._resolve,
        }

    async def first_event(self, draft: Draft) -> Event:
        """Which event the claimed rows are; who acts, and what they say, is in the draft then."""
        first = draft.first
        if first.kind is Kind.NO_CASE:
            return _refused(draft, texts.CASE_NOT_KNOWN)
        act = self._acts.get(first.kind)
        refusal = await self._refusal(draft, is_press=act is not None)
        if act is not None and (refusal or draft.case is None):
            return _refused(draft, refusal)  # nobody waits for a name that is not needed
        draft.staff = await self._known(first.conversation, first.author)
        if act is None or draft.case is None:
            return self._words(draft, refusal)
        return await act(draft, draft.case)

    # Who may, and when

    async def _refusal(self, draft: Draft, *, is_press: bool) -> str:
        """Why whoever acts can do nothing about the case; '' if they can."""
        try:
            if not await self._is_member(draft, draft.first.author.id):
                return texts.NOT_OF_DESK
        except DeliveryError:
            if is_press:  # words are not lost because a platform could not be asked
                return texts.DESK_ASK_AGAIN
        case = draft.case
        if case is None:
            return texts.CASE_UNKNOWN
        if case.state.is_open and draft.state in WITH_PEOPLE:
            return ""
        text = texts.CASE_OVER.get(case.state, texts.CASE_CLOSED)
        return text.format(case=case.id, owner=case.owner_name or texts.SOMEBODY)

    async def _is_member(self, draft: Draft, user: str) -> bool:
        """Whether somebody on the platform of this turn's first row is of the desk. For all cases
        of an incident that is found out once.

        Raises:
            DeliveryError: the platform cannot be asked.
        """
        here, place = draft.first.conversation, self._channel(draft)
        if comes_from_incident(draft):
            return True
        if place is None or not user or place.platform != here.platform:
            return False
        return await self._members.has(place, user)

    def _channel(self, draft: Draft) -> ConversationId | None:
        """The channel whose members may act: where it happened if that is one of the desk's, else
        where the case's card is. What anybody can say of themselves elsewhere counts nothing.
        """
        case, here = draft.case, draft.first.conversation
        theirs = [self._place.channel, self._place.second, self._place.channel_of(case)]
        theirs += [ConversationId.parse(one.channel) for one in case.copies] if case else []
        known = {(one.platform, one.channel) for one in theirs if one is not None}
        if (here.platform, here.channel) in known:
            return here
        return self._place.channel_of(case)

    async def _known(self, place: ConversationId, author: Author) -> Author:
        """The person with a name that is fit to be shown anywhere."""
        adapter = self._adapters.get(place.platform)
        named = (await adapter.profile(author, place)).name if adapter else ""
        name = plain_name(named) or plain_name(author.name) or plain_name(author.id)
        return replace(author, name=name)

    # Presses and forms

    async def _claim(self, draft: Draft, case: Case) -> Event:
        if draft.state is State.WITH_HUMAN:
            return _refused(draft, _owned(draft, case, person_of(draft.first)))
        draft.taker = draft.staff
        return Event.CLAIMED

    async def _take_over(self, draft: Draft, case: Case) -> Event:
        return self._give(draft, case, draft.staff or draft.first.author)

    async def _assign(self, draft: Draft, case: Case) -> Event:
        here = draft.first.conversation
        platform, _, user = draft.first.detail.partition(":")
        try:
            if platform != here.platform or not await self._is_member(draft, user):
                return _refused(draft, texts.ASSIGNEE_NOT_OF_DESK)
        except DeliveryError:
            return _refused(draft, texts.DESK_ASK_AGAIN)
        return self._give(draft, case, await self._known(here, Author(user)))

    def _give(self, draft: Draft, case: Case, taker: Author) -> Event:
        """The case gets another owner, or its first one."""
        if draft.state is not State.WITH_HUMAN:
            draft.taker = taker
            return Event.CLAIMED
        if case.owner == f"{draft.first.conversation.platform}:{taker.id}":
            return _refused(draft, _owned(draft, case, person_of(draft.first)))
        draft.taker = taker
        return Event.TRANSFERRED

    async def _release(self, draft: Draft, case: Case) -> Event:
        if draft.state is State.WITH_HUMAN:
            return Event.RELEASED
        return _refused(draft, texts.NOT_CLAIMED.format(case=case.id))

    async def _hand_back(self, draft: Draft, case: Case) -> Event:
        return Event.HANDED_BACK

    async def _resolve(self, draft: Draft, case: Case) -> Event:
        if draft.first.detail in set(Outcome):
            return Event.RESOLVED
        return _refused(draft, texts.NO_OUTCOME)

    # Words

    def _words(self, draft: Draft, refusal: str) -> Event:
        """What is written in the thread of a card, and how it is changed: notes stay there."""
        rows = [replace(row, message=_named(row.message)) for row in draft.claim.rows]
        folded = fold(rows, draft.history, every_edit=True)
        self._journal(draft, folded, refused=bool(refusal))
        if not refusal:
            self._show(draft, folded.asked)
        relays = draft.history.relays
        draft.asked = tuple(one for one in folded.asked if _is_meant(one))
        draft.edited = tuple(one for one in folded.edited if _is_meant(one) or one.id in relays)
        draft.deleted = tuple(one for one in folded.deleted if one.id in relays)
        changes = draft.edited or draft.deleted
        if refusal and (draft.asked or changes):
            return _refused(draft, refusal)
        kept_back = (one for one in draft.edited if draft.history.keeps_back(one.id))
        if draft.asked or any(_is_meant(one) for one in kept_back):
            draft.taker = draft.staff
            return Event.STAFF_WROTE
        if changes:
            return Event.STAFF_CORRECTED
        return Event.NOTED if folded.asked or folded.edited else Event.VANISHED

    def _show(self, draft: Draft, said: Sequence[IncomingMessage]) -> None:
        """Words that were typed into the box of a card stand nowhere in its thread: there, too,
        colleagues are to read what was answered. Those for an incident are shown there alone.
        """
        if draft.case is None or draft.case.incident or draft.staff is None:
            return
        for message in said:
            if message.about_ref and message.text:
                words = f"**{draft.staff.name}:** {output.harmless(message.text)}"
                draft.post(message.conversation, words)

    def _journal(self, draft: Draft, folded: Folded, *, refused: bool) -> None:
        for message in (*folded.asked, *folded.edited):
            facts: dict[str, object] = {"id": message.id, "text": message.text}
            if message.revision:
                facts["revision"] = message.revision
            if is_note(message):
                facts["note"] = True
            if refused and (_is_meant(message) or message.id in draft.history.relays):
                facts["refused"] = True
            if draft.history.has(message.id):
                draft.write(Line.STAFF_EDITED, **facts)
                continue
            name = draft.staff.name if draft.staff else ""
            case = draft.claim.rows[0].case_id
            draft.write(Line.STAFF, author=person_of(message), name=name, case=case, **facts)
        facts = {"refused": True} if refused else {}
        for message in folded.deleted:
            draft.write(Line.STAFF_DELETED, id=message.id, **facts)


def _is_meant(message: IncomingMessage) -> bool:
    """Whether it is for the employee."""
    return has_content(message) and not is_note(message)


def _refused(draft: Draft, words: str) -> Event:
    draft.told = words
    return Event.STAFF_REFUSED


def _named(message: IncomingMessage) -> IncomingMessage:
    """The message under a name that is none of the employee's conversation: a platform's ids are
    unique in one channel only. What was taken for a control before it was known that a card stands
    above it ('stop', in an admin's direct conversation) is a word among colleagues.
    """
    place = message.conversation
    kind = Kind.MESSAGE if message.kind.is_control else message.kind
    return replace(message, id=f"{place.platform}:{place.channel}:{message.id}", kind=kind)


def _owned(draft: Draft, case: Case, person: str) -> str:
    """Who has a case, and for how long."""
    time = age(draft.now - _owned_since(draft, case))
    if case.owner == person:
        return texts.YOURS_ALREADY.format(case=case.id, time=time)
    return texts.OWNED_ALREADY.format(case=case.id, owner=case.owner_name, time=time)


def _owned_since(draft: Draft, case: Case) -> float:
    """When the owner of a case got it."""
    for entry in reversed(draft.claim.history):
        moved = entry.kind == Line.CASE and entry.data.get("case") == case.id
        if moved and entry.data.get("owner") == case.owner:
            return entry.at
    return case.claimed_at
