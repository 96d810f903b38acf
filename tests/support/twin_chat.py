"""What a `Chat` is on every platform alike: what its twin does the same way everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from agent.messages import ConversationId
from tests.support.chats import Chat, Said
from twins.faults import Fault
from twins.twin import Twin


class TwinChat(Chat):
    """Most of a platform's chat."""

    twin: Twin
    posting: str
    """The twin's name of the calls that post something."""
    editing: str
    """The twin's name of the call that changes a post."""

    async def start(self) -> None:
        await self.twin.start()

    async def stop(self) -> None:
        await self.twin.stop()

    def listen(self, port: int) -> None:
        self.twin.events_url = f"http://127.0.0.1:{port}{self.route}" if port else ""

    def deactivate(self, person: str) -> None:
        self.twin.deactivate(person)

    @contextmanager
    def slip_in(self, person: str, channel: str) -> Iterator[None]:
        self.twin.channel(channel).members[person] = None
        yield
        del self.twin.channel(channel).members[person]

    def direct(self, person: str) -> str:
        return self.twin.dm(person)

    def channels(self) -> Sequence[str]:
        return [one.id for one in self.twin.channels()]

    def title(self, channel: str) -> str:
        return self.twin.channel(channel).name or "direct"

    def place(self, channel: str, thread: str = "") -> ConversationId:
        return ConversationId(self.platform, self.tenant, channel, thread)

    async def edit(self, person: str, said: Said, text: str) -> None:
        await self.twin.edit(person, said.channel, said.id, text)

    async def delete(self, person: str, said: Said) -> None:
        await self.twin.delete(person, said.channel, said.id)

    def acknowledged(self) -> list[bool]:
        return [200 <= one.status < 300 for one in self.twin.deliveries]

    async def idle(self) -> None:
        await self.twin.idle()

    def duplicate_next(self, count: int = 1) -> None:
        self.twin.duplicate_next(count)

    def delay_next(self, seconds: float, count: int = 1) -> None:
        self.twin.delay_next(seconds, count)

    def hold(self) -> None:
        self.twin.hold()

    def release(self, *, shuffle: bool = False) -> None:
        self.twin.release(shuffle=shuffle)

    def lose(
        self, times: int | None = 1, *, arrived: bool, channel: str = "", silent: bool = False
    ) -> None:
        kind = Fault.timeout if silent else Fault.reset
        self.twin.fault(self.posting, kind(after_effect=arrived), times, channel=channel)

    def slow(self, seconds: float, *, channel: str) -> None:
        self.twin.fault(self.posting, Fault.slow(seconds, after_effect=True), channel=channel)

    def lose_edits(self, times: int | None = 1) -> None:
        self.twin.fault(self.editing, Fault.reset(after_effect=True), times)

    def limit(self) -> None:
        self.twin.rate_limits = True

    def heal(self) -> None:
        self.twin.heal()
