"""The door: what adapters bring in is addressed, committed, and the worker is woken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from agent.addressing import Verdict, as_control, verdict
from agent.messages import ConversationId, IncomingMessage, Kind
from agent.platforms import Command
from agent.policy import Policy
from agent.ports import Records, References, Turns
from agent.records import Accepted, Arrival, Recent
from agent.screening import readable

MOST_RECENT = 300
"""Conversations that are worth looking at after an outage: an adapter asks its platform once for
each, and may only ask so often."""


class FrontDoor:
    """`Door` over the store: nothing is acknowledged that is not committed."""

    def __init__(
        self,
        turns: Turns,
        records: Records,
        references: References,
        *,
        policy: Policy,
        wake: Callable[[IncomingMessage], None],
        at_work: Callable[[str], str],
        lanes_for: Callable[[IncomingMessage], Sequence[str]],
        answer: Callable[[Command], Awaitable[str]],
        human_channels: Iterable[tuple[str, str]] = (),
    ) -> None:
        """`wake` is told of every new row. `at_work` tells whose question is being worked on in a
        lane, `lanes_for` in which lanes of a message's channel questions of its author are.
        `answer` answers commands, `human_channels` are platform and channel of each of the desk's.
        """
        self._turns = turns
        self._records = records
        self.references = references
        self._policy = policy
        self._wake = wake
        self._at_work = at_work
        self._lanes_for = lanes_for
        self._answer = answer
        self._human_channels = frozenset(human_channels)

    async def accept(self, message: IncomingMessage) -> Accepted:
        """Decide whether it is for the bot and, if so, commit it."""
        decided = verdict(
            message,
            follow_threads=self._policy.follow_threads,
            human_channels=self._human_channels,
        )
        if decided is Verdict.IGNORE:
            return Accepted.NOT_FOR_US
        refused = message.author.external and self._policy.external == "refuse"
        if refused and decided is Verdict.IF_KNOWN and not message.mentions_bot:
            return Accepted.NOT_FOR_US  # they talk to our people, and may not talk to the bot
        if self._is_spoken_to(message):
            message = self._control(message)
        message = readable(message, self._policy)
        first, *others = self._meant(message)
        accepted = await self._accept(first, only_known_lane=decided is Verdict.IF_KNOWN)
        if accepted is Accepted.NEW:
            for other in others:
                await self._accept(other)
        return accepted

    async def _accept(self, message: IncomingMessage, *, only_known_lane: bool = False) -> Accepted:
        accepted = await self._turns.accept(Arrival(message, only_known_lane=only_known_lane))
        if accepted is Accepted.NEW:
            self._wake(message)
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
