"""Asides: what is said beside the conversation: a welcome, answers to commands, once more what may
not have arrived, and to admins that nobody can be called.

A model never reads them: they are about the assistant, not about the work of an employee, and the
answer to a command is for its author alone. The journal has them as lines of their own kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from agent import texts
from agent.admins import DIRECT_SECONDS
from agent.desk.place import DeskPlace
from agent.draft import Draft
from agent.errors import DeliveryError, DeliveryRetry, DeliveryUnknown
from agent.journal import Line
from agent.messages import ConversationId, IncomingMessage, Kind
from agent.platforms import Command
from agent.ports import Adapter, Clock
from agent.records import Unconfirmed

BESIDE = frozenset({Kind.NEWCOMER, Kind.COMMAND, Kind.NO_DESK})
"""What needs nothing but an aside."""


class Asides:
    """The performers of everything beside the conversation; holds no state between turns."""

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        clock: Clock,
        commands: Callable[[Command], Awaitable[str]],
        place: DeskPlace,
    ) -> None:
        """`commands` answers a command with Markdown, and does it no harm to be asked twice."""
        self._adapters = adapters
        self._clock = clock
        self._place = place
        self._commands = commands

    async def say_welcome(self, draft: Draft) -> None:
        """Greet who has the bot for the first time, with something to begin with."""
        _say(draft, texts.WELCOME, prompts=texts.PROMPTS)

    async def answer_command(self, draft: Draft) -> None:
        """Answer a command where its author alone reads it; if there is no such place it is not
        carried out: nobody would know what came of it.

        Raises:
            DeliveryError: whether there is such a place cannot be told now.
        """
        message = draft.first
        place = await self._place_alone(message)
        if place is None:
            _say(draft, texts.ONLY_DIRECTLY)
            return
        command = Command(
            platform=message.conversation.platform,
            tenant=message.conversation.tenant,
            channel=message.conversation.channel,
            author=message.author,
            text=message.text,
            id=message.id,
            direct=message.direct,
            thread=message.conversation.thread,
        )
        _say(draft, await self._commands(command), place=place)

    async def say_no_desk(self, draft: Draft) -> None:
        """Tell an admin that a person was wanted and nobody could be called; not if there is a
        human channel by now.
        """
        if self._place.channel is None:
            _say(draft, texts.NO_DESK.format(contact=self._place.contact))

    async def send_again(self, draft: Draft) -> None:
        """Send what may not have arrived once more, under the same names."""
        for one in _repeatable(draft):
            draft.again.append(one.message.id)
            draft.write(Line.RETRIED, message=one.message.id, by=draft.employee.id)

    def mention_unconfirmed(self, draft: Draft) -> None:
        """If the turn says something to the employee, tell them that something said before may not
        have arrived; once for each message, and again if that was what did not arrive.
        """
        news = [one.message.id for one in _theirs(draft) if not one.mentioned]
        if news and _repeatable(draft) and _speaks(draft):
            draft.notice(texts.MAY_BE_LOST)
            draft.mentioned.extend(news)

    async def _place_alone(self, message: IncomingMessage) -> ConversationId | None:
        if message.direct:
            return message.conversation
        adapter = self._adapters[message.conversation.platform]
        try:
            async with self._clock.timeout(DIRECT_SECONDS):
                return await adapter.direct(message.author.id)
        except TimeoutError:
            raise DeliveryRetry("no direct conversation in time") from None
        except (DeliveryRetry, DeliveryUnknown):
            raise
        except DeliveryError:
            return None


def wants_again(draft: Draft) -> bool:
    """Whether there is anything to be sent once more to the employee of this turn."""
    return bool(_repeatable(draft))


def _theirs(draft: Draft) -> list[Unconfirmed]:
    """Messages for the employee of this turn that may not have arrived."""
    return [one for one in draft.claim.unconfirmed if one.message.to == draft.employee.id]


def _repeatable(draft: Draft) -> list[Unconfirmed]:
    """Those of them that say something: nobody wants to be told twice that they can be repeated."""
    return [one for one in _theirs(draft) if one.message.text != texts.MAY_BE_LOST]


def _speaks(draft: Draft) -> bool:
    here, who = draft.conversation, draft.employee.id
    return any(one.to == who and one.conversation == here for one in draft.outbox)


def _say(
    draft: Draft, text: str, *, place: ConversationId | None = None, prompts: tuple[str, ...] = ()
) -> None:
    message = draft.say(text, place=place, prompts=prompts)
    draft.write(Line.ASIDE, message=message, text=text)
