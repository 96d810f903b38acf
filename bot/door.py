"""The door: what adapters bring in is addressed, committed, and the worker is woken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from agent import texts
from agent.addressing import Verdict, verdict
from agent.messages import DESK_KINDS, ConversationId, IncomingMessage, Kind
from agent.phrases import as_control
from agent.platforms import Command
from agent.policy import Policy
from agent.ports import Records, References, Turns
from agent.records import Accepted, Arrival, Only, Recent, desk_lane
from agent.screening import readable
from bot.presses import Presses

MOST_RECENT = 300
"""Conversations that are worth looking at after an outage: an adapter asks its platform once for
each, and may only ask so often."""


ONLY = {Verdict.IF_KNOWN: Only.KNOWN, Verdict.IF_WITH_PEOPLE: Only.WITH_PEOPLE}


class FrontDoor:
    """`Door` over the store: nothing is acknowledged that is not committed."""

    def __init__(
        self,
        turns: Turns,
        records: Records,
        references: References,
        *,
        policy: Policy,
        presses: Presses,
        expect: Callable[[Arrival], None],
        wake: Callable[[Arrival], None],
        at_work: Callable[[str], str],
        lanes_for: Callable[[IncomingMessage], Sequence[str]],
        answer: Callable[[Command], Awaitable[str]],
        human_channels: Iterable[tuple[str, str]] = (),
    ) -> None:
        """`presses` hears what comes of a press. `expect` is told of what is about to be committed
        into a lane that it surely is for, `wake` of every new row. `at_work` tells whose question
        is being worked on in a lane, `lanes_for` in which lanes of a message's channel questions of
        its author are. `answer` answers commands, `human_channels` are platform and channel of each
        of the desk's.
        """
        self._turns = turns
        self._records = records
        self.references = references
        self._policy = policy
        self._presses = presses
        self._expect = expect
        self._wake = wake
        self._at_work = at_work
        self._lanes_for = lanes_for
        self._answer = answer
        self._human_channels = frozenset(human_channels)

    async def accept(self, message: IncomingMessage) -> Accepted:
        """Decide whether it is for the bot and, if so, commit it."""
        return await self._admit(self._arrivals(message))

    async def press(
        self, message: IncomingMessage, late: Callable[[str], None] | None = None
    ) -> str:
        """Accept a press or a form, and tell what comes of it if that is known soon; else `late`
        hears of it. An employee is answered in their conversation, however long it takes.
        """
        arrivals = self._arrivals(message)
        if not arrivals:
            return ""
        return await self._presses.outcome(
            arrivals[0].message.key,
            lambda: self._admit(arrivals),
            meanwhile=texts.WORKING_ON_IT if message.kind in DESK_KINDS else "",
            late=late,
        )

    async def act(self, arrival: Arrival) -> str:
        """Accept what somebody does about a case whose lane is known, and tell what comes of it if
        that is known soon; raises StoreUnavailable, too.
        """
        return await self._presses.outcome(arrival.message.key, lambda: self._accept(arrival))

    def _arrivals(self, message: IncomingMessage) -> list[Arrival]:
        """What is to be committed of it, fit to be stored; nothing if it is not for the bot."""
        decided = verdict(
            message,
            follow_threads=self._policy.follow_threads,
            human_channels=self._human_channels,
        )
        if decided is Verdict.IGNORE:
            return []
        if decided is Verdict.DESK:
            # Among people of the desk 'stop' is a word like any other; and whether somebody may
            # speak there is told by who is in the channel.
            message = readable(message, self._policy)
            return [Arrival(message, lane=desk_lane(message.conversation))]
        refused = message.author.external and self._policy.external == "refuse"
        if refused and decided in ONLY and not message.mentions_bot:
            return []  # they talk to our people, and may not talk to the bot
        # An admin who gets a card in a direct message answers in its thread; and there are cards in
        # channels that were of the desk when they were posted.
        under_card = message.in_thread and not message.kind.is_control
        if self._is_spoken_to(message):
            message = self._control(message)
        message = readable(message, self._policy)
        first, *others = self._meant(message)
        only = ONLY.get(decided, Only.ANY)
        return [Arrival(first, only=only, under_card=under_card), *map(Arrival, others)]

    async def _admit(self, arrivals: Sequence[Arrival]) -> Accepted:
        """Commit them; if the first is known already, so are the others."""
        if not arrivals:
            return Accepted.NOT_FOR_US
        accepted = await self._accept(arrivals[0])
        if accepted is Accepted.NEW:
            for other in arrivals[1:]:
                await self._accept(other)
        return accepted

    async def _accept(self, arrival: Arrival) -> Accepted:
        if arrival.only is not Only.ANY or arrival.lane or arrival.under_card:
            return await self._commit(arrival)  # not surely for the conversation's own lane
        # The worker claims the lane right behind the row, so that one commit does for both.
        accepting = asyncio.create_task(self._commit(arrival))
        self._expect(arrival)
        return await accepting

    async def _commit(self, arrival: Arrival) -> Accepted:
        accepted = await self._turns.accept(arrival)
        if accepted is Accepted.NEW:
            self._wake(arrival)
        return accepted

    def _meant(self, message: IncomingMessage) -> list[IncomingMessage]:
        """The message itself; but a stop at the top level of a direct conversation is meant for
        whatever is being worked on there, each in a thread of its own.
        """
        if message.kind is not Kind.STOP or not message.direct or message.in_thread:
            return [message]
        lanes = self._lanes_for(message) or [str(message.conversation)]
        return [
            replace(message, conversation=ConversationId.parse(lane), revision=f"{n or ''}")
            for n, lane in enumerate(lanes)
        ]

    def _is_spoken_to(self, message: IncomingMessage) -> bool:
        """Whether its words are meant for the bot: among colleagues 'stop' may be said to them,
        unless it is said by the one whose question is being worked on.
        """
        if message.direct or message.mentions_bot:
            return True
        return message.author.id == self._at_work(str(message.conversation))

    def _control(self, message: IncomingMessage) -> IncomingMessage:
        """The control that its words are; but nobody stops what somebody else has asked."""
        control = as_control(message)
        if control.kind is not Kind.STOP:
            return control
        asker = self._at_work(str(message.conversation))
        return control if asker in ("", message.author.id) else message

    async def recent(self, platform: str) -> Sequence[Recent]:
        """The conversations of a platform that were active lately, newest first."""
        return await self._records.recent(platform, MOST_RECENT)

    async def command(self, command: Command) -> str:
        """Answer a command for its author's eyes only."""
        return await self._answer(command)
