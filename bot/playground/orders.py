"""What one can do on the page, checked and done to the local Slack as that person."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from adapters.slack.twin import Message
from bot.playground.snapshot import Sight
from bot.playground.words import typed

Json = dict[str, Any]

COMMAND = "/frontdesk"
MAX_TEXT = 12_000
TS = r"^\d{1,12}\.\d{6}$"


class Refused(Exception):
    """What was asked for cannot be done; the message says why, to the person on the page."""


class Order(BaseModel):
    """Something that the person `as` does in a channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str = Field(alias="as", max_length=40)
    channel: str = Field(max_length=40)


class File(BaseModel):
    """A file by its name and size in bytes; its content is never sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200)
    size: int = Field(ge=0)


class Say(Order):
    """Post a message, in a thread if one is named, or type a command."""

    text: str = Field(default="", max_length=MAX_TEXT)
    thread_ts: str = Field(default="", pattern=rf"^$|{TS}")
    file: File | None = None


class Edit(Order):
    """Change one's own message."""

    ts: str = Field(pattern=TS)
    text: str = Field(min_length=1, max_length=MAX_TEXT)


class Delete(Order):
    """Take one's own message back."""

    ts: str = Field(pattern=TS)


class Press(Order):
    """Press a button; feedback has the value 'positive' or 'negative'."""

    ts: str = Field(pattern=TS)
    action_id: str = Field(max_length=255)
    value: str = Field(default="", max_length=2000)


class Orders:
    """Carries orders out. All methods raise `Refused`."""

    def __init__(self, sight: Sight) -> None:
        """`sight` says who may see what."""
        self._sight = sight
        self._twin = sight.twin

    async def say(self, order: Say) -> Json:
        """Post or command; {"ts"} of a post."""
        self._allow(order)
        text = order.text.strip()
        if text.startswith("/"):
            return await self._command(order, text)
        if not text and order.file is None:
            raise Refused("There is nothing to send.")
        text = typed(text, self._sight.people())
        try:
            if order.file is None:
                ts = await self._twin.say(order.user, order.channel, text, order.thread_ts or None)
            else:
                ts = await self._twin.upload(
                    order.user,
                    order.channel,
                    order.file.name,
                    text,
                    size=order.file.size,
                    thread_ts=order.thread_ts,
                )
        except ValueError as error:
            raise Refused(str(error)) from None
        return {"ts": ts}

    async def _command(self, order: Say, line: str) -> Json:
        word = line.split(maxsplit=1)[0]
        if word != COMMAND:
            raise Refused(f"{word} is not a command here. Try {COMMAND} help.")
        answer = await self._twin.command(order.user, order.channel, line)
        if not answer.ok or answer.reason:
            raise Refused(f"{COMMAND} failed: {answer.reason} (status {answer.status}).")
        return {}

    async def edit(self, order: Edit) -> Json:
        """Change a message."""
        self._allow(order)
        text = typed(order.text.strip(), self._sight.people())
        if not text:
            raise Refused("There is nothing left of the message; delete it instead.")
        self._find(order, order.ts)
        try:
            await self._twin.edit(order.user, order.channel, order.ts, text)
        except ValueError as error:
            raise Refused(str(error)) from None
        return {}

    async def delete(self, order: Delete) -> Json:
        """Take a message back."""
        self._allow(order)
        self._find(order, order.ts)
        try:
            await self._twin.delete(order.user, order.channel, order.ts)
        except ValueError as error:
            raise Refused(str(error)) from None
        return {}

    async def press(self, order: Press) -> Json:
        """Press a button and keep what was chosen, if it is feedback."""
        self._allow(order)
        message = self._find(order, order.ts)
        try:
            answer = await self._twin.press(
                order.user, message, action_id=order.action_id, value=order.value or None
            )
        except ValueError as error:
            raise Refused(str(error)) from None
        if not answer.ok:
            raise Refused(f"Frontdesk did not take it: {answer.reason} (status {answer.status}).")
        if order.value in {"positive", "negative"}:
            self._sight.pressed[order.user, order.channel, order.ts, order.action_id] = order.value
        return {}

    def _allow(self, order: Order) -> None:
        known = {person.id for person in self._sight.company.people}
        if order.user not in known or not self._sight.may_see(order.user, order.channel):
            raise Refused("This person is not in this channel.")

    def _find(self, order: Order, ts: str) -> Message:
        shown = self._twin.messages(order.channel)
        shown += self._twin.ephemerals(order.channel, order.user)
        for message in shown:
            if message.ts == ts and not message.deleted:
                return message
        raise Refused("This message is not there any more.")
