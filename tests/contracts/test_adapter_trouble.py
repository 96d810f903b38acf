"""The contract of every adapter, run over each twin: what goes wrong, and which error says so."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from agent.errors import (
    DeliveryError,
    DeliveryRetry,
    DeliveryUnknown,
    InstallationFatal,
    PlaceFatal,
    RowFatal,
)
from agent.messages import Author, OutgoingMessage
from agent.records import Delivery
from tests.contracts.stage import Stage, delivery
from tests.support.doors import OpenDoor

LONGEST_ANSWER = 60.0
"""Seconds of the clock after which an answer must have been given up."""
IMPATIENT = 0.2
"""Seconds of the machine's own time: what an adapter waits for here that does not ask the clock."""
SOON = 20.0
"""Seconds of the machine's own time after which it hangs."""
LONG_AGAIN = 300.0
"""Seconds of the clock in which a start goes on once the platform is back."""


async def test_a_closed_channel_is_fatal_for_the_place(stage: Stage) -> None:
    """Nobody can write there, however often it is tried: the words take another way."""
    await stage.platform.write("A question")
    stage.platform.archive()
    with pytest.raises(PlaceFatal):
        await stage.platform.adapter.send(delivery(stage))
    top = replace(stage.platform.place(), thread="")
    with pytest.raises(PlaceFatal):
        await stage.platform.adapter.send(
            Delivery(2, "lane", OutgoingMessage("t2.1", top, "Hello"))
        )


async def test_credentials_that_are_taken_away_are_fatal_for_the_installation(
    stage: Stage,
) -> None:
    """Neither the message nor its place is given up for it: sending pauses."""
    await stage.platform.write("A question")
    stage.platform.revoke()
    with pytest.raises(InstallationFatal):
        await stage.platform.adapter.send(delivery(stage))


async def test_a_message_that_is_refused_as_too_long_is_given_up(stage: Stage) -> None:
    """The same again would be refused again; whoever made it makes pieces of it."""
    await stage.platform.write("A question")
    stage.platform.refuse_as_too_long()
    with pytest.raises(RowFatal):
        await stage.platform.adapter.send(delivery(stage))


async def test_a_text_that_is_longer_than_the_platform_takes(stage: Stage) -> None:
    """What of it arrives is its beginning; otherwise it is refused for good."""
    await stage.platform.write("A question")
    with suppress(RowFatal):
        await stage.platform.adapter.send(delivery(stage, "Begin " + "word " * 50_000))
        (shown,) = stage.platform.shown(stage.platform.place())
        assert shown.startswith("Begin word")


async def test_while_the_platform_is_out_nobody_can_tell_whether_a_post_arrived(
    stage: Stage,
) -> None:
    """'It did not' would have it posted twice."""
    await stage.platform.write("A question")
    sent = delivery(stage)
    assert await stage.platform.adapter.send(sent)
    stage.platform.out()
    if stage.platform.adapter.capabilities.can_be_asked:
        finding = asyncio.ensure_future(stage.platform.adapter.find(sent))
        await stage.clock.until(finding.done)
        with pytest.raises(DeliveryError):
            await finding


async def test_a_post_that_is_never_answered_may_have_arrived(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is said in bounded time: nothing waits behind it for ever."""
    await stage.platform.write("A question")
    if stage.platform.patience:
        monkeypatch.setattr(stage.platform.patience, IMPATIENT)
    adapter = stage.platform.opened()
    assert adapter is not None
    starting = asyncio.ensure_future(adapter.start(OpenDoor(references=stage.door.references)))
    await stage.clock.until(starting.done)  # on a slow machine the first answer may come too late
    stage.platform.never_answer()
    sending = asyncio.ensure_future(adapter.send(delivery(stage)))
    await stage.clock.advance(LONGEST_ANSWER)
    await asyncio.wait([sending], timeout=SOON)
    assert sending.done()
    with pytest.raises(DeliveryUnknown):
        await sending
    await adapter.stop()


async def test_a_post_that_never_left_certainly_did_not_arrive(stage: Stage) -> None:
    """Nobody need look for it: the same again later."""
    await stage.platform.write("A question")
    await stage.platform.adapter.thinking(stage.platform.place(), True)  # over a connection
    await stage.platform.stop()
    await stage.clock.settle()
    with pytest.raises(DeliveryRetry):
        await stage.platform.adapter.send(delivery(stage))


async def test_a_start_while_the_platform_is_out_goes_on_once_it_is_back(stage: Stage) -> None:
    """An outage is no reason to end a process, nor to need another one after it."""
    await stage.platform.write("A question")
    adapter = stage.platform.opened()
    assert adapter is not None
    stage.platform.out()
    starting = asyncio.ensure_future(adapter.start(OpenDoor(references=stage.door.references)))
    await stage.clock.advance(30)
    assert not starting.done() or starting.exception() is None
    stage.platform.heal()
    if not starting.done():
        await stage.clock.until(starting.done, at_most=LONG_AGAIN)
    await starting
    assert adapter.tenant == stage.platform.adapter.tenant
    await stage.clock.advance(LONG_AGAIN)
    assert await adapter.send(delivery(stage))
    await adapter.stop()


@pytest.mark.parametrize("external", [True, False])
async def test_of_somebody_unknown_what_the_event_said_holds(stage: Stage, external: bool) -> None:
    """Who came from another company is not let in because nobody knows them, nor the other way."""
    place = await stage.platform.write("A question")
    author = Author("U0NOBODY", "Eve", external=external)
    profile = await stage.platform.adapter.profile(author, place)
    assert (profile.name, profile.external, profile.known) == ("Eve", external, False)
