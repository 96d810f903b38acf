"""What became of everything that was said, read back from the twin."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from itertools import pairwise

from agent.messages import ConversationId
from agent.models import Risk
from tests.chaos.expected import Expected, found
from tests.chaos.world import World
from tests.support.tools import TestTool

NUMBERS = re.compile(r"\bp?\d{10}\.?\d{6}\b|\b\d{13}\b|\bC\d+\b")
"""Of posts and of cases."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many messages were said and answered; how many not at all, twice, or out of order."""

    sent: int = 0
    answered: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))

    def __str__(self) -> str:
        return " / ".join(str(value) for value in astuple(self))

    @property
    def perfect(self) -> bool:
        """Everything was answered once, in order."""
        return self == Tally(self.sent, self.sent)


HEAD = " / ".join(field.name.replace("_", " ") for field in fields(Tally))


def tally(world: World) -> Tally:
    """Count the visible answers of everything that was said, and look at their order."""
    places = {one: found(world.visible(one.place), one.answer) for one in world.expected}
    counts = [len(seen) for seen in places.values()]
    return Tally(
        sent=len(counts),
        answered=sum(count > 0 for count in counts),
        lost=sum(count == 0 for count in counts),
        doubled=sum(len(seen) > one.most for one, seen in places.items()) + _rewrites(world),
        out_of_order=sum(_disorder(world, thread) for thread in _threads(world, places)),
    )


def _rewrites(world: World) -> int:
    """How often a tool that changes something was begun again; each story asks for one once."""
    tools = [one for one in world.tools if isinstance(one, TestTool)]
    begun = [one.begun for one in tools if one.risk is Risk.WRITE]
    return sum(max(0, count - 1) for count in begun)


def _threads(world: World, places: dict[Expected, list[int]]) -> Iterable[list[tuple[str, int]]]:
    threads: dict[ConversationId, list[tuple[str, int]]] = {}
    for one, seen in places.items():
        if one.id and seen and one not in world.resent:
            threads.setdefault(one.place, []).append((one.id, seen[0]))
    return threads.values()


def _disorder(world: World, thread: list[tuple[str, int]]) -> int:
    """How many answers of a thread stand before that of a message that was accepted earlier."""
    order = {one: number for number, one in enumerate(world.accepted())}
    places = [place for _, place in sorted(thread, key=lambda one: order.get(one[0], len(order)))]
    return sum(later < earlier for earlier, later in pairwise(places))


def picture(world: World) -> tuple[str, ...]:
    """Everything that stays to be seen in the twin, without times and ids of posts, sorted.

    In which order it came is for the tally: it depends on when each message was accepted.
    """
    seen = []
    for chat, channel in [(one, place) for one in world.chats for place in one.channels()]:
        posts = chat.messages(channel)
        roots = {post.id: post.text for post in posts}
        for post in posts:
            root = roots[post.thread or post.id]
            marks = [mark for mark in ("edited", "deleted") if getattr(post, mark)]
            who = "bot" if post.bot else chat.called(post.author)
            line = f"{chat.title(channel)} | {root} | {who}: {post.text} {marks}"
            seen.append(NUMBERS.sub("#", line).replace("\n", " ~ "))
    return tuple(sorted(seen))
