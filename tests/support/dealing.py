"""In which order tests are begun that run beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def dealt(long: Sequence[T], rest: Sequence[T], workers: int) -> list[T]:
    """All of both, in as many stretches of one length as there are workers (a few may be left at
    the end), each of which begins with its share of the long ones; otherwise in their order.
    """
    stretch = (len(long) + len(rest)) // workers
    order: list[T] = []
    begun = 0
    for number in range(workers):
        mine = long[number::workers]
        more = max(0, stretch - len(mine))
        order += [*mine, *rest[begun : begun + more]]
        begun += more
    return [*order, *rest[begun:]]
