"""Where the people of the desk are, for whoever has to reach them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent import texts
from agent.cases import Case
from agent.desk.times import DeskTimes
from agent.messages import ConversationId, IncomingMessage

Times = Callable[[ConversationId, ConversationId | None], DeskTimes]
"""The times of the desk for an employee's place and the human channel: both may differ from those
of the organisation.
"""


@dataclass(slots=True)
class DeskPlace:
    """Where people are: the human channel (None: there is none), the channel and the admins
    ('platform:user') to turn to if it does not take a card, whom to name if there is nobody, and
    how long things take.

    Filled in once the platforms have told who they are.
    """

    channel: ConversationId | None = None
    second: ConversationId | None = None
    admins: tuple[str, ...] = ()
    contact: str = texts.NOBODY_CONTACT
    times: Times = lambda _place, _channel: DeskTimes()

    def channel_of(self, case: Case | None) -> ConversationId | None:
        """Where a case's card is: the human channel may have been changed since."""
        if case is not None and case.channel:
            return ConversationId.parse(case.channel)
        return self.channel

    def times_of(self, case: Case) -> DeskTimes:
        """How long things take for a case."""
        return self.times(ConversationId.parse(case.lane), self.channel_of(case))

    def signed(self, name: str, case: Case) -> str:
        """A person of the desk as an employee reads of them: 'Ada (IT)', if the desk has a name."""
        desk = self.times_of(case).name
        return f"{name} ({desk})" if desk else name


def person_of(message: IncomingMessage) -> str:
    """Who wrote or pressed, as 'platform:user': people of the desk may be anywhere."""
    return f"{message.conversation.platform}:{message.author.id}"
