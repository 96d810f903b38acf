"""The desk: cases are opened, people are told, and words go to those who have the case."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from agent import cards, texts
from agent.cases import Case, CaseState, Cause
from agent.draft import Draft
from agent.journal import Line
from agent.messages import Button, ConversationId
from agent.ports import Adapter, Clock

PERMALINK_SECONDS = 2.0


@dataclass(slots=True)
class DeskPlace:
    """Where people are: the human channel (None: there is none), the channel and the admins
    ('platform:user') to turn to if it does not take a card, and whom to name if there is nobody.

    Filled in once the platforms have told who they are.
    """

    channel: ConversationId | None = None
    second: ConversationId | None = None
    admins: tuple[str, ...] = ()
    contact: str = texts.NOBODY_CONTACT


class Desk:
    """The performers of everything about cases; holds no state between turns."""

    def __init__(self, adapters: Mapping[str, Adapter], clock: Clock, place: DeskPlace) -> None:
        """`place` may change while it is used."""
        self._adapters = adapters
        self._clock = clock
        self._place = place

    async def open_case(self, draft: Draft) -> None:
        """Open a case and post its card."""
        channel = self._place.channel
        if channel is None:
            return
        adapter = self._adapters[draft.conversation.platform]
        link = ""
        with contextlib.suppress(TimeoutError):
            # The employee waits to be told; people find the conversation without a link too.
            async with self._clock.timeout(PERMALINK_SECONDS):
                link = await adapter.permalink(draft.first)
        case = cards.new_case(draft, channel, link)
        draft.outbox.append(cards.card_message(case, channel, draft.next_id()))
        draft.keep(replace(case, card_id=draft.outbox[-1].id))

    async def say_escalated(self, draft: Draft) -> None:
        """Tell the employee that people have it now."""
        if draft.case is None:
            return
        words = {Cause.DEAD_LETTER: texts.DEAD_LETTER, Cause.HALF_DONE: texts.HALF_DONE}
        text = texts.ESCALATED if draft.cause is None else words.get(draft.cause, texts.ESCALATED)
        done = texts.done(draft.written())
        draft.notice(done + text.format(case=draft.case.id), buttons=(Button.LEAVE_QUEUE,))

    async def say_waiting(self, draft: Draft) -> None:
        """Tell the employee that people have it already."""
        if draft.case is not None:
            text = texts.WAITING.format(case=draft.case.id)
            draft.notice(text, buttons=(Button.LEAVE_QUEUE,))

    async def say_nobody(self, draft: Draft) -> None:
        """Tell the employee whom to turn to, because nobody can be called from here."""
        half_done = draft.cause is Cause.HALF_DONE
        text = texts.HALF_DONE_NOBODY if half_done else texts.NOBODY
        draft.notice(texts.done(draft.written()) + text.format(contact=self._place.contact))

    async def relay_to_desk(self, draft: Draft) -> None:
        """Pass on what was written to the people who have the case."""
        case = draft.case
        channel = self.channel_of(case)
        if case is None or channel is None:
            await self.say_nobody(draft)  # the desk was taken away while the case was open
            return
        for text in cards.relayed(draft, case):
            draft.outbox.append(cards.under_card(case, channel, draft.next_id(), text))
            draft.write(Line.RELAYED, message=draft.outbox[-1].id, case=case.id)

    async def receipt(self, draft: Draft) -> None:
        """Tell once per case that what is written is passed on."""
        case = draft.case if self.channel_of(draft.case) else None
        if case is not None and case.id not in draft.history.receipts:
            text = texts.RECEIPT.format(case=case.id)
            draft.notice(text, buttons=(Button.LEAVE_QUEUE,), receipt=case.id)

    async def close_case(self, draft: Draft) -> None:
        """Take the case back, on its card too."""
        if draft.case is None:
            return
        draft.keep(cards.moved(draft.case, CaseState.WITHDRAWN))
        if channel := self.channel_of(draft.case):
            draft.outbox.append(cards.card_edit(draft.case, channel, draft.next_id()))

    async def say_left(self, draft: Draft) -> None:
        """Tell the employee that nobody waits for them any more."""
        draft.notice(texts.LEFT)

    def channel_of(self, case: Case | None) -> ConversationId | None:
        """Where a case's card is: the human channel may have been changed since."""
        if case is not None and case.channel:
            return ConversationId.parse(case.channel)
        return self._place.channel
