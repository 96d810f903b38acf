"""The door: what adapters bring in is addressed, committed, and the worker is woken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agent.addressing import Verdict, as_control, verdict
from agent.messages import ConversationId, IncomingMessage
from agent.policy import Policy
from agent.ports import Command, Turns
from agent.records import Accepted, Arrival
from agent.screening import readable


class FrontDoor:
    """`Door` over the store: nothing is acknowledged that is not committed."""

    def __init__(
        self,
        turns: Turns,
        *,
        policy: Policy,
        wake: Callable[[IncomingMessage], None],
        at_work: Callable[[str], str],
        answer: Callable[[Command], Awaitable[str]],
    ) -> None:
        """`wake` is told of every new row, `at_work` tells whose question is being worked on in a
        lane, `answer` answers commands.
        """
        self._turns = turns
        self._policy = policy
        self._wake = wake
        self._at_work = at_work
        self._answer = answer
        self.human_channels: frozenset[ConversationId] = frozenset()

    async def accept(self, message: IncomingMessage) -> Accepted:
        """Decide whether it is for the bot and, if so, commit it."""
        decided = verdict(
            message,
            follow_threads=self._policy.follow_threads,
            human_channels=self.human_channels,
        )
        if decided is Verdict.IGNORE:
            return Accepted.NOT_FOR_US
        refused = message.author.external and self._policy.external == "refuse"
        if refused and decided is Verdict.IF_KNOWN and not message.mentions_bot:
            return Accepted.NOT_FOR_US  # they talk to our people, and may not talk to the bot
        if self._is_spoken_to(message):
            message = as_control(message)
        message = readable(message, self._policy)
        arrival = Arrival(message, only_known_lane=decided is Verdict.IF_KNOWN)
        accepted = await self._turns.accept(arrival)
        if accepted is Accepted.NEW:
            self._wake(message)
        return accepted

    def _is_spoken_to(self, message: IncomingMessage) -> bool:
        """Whether its words are meant for the bot: among colleagues 'stop' may be said to them,
        unless it is said by the one whose question is being worked on.
        """
        if message.direct or message.mentions_bot:
            return True
        return message.author.id == self._at_work(str(message.conversation))

    async def command(self, command: Command) -> str:
        """Answer a command for its author's eyes only."""
        return await self._answer(command)
