"""Bounded backfill: what was said while nobody listened is looked up and brought to the door.

At the start, and whenever Socket Mode has connected again. What is found goes the way of every
event, through the reader and the door, so its key keeps what is known from being accepted twice and
what is not for the bot from being accepted at all. Where to look, and since when, the database
tells: a new one knows nothing, and then nothing is looked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import dropwhile
from typing import Any

from adapters.slack import mrkdwn, payloads
from adapters.slack.calls import string
from adapters.slack.history import History, Spent, Unreadable
from adapters.slack.payloads import Identity
from adapters.slack.profiles import Read
from adapters.slack.web import Web
from agent.defects import report
from agent.errors import PlaceFatal, StorageError
from agent.messages import IncomingMessage
from agent.ports import Clock, Door
from agent.records import Accepted, Recent
from agent.tasks import Beside

log = logging.getLogger(__name__)

OLDEST = 24 * 3600.0
"""Seconds; what was said before that is not answered any more, however long nobody listened."""
MARGIN = 400.0
"""Seconds before the newest that is known: Slack sends an event again for six minutes, so what is
older had its chance, and what is newer may have come in the wrong order or not at all."""
THREADS = 100
"""Known threads that are looked at, the newest first: half of the calls of a run."""
ACCEPT_AGAIN = (1.0, 5.0, 15.0, 60.0)
"""Seconds before something is offered again while the database takes nothing."""

Item = Mapping[str, Any]


class Backfill:
    """Looks for what was missed, beside everything else; one run at a time."""

    def __init__(self, web: Web, identity: Identity, clock: Clock, door: Door, read: Read) -> None:
        """Nothing is looked for before `begin`; `read` reads what is found, as events."""
        self._read = read
        self._web = web
        self._identity = identity
        self._clock = clock
        self._door = door
        self._beside = Beside()
        self._waiting = False
        self._one_at_a_time = asyncio.Lock()

    async def remember(self) -> Sequence[Recent]:
        """What is known now, to be asked before something new can come in; never raises."""
        try:
            return await self._door.recent("slack")
        except StorageError as error:
            log.warning("nobody knows what was missed: %s", error.code)
            return ()

    def begin(self, seen: Sequence[Recent]) -> None:
        """Look for what was said since what is remembered, in a task of its own."""
        # A run that has not begun yet will see all that there is when it does.
        if seen and not self._waiting:
            self._waiting = True
            self._beside.run(self._run(seen))

    async def stop(self) -> None:
        """Look no further; idempotent."""
        await self._beside.cancel()

    async def _run(self, seen: Sequence[Recent]) -> None:
        async with self._one_at_a_time:
            self._waiting = False
            history = History(self._web, self._clock)
            look = _Look(history, self._identity, self._door, self._clock, seen, self._read)
            told = "looked for what was said meanwhile: %d calls, %d messages"
            try:
                await look.everywhere()
            except (Spent, Unreadable) as error:
                told += ", then it ended: %s"
                log.warning(told, history.calls, look.accepted, error)
            except Exception as error:  # noqa: BLE001 the top of a task
                report(log, "looking for what was said meanwhile went wrong", error)
            else:
                log.info(told, history.calls, look.accepted)


class _Look:
    """One run: where to look, since when, and what to offer."""

    def __init__(
        self,
        history: History,
        identity: Identity,
        door: Door,
        clock: Clock,
        seen: Sequence[Recent],
        read: Read,
    ) -> None:
        self.accepted = 0
        self._read = read
        self._history = history
        self._identity = identity
        self._door = door
        self._clock = clock
        self._floor = clock.now() - OLDEST
        self._lanes: dict[str, dict[str, Recent]] = {}
        for one in seen:
            place = one.conversation
            self._lanes.setdefault(place.channel, {})[place.thread] = one
        self._newest = max(_said_at(one) for one in seen)
        self._worth = {
            (one.conversation.channel, one.conversation.thread) for one in seen[:THREADS]
        }
        self._left: list[tuple[str, str, float, bool]] = []

    async def everywhere(self) -> None:
        """Look at direct conversations and channels, those that are known first.

        Raises:
            Spent: there were more than may be asked about in one run.
            Unreadable: Slack or the database does not work.
        """
        shared = await self._history.channels()
        known = [*self._lanes, *(channel for channel in shared if channel not in self._lanes)]
        for channel in sorted(known, key=self._importance):
            try:
                await self._channel(channel, shared.get(channel, False))
            except PlaceFatal as error:
                log.debug("a channel cannot be read: %s", error)
        for channel, thread, since, is_shared in self._left:
            await self._offer(channel, await self._replies(channel, thread, since), is_shared)

    def _importance(self, channel: str) -> int:
        """Whom nobody has answered before is last: most have never written."""
        known, direct = channel in self._lanes, channel.startswith("D")
        return (0 if direct else 1) if known else (3 if direct else 2)

    async def _channel(self, channel: str, shared: bool) -> None:
        """Offer what was said in a channel and in its threads, oldest first."""
        lanes = self._lanes.get(channel, {})
        newest = max((_said_at(one) for one in lanes.values()), default=self._newest)
        since = max(newest - MARGIN, self._floor)
        found = {string(item, "ts"): item for item in await self._history.top(channel, since)}
        for thread in self._threads(channel, found.values(), since, shared):
            for item in await self._replies(channel, thread, since):
                found[string(item, "ts")] = item
        await self._offer(channel, found.values(), shared)

    def _threads(
        self, channel: str, found: Iterable[Item], since: float, shared: bool
    ) -> list[str]:
        """The threads to look at now; of those where nothing says that the bot takes part, a note
        is made for the end.
        """
        lanes = self._lanes.get(channel, {})
        threads = [thread for thread in lanes if thread and (channel, thread) in self._worth]
        for item in found:
            root = string(item, "ts")
            if not item.get("reply_count") or root in lanes:
                continue
            if channel.startswith("D") or self._is_called(item):
                threads.append(root)
            else:
                self._left.append((channel, root, since, shared))
        return threads

    async def _replies(self, channel: str, thread: str, since: float) -> list[Item]:
        """What was said in a thread; in one of which nothing is known, since the bot was called."""
        lane = self._lanes.get(channel, {}).get(thread)
        if lane is not None:
            since = max(_said_at(lane) - MARGIN, self._floor)
        try:
            items = await self._history.thread(channel, thread, since)
        except PlaceFatal as error:
            log.debug("a thread cannot be read: %s", error)
            return []
        if lane is not None or channel.startswith("D"):
            return items
        return list(dropwhile(lambda item: not self._is_called(item), items))

    def _is_called(self, item: Item) -> bool:
        return mrkdwn.mentions(string(item, "text"), self._identity.bot_user_id)

    async def _offer(self, channel: str, items: Iterable[Item], shared: bool) -> None:
        for item in sorted(items, key=lambda item: payloads.seconds(string(item, "ts"))):
            if self._is_older_than_our_part(channel, item):
                continue
            said = payloads.as_event(item, channel, self._identity, shared=shared)
            if (message := await self._read(said)) is not None:
                changed = payloads.as_edit(item, channel, self._identity, shared=shared)
                await self._bring(message, await self._read(changed))

    def _is_older_than_our_part(self, channel: str, item: Item) -> bool:
        """Whether it is a reply among colleagues from before the newest that is known there: what
        they said before the bot was called is not for it.
        """
        thread, ts = string(item, "thread_ts"), string(item, "ts")
        lane = self._lanes.get(channel, {}).get(thread)
        if lane is None or thread == ts or channel.startswith("D"):
            return False
        return payloads.seconds(ts) <= payloads.seconds(lane.newest_id)

    async def _bring(self, message: IncomingMessage, edit: IncomingMessage | None) -> None:
        """Offer a post as it is now; if it is known as it was before, offer the edit."""
        if await self._accept(message) is Accepted.DUPLICATE and edit is not None:
            # What it said before is not told. It was for the bot then, so it is no new question.
            await self._accept(replace(edit, mentions_bot=False))

    async def _accept(self, message: IncomingMessage) -> Accepted:
        for pause in ACCEPT_AGAIN:
            try:
                accepted = await self._door.accept(message)
            except StorageError:
                await self._clock.sleep(pause)
            else:
                self.accepted += accepted is Accepted.NEW
                return accepted
        raise Unreadable("the database takes nothing")


def _said_at(one: Recent) -> float:
    """When the newest post of a conversation was said, by Slack's clock or, if earlier, by ours."""
    return min(one.accepted_at, payloads.seconds(one.newest_id) or one.accepted_at)
