"""`/frontdesk queue` and `/frontdesk forget`, and how the command line tells of the same things."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from agent.defects import report
from agent.platforms import Command
from agent.ports import Clock
from storage import Care, Forgotten, Stuck

log = logging.getLogger(__name__)

MOST_SHOWN = 20
"""Lines of a list in the chat."""
ANSWER_SECONDS = 2.0
"""For the answer to a command: Slack shows an error after 3 s
(https://docs.slack.dev/interactivity/implementing-slash-commands)."""
PATIENCE = 60.0
"""Seconds for which conversations that are busy are tried again."""

NOTHING_STUCK = "Nothing: every message was delivered, or is on its way."
FORGET_WHAT = (
    "`/frontdesk forget me` erases, for good, what you told me, what I answered, and your name. "
    "What stands in the chat itself stays there; you can delete your own messages. Admins can name "
    "somebody else: `/frontdesk forget slack:U0123456789`."
)
FORGET_GOES_ON = "That takes a while. Ask again in a minute to see whether all is gone."
FORGET_HERE = (
    "What was said here goes as well, a moment after this answer. Ask again in a minute to see "
    "whether all is gone."
)


class Caring:
    """Answers for the chat; what takes longer than an answer may goes on beside."""

    def __init__(self, care: Care, clock: Clock, lane_of: Callable[[Command], str]) -> None:
        """Work through `care`. `lane_of` tells the lane in which a command that was written as a
        message is being answered, '' for others.
        """
        self._care = care
        self._clock = clock
        self._lane_of = lane_of
        self._tasks: set[asyncio.Task[Forgotten]] = set()

    async def queue(self) -> str:
        """What could not be delivered, without a word of it.

        Raises:
            StoreUnavailable: the database could not be asked.
        """
        stuck = await self._care.stuck()
        shown = [f"- {printed(one)}" for one in stuck[:MOST_SHOWN]]
        if len(stuck) > MOST_SHOWN:
            shown.append(f"- … and {len(stuck) - MOST_SHOWN} more: see `frontdesk queue list`")
        return "\n".join(shown) or NOTHING_STUCK

    async def forget(self, command: Command, whom: str, *, is_admin: bool, refusal: str) -> str:
        """Forget who asks ('me') or, for an admin, somebody else ('platform:user').

        Raises:
            StoreUnavailable: the database could not be asked.
        """
        if whom.lower() == "me":
            return await self._forget(command, command.platform, command.author.id)
        platform, colon, user = whom.partition(":")
        if not (platform and colon and user):
            return FORGET_WHAT
        return await self._forget(command, platform, user) if is_admin else refusal

    async def stop(self) -> None:
        """End what goes on; what is left of somebody is found again when it is asked for again."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _forget(self, command: Command, platform: str, user: str) -> str:
        if here := self._lane_of(command):
            return await self._forget_around(here, platform, user)
        task = asyncio.ensure_future(self._care.forget(platform, user, patience=PATIENCE))
        self._go_on(task)
        try:
            async with self._clock.timeout(ANSWER_SECONDS):
                return "\n".join(told(await asyncio.shield(task)))
        except TimeoutError:
            return FORGET_GOES_ON

    async def _forget_around(self, here: str, platform: str, user: str) -> str:
        """Forget all but what was said in the lane `here`, which is busy until it is answered; that
        follows.
        """
        found = await self._care.forget(platform, user, patience=0)
        if not found.busy:
            return "\n".join(told(found))
        self._go_on(asyncio.ensure_future(self._care.forget(platform, user, patience=PATIENCE)))
        others = [lane for lane in found.busy if lane != here]
        lines = told(replace(found, busy=())) if found.conversations or found.open_cases else []
        lines += [FORGET_GOES_ON] if others else [FORGET_HERE]
        return "\n".join(lines)

    def _go_on(self, task: asyncio.Task[Forgotten]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Forgotten]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            report(log, "somebody was not forgotten completely", error)
        elif busy := len(task.result().busy):
            log.warning("%d conversations of somebody were busy and are not forgotten", busy)


def told(forgotten: Forgotten) -> list[str]:
    """What came of forgetting somebody, in sentences."""
    lines = []
    if forgotten.conversations:
        lines.append(f"Erased: all that was said in {forgotten.conversations} conversations.")
    if forgotten.busy:
        lines.append(
            f"{len(forgotten.busy)} conversations are being worked on and were left as they are. "
            "Try again in a minute."
        )
    if forgotten.open_cases:
        cases = ", ".join(forgotten.open_cases)
        lines.append(
            f"People still work on {cases}: not all of it can go until the case is closed. Try "
            "again then."
        )
    return lines or ["There is nothing left to erase."]


def printed(one: Stuck) -> str:
    """A stuck message as one line."""
    queued = datetime.fromtimestamp(one.queued_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    settled = datetime.fromtimestamp(one.settled_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    words = f"{one.id} {one.state} {one.reason} {one.message_id} of {one.lane} to {one.place}"
    erased = ", erased" if one.erased else ""
    return f"{words}, queued {queued}, given up {settled}, attempts {one.attempts}{erased}"
