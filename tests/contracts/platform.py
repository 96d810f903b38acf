"""What the adapter contract needs of a platform, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from agent.cases import Outcome
from agent.messages import Button, ConversationId, IncomingMessage
from agent.platforms import WebRequest
from agent.ports import Adapter

LONGEST_PRESS = 12.0
"""Seconds of the clock in which every platform gives up on a press."""
LONGEST_SIGN = 12.0
"""Seconds for which a sign of life may stay where it cannot be taken away."""


@dataclass(frozen=True)
class Pressed:
    """What whoever pressed a button sees: whether it worked, and what they alone are told."""

    ok: bool
    told: str = ""


class Platform(Protocol):
    """What the contract needs of a platform: its adapter, and a twin to be a person in. Most of it
    is the same over every twin: `tests.contracts.over_twin`.
    """

    adapter: Adapter
    tells_earlier: bool
    """Whether the platform tells what was said before the bot was called."""
    shows_signs: bool
    """Whether people can see that the bot is at work."""
    tells_late: bool
    """Whether whoever pressed can be told, and nobody else, after the press has been answered."""
    patience: str
    """Where its adapter keeps how many seconds of the machine's own time it waits for an answer, as
    'module.NAME'; '' if it waits by the clock.
    """

    async def start(self) -> None:
        """Start the twin; the adapter is not started."""

    async def stop(self) -> None:
        """Stop the twin."""

    def opened(self, environ: Mapping[str, str] | None = None) -> Adapter | None:
        """Another adapter, not started, with these settings in place of the good ones."""

    def refused(self) -> Mapping[str, str]:
        """The good settings, but with credentials that the platform refuses."""

    def listen(self, port: int) -> None:
        """The bot listens on this port of the loopback interface."""

    def acknowledged(self) -> list[bool]:
        """Of each delivery that was made, whether the bot acknowledged it."""

    # What people do

    async def write(self, text: str, *, mention: bool = False) -> ConversationId:
        """A person writes at the top level of a channel; the conversation it begins."""

    async def write_directly(self, text: str) -> ConversationId:
        """A person writes a direct message."""

    async def reply(self, conversation: ConversationId, text: str, *, mention: bool = True) -> None:
        """The person writes in a thread."""

    async def edit(self, message: IncomingMessage, text: str) -> None:
        """The author of a message changes it."""

    async def delete(self, message: IncomingMessage) -> None:
        """The author of a message takes it back."""

    async def command(self, words: str) -> None:
        """The person gives the bot a command, in their direct conversation."""

    async def rate(self, conversation: ConversationId, *, helpful: bool) -> bool:
        """The person says whether the bot's last post in a conversation helped; False if it does
        not ask for that.
        """

    async def redeliver(self) -> None:
        """The platform delivers the next event twice."""

    def forged(self) -> WebRequest | None:
        """A request that is not from the platform, though it looks like it; None where the adapter
        has no routes.
        """

    def bot(self) -> str:
        """What people type to mention the bot."""

    def hears_all(self) -> None:
        """From now on the bot hears what is said in its channel without a mention."""

    # What goes wrong

    def fail_after_effect(self) -> None:
        """The next post takes effect, but its answer is lost."""

    def fail_before_effect(self, retry_after: float) -> None:
        """The next post is refused for now."""

    def never_answer(self) -> None:
        """The next post takes effect, but it is never answered."""

    def refuse_as_too_long(self) -> None:
        """From now on every post is refused because it is too long."""

    def revoke(self) -> None:
        """The bot's credentials are refused from now on."""

    def archive(self) -> None:
        """The channel of `place` is closed for writing."""

    def out(self) -> None:
        """The platform is out: whatever the bot wants of it ends in an error on its side."""

    def heal(self) -> None:
        """Nothing goes wrong any more."""

    # Who and where

    def place(self) -> ConversationId:
        """A conversation to post into."""

    def gone(self) -> ConversationId:
        """A place that does not exist."""

    def person(self) -> str:
        """A person's id."""

    def add_person(self, name: str) -> str:
        """Somebody else of the organisation, who is nowhere yet; their id."""

    async def join(self, person: str) -> None:
        """Somebody comes into the channel of `place`."""

    async def leave(self, person: str) -> None:
        """Somebody goes out of it."""

    def deactivate(self, person: str) -> None:
        """Somebody's account ends."""

    # What people see

    def shown(self, conversation: ConversationId) -> list[str]:
        """The words of each of the bot's posts in a conversation, as people read them: where
        there is markup, without it.
        """

    def seen(self, conversation: ConversationId) -> str:
        """Everything that can be read of the bot's posts in a conversation, addresses of links
        too.
        """

    def at_work(self, conversation: ConversationId) -> bool:
        """Whether people see that the bot is at work there."""

    def buttons(self, conversation: ConversationId) -> list[str]:
        """What is written on the buttons of the bot's last post in a conversation."""

    def told_alone(self, person: str, conversation: ConversationId) -> list[str]:
        """What only this person is shown there beside the answer to a press, oldest first."""

    async def press(self, person: str, conversation: ConversationId, button: Button) -> Pressed:
        """Somebody presses a button of the bot's last post in a conversation."""

    async def resolve(
        self, person: str, conversation: ConversationId, outcome: Outcome, note: str
    ) -> Pressed:
        """Somebody fills in the form behind the button Resolve there, and sends it off."""


def strings(part: Any) -> Iterator[str]:
    """Every text anywhere in blocks or cards."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping | list | tuple):
        for one in part.values() if isinstance(part, Mapping) else part:
            yield from strings(one)
