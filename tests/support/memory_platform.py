"""A chat platform in memory: a real `Adapter` without a wire, for what the process does with any.

It cannot be asked after an ambiguous send and cannot carry our ids, so that what follows from that
can be seen; its channels are '#name', its direct conversations '@person'.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from agent.errors import DeliveryError, DeliveryRetry, DeliveryUnknown, PlaceFatal
from agent.messages import Author, ConversationId, IncomingMessage, Kind, OutgoingMessage
from agent.platforms import (
    Capabilities,
    EarlierMessage,
    Finding,
    Profile,
    WebRequest,
    WebResponse,
)
from agent.ports import Door
from agent.records import Accepted, Delivery


class MemoryPlatform:
    """Keeps what is posted; people `write` through the door that it was started with.

    `reachable`: whether it can be connected; `refusal` is what it says to that instead. `drops` is
    how many posts are to arrive without anybody hearing of it; while it `hangs` none is answered.
    `closed` are channels that take nothing, `members` who is in each channel; while it is `mute` it
    does not tell. `findings` is what it says when it is looked at, `of_channels` what it says of
    single channels instead.
    """

    capabilities = Capabilities()

    def __init__(self, platform: str, tenant: str = "net") -> None:
        self.platform = platform
        self.tenant = tenant
        self.routes: Mapping[str, Callable[[WebRequest], Awaitable[WebResponse]]] = {}
        self.reachable = asyncio.Event()
        self.reachable.set()
        self.refusal: Exception | None = None
        self.door: Door | None = None
        self.posts: list[tuple[str, OutgoingMessage]] = []
        self.drops = 0
        self.hangs = False
        self.shut: set[str] = set()
        self.closed: set[str] = set()
        self.members: dict[str, set[str]] = {}
        self.mute = False
        self.findings: Sequence[Finding] = ()
        self.of_channels: dict[str, Sequence[Finding]] = {}
        self.checked: list[str] = []
        self.stopped = 0
        self._ids = 0

    # What people do and see

    def place(self, channel: str = "@ada", thread: str = "") -> ConversationId:
        """A conversation."""
        return ConversationId(self.platform, self.tenant, channel, thread)

    async def write(
        self,
        text: str,
        *,
        who: str = "ada",
        kind: Kind = Kind.MESSAGE,
        thread: str = "",
        mentions_bot: bool = True,
        **more: str,
    ) -> Accepted:
        """A person writes or presses in their direct conversation, or in a thread of '#all'."""
        assert self.door is not None
        self._ids += 1
        return await self.door.accept(
            IncomingMessage(
                self.place("#all", thread) if thread else self.place(f"@{who}"),
                str(self._ids),
                kind,
                Author(who),
                text,
                direct=not thread,
                mentions_bot=mentions_bot,
                in_thread=bool(thread),
                **more,  # type: ignore[arg-type]
            )
        )

    def at_desk(
        self,
        text: str,
        *,
        who: str = "linus",
        kind: Kind = Kind.MESSAGE,
        channel: str = "#desk",
        thread: str = "",
        **more: str,
    ) -> IncomingMessage:
        """What a person of the desk writes or presses in the thread of a card, by default of the
        one that was posted first.
        """
        self._ids += 1
        return IncomingMessage(
            self.place(channel, thread or self._card(channel)),
            str(self._ids),
            kind,
            Author(who),
            text,
            direct=channel.startswith("@"),
            in_thread=True,
            **more,  # type: ignore[arg-type]
        )

    async def bring(self, message: IncomingMessage) -> Accepted:
        """Bring what somebody wrote, perhaps once more."""
        assert self.door is not None
        return await self.door.accept(message)

    async def press(self, message: IncomingMessage) -> str:
        """Bring a press, and wait for what whoever pressed is told."""
        assert self.door is not None
        return await self.door.press(message)

    def _card(self, channel: str) -> str:
        """The platform's id of the first card in a channel."""
        cards = (r for r, one in self.posts if one.card and one.conversation.channel == channel)
        return next(cards)

    def texts(self, channel: str = "@ada") -> list[str]:
        """What stands in a channel from the bot, with what arrived twice twice."""
        return [one.text for _, one in self.posts if one.conversation.channel == channel]

    # The port

    async def start(self, door: Door) -> None:
        if self.refusal is not None:
            raise self.refusal
        await self.reachable.wait()
        self.door = door

    async def stop(self) -> None:
        self.door = None
        self.stopped += 1

    async def send(self, delivery: Delivery) -> str:
        assert self.door is not None, "nothing is sent before it is connected"
        while self.hangs:
            await asyncio.Event().wait()
        if delivery.message.conversation.channel in self.closed:
            raise PlaceFatal
        ref = f"p{len(self.posts)}"
        self.posts.append((ref, delivery.message))
        if self.drops:
            self.drops -= 1
            raise DeliveryUnknown
        return ref

    async def find(self, delivery: Delivery) -> str | None:
        raise AssertionError("it cannot be asked")

    async def thinking(self, conversation: ConversationId, on: bool) -> None:
        """Nobody looks."""

    async def profile(self, author: Author, place: ConversationId) -> Profile:
        return Profile(author.id, author.id.title())

    async def member(self, place: ConversationId, user_id: str) -> bool:
        if self.mute:
            raise DeliveryRetry
        return user_id in self.members.get(place.channel, ())

    async def earlier(self, message: IncomingMessage, limit: int) -> Sequence[EarlierMessage]:
        return ()

    async def permalink(self, message: IncomingMessage) -> str:
        return ""

    async def direct(self, user_id: str) -> ConversationId:
        if user_id in self.shut:
            raise DeliveryError
        return self.place(f"@{user_id}")

    async def open_direct(self, user_id: str, text: str) -> ConversationId:
        place = await self.direct(user_id)
        self.posts.append(("", OutgoingMessage("", place, text)))
        return place

    async def check(self) -> Sequence[Finding]:
        return [one for one in self.findings if "channel" not in one.subject]

    async def check_channel(self, channel: str) -> Sequence[Finding]:
        self.checked.append(channel)
        about = [one for one in self.findings if channel in one.subject]
        return self.of_channels.get(channel, about)
