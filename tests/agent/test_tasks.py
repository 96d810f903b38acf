"""Things that are done together: all of them, or the first error."""

from __future__ import annotations

import asyncio

import pytest

from agent.tasks import together


class Works:
    """Things to do, and what became of them."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.begun = asyncio.Semaphore(0)

    async def ends(self) -> None:
        self.done.append("done")

    async def fails(self) -> None:
        raise ValueError("it")

    async def waits(self) -> None:
        self.begun.release()
        try:
            await asyncio.Event().wait()
        finally:
            self.done.append("ended")


async def test_all_of_it_is_done() -> None:
    """Whoever waits goes on when the last one is done."""
    works = Works()
    await together(works.ends(), works.ends())
    assert works.done == ["done", "done"]


async def test_the_first_error_counts() -> None:
    """It comes out as it is, and the others are ended."""
    works = Works()
    with pytest.raises(ValueError, match="it"):
        await together(works.waits(), works.fails())
    assert works.done == ["ended"]


async def test_whoever_stops_waiting_ends_all_of_it() -> None:
    """Nothing goes on beside."""
    works = Works()
    task = asyncio.create_task(together(works.waits(), works.waits()))
    await works.begun.acquire()
    await works.begun.acquire()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert works.done == ["ended", "ended"]
