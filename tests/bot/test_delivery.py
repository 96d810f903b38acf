"""The courier: what each failure of a platform means for a message, and for those behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import pytest

from agent.errors import (
    DeliveryRetry,
    DeliveryUnknown,
    InstallationFatal,
    PlaceFatal,
    RowFatal,
    StoreUnavailable,
)
from agent.messages import ConversationId, OutgoingMessage
from agent.platforms import Capabilities
from agent.ports import Adapter, Turns
from agent.records import Committed, Delivery, DeliveryState, Settlement
from bot.delivery import MOST_IN_DOUBT, Courier
from tests.support.clock import START, TestClock

PLACE = ConversationId("irc", "net", "#desk")


def delivery(n: int = 1) -> Delivery:
    """A message on its way."""
    message = OutgoingMessage(f"t{n}.1", PLACE, f"Words {n}.")
    return Delivery(n, str(PLACE), message, sending_since=START)


class Ledger:
    """The part of `Turns` that a courier uses: what was settled, and what comes next."""

    def __init__(self) -> None:
        self.settled: list[tuple[int, Settlement]] = []
        self.behind: list[Delivery] = []
        self.down = 0

    async def settle(self, delivery: Delivery, settlement: Settlement) -> Committed:
        if self.down:
            self.down -= 1
            raise StoreUnavailable
        self.settled.append((delivery.id, settlement))
        following = (self.behind.pop(0),) if self.behind else ()
        return Committed(following, lane_due=settlement.state is DeliveryState.DEAD)


class Platform:
    """The part of `Adapter` that a courier uses; does as told, once per entry."""

    platform = "irc"

    def __init__(self, clock: TestClock, *, can_be_asked: bool = True) -> None:
        self.capabilities = Capabilities(can_be_asked=can_be_asked)
        self.sends: list[Exception | str] = []
        self.finds: list[Exception | str | None] = []
        self.seconds = 0.0
        self.asked_at: list[float] = []
        self._clock = clock

    async def send(self, delivery: Delivery) -> str:
        await self._clock.sleep(self.seconds)
        act = self.sends.pop(0) if self.sends else f"ref-{delivery.id}"
        if isinstance(act, Exception):
            raise act
        return act

    async def find(self, delivery: Delivery) -> str | None:
        self.asked_at.append(self._clock.now() - START)
        act = self.finds.pop(0)
        if isinstance(act, Exception):
            raise act
        return act


class Rig:
    """A courier between a ledger and a platform."""

    def __init__(self, clock: TestClock, *, can_be_asked: bool = True) -> None:
        self.clock = clock
        self.ledger = Ledger()
        self.platform = Platform(clock, can_be_asked=can_be_asked)
        self.changes = 0
        adapters = cast(Mapping[str, Adapter], {"irc": self.platform})
        self.courier = Courier(cast(Turns, self.ledger), adapters, clock, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    async def send(self, sent: Delivery) -> Settlement:
        """Send one delivery; how it was settled."""
        self.courier.send(sent)
        await self.clock.advance(20)
        return self.ledger.settled[-1][1]


@pytest.fixture
def rig(clock: TestClock) -> Rig:
    return Rig(clock)


async def test_it_arrives(rig: Rig) -> None:
    """The platform's id of the post is kept."""
    assert await rig.send(delivery()) == Settlement(DeliveryState.SENT, ref="ref-1")


async def test_what_belongs_under_nothing_is_not_sent(rig: Rig) -> None:
    """Words about a case whose card never arrived would stand alone at the top of the channel, and
    no answer to them would be understood: they come back. An edit of them is made where they are.
    """
    words = delivery()
    words = replace(words, message=replace(words.message, under="card"))
    settled = await rig.send(words)
    assert (settled.state, settled.reason.partition(":")[0]) == (DeliveryState.DEAD, "RowFatal")
    edit = replace(words, message=replace(words.message, replaces="t0.1"), replaces_ref="99.1")
    for placed in (replace(words, under_ref="99.0"), edit):
        assert (await rig.send(placed)).state is DeliveryState.SENT


async def test_those_behind_it_follow_in_order(rig: Rig) -> None:
    """One sender per destination goes on until the line is empty."""
    rig.ledger.behind = [delivery(2), delivery(3)]
    await rig.send(delivery())
    assert [number for number, _ in rig.ledger.settled] == [1, 2, 3]


@pytest.mark.parametrize(
    ("error", "seconds"), [(DeliveryRetry(), 1.0), (DeliveryRetry("", 7.5), 7.5)]
)
async def test_later(rig: Rig, error: DeliveryRetry, seconds: float) -> None:
    """What certainly did not arrive is sent again, when the platform says or soon."""
    rig.platform.sends = [error]
    settled = await rig.send(delivery())
    assert settled.state is DeliveryState.PENDING
    assert settled.retry_at == START + seconds
    assert not settled.doubtful
    assert rig.changes == 1


async def test_patience_grows(rig: Rig) -> None:
    """The tenth attempt waits a minute."""
    rig.platform.sends = [DeliveryRetry()]
    settled = await rig.send(replace(delivery(), attempts=9))
    assert settled.retry_at == START + 60


async def test_a_doubt(rig: Rig) -> None:
    """What may have arrived is not sent again before the platform was asked."""
    rig.platform.sends = [DeliveryUnknown()]
    settled = await rig.send(delivery())
    assert settled.state is DeliveryState.PENDING
    assert settled.doubtful
    assert settled.retry_at >= START + 3


async def test_a_doubt_where_nobody_can_be_asked(clock: TestClock) -> None:
    """A platform that cannot tell leaves the message unconfirmed, for people to decide."""
    rig = Rig(clock, can_be_asked=False)
    rig.platform.sends = [DeliveryUnknown()]
    assert (await rig.send(delivery())).state is DeliveryState.UNCONFIRMED


async def test_a_doubt_of_before_where_nobody_can_be_asked(clock: TestClock) -> None:
    """The process died while it sent: the message is not sent again by itself."""
    rig = Rig(clock, can_be_asked=False)
    settled = await rig.send(replace(delivery(), doubtful=True))
    assert settled == Settlement(DeliveryState.UNCONFIRMED, reason="DeliveryUnknown")


@pytest.mark.parametrize("can_be_asked", [True, False])
async def test_a_doubtful_edit_is_simply_repeated(clock: TestClock, can_be_asked: bool) -> None:
    """To make it twice does no harm, and nobody can be asked about it."""
    rig = Rig(clock, can_be_asked=can_be_asked)
    edit = replace(delivery(), message=replace(delivery().message, replaces="t0.1"))
    rig.platform.sends = [DeliveryUnknown()]
    settled = await rig.send(edit)
    assert (settled.state, settled.doubtful) == (DeliveryState.PENDING, False)
    assert (await rig.send(replace(edit, doubtful=True))).ref == "ref-1"


async def test_a_doubt_is_resolved(rig: Rig) -> None:
    """The platform knows it: it counts as sent, and is not sent again."""
    rig.platform.finds = ["found"]
    settled = await rig.send(replace(delivery(), doubtful=True))
    assert settled == Settlement(DeliveryState.SENT, ref="found")
    assert rig.platform.asked_at == [3.0]


async def test_a_doubt_is_asked_twice(rig: Rig) -> None:
    """A platform may show a post late: only the second no is believed."""
    rig.platform.finds = [None, "found"]
    settled = await rig.send(replace(delivery(), doubtful=True))
    assert settled.ref == "found"
    assert rig.platform.asked_at == [3.0, 6.0]


async def test_a_doubt_that_was_unfounded(rig: Rig) -> None:
    """It is not there after two looks, and is sent."""
    rig.platform.finds = [None, None]
    assert (await rig.send(replace(delivery(), doubtful=True))).ref == "ref-1"


async def test_a_doubt_about_which_the_platform_wants_patience(rig: Rig) -> None:
    """It is asked again when the platform says: many doubts at once must not all ask too soon."""
    rig.platform.finds = [DeliveryRetry("", 7.5)]
    settled = await rig.send(replace(delivery(), doubtful=True, attempts=9))
    assert settled.retry_at == START + 3 + 7.5
    assert settled.doubtful


@pytest.mark.parametrize("error", [DeliveryRetry(), DeliveryUnknown()])
async def test_a_doubt_that_cannot_be_resolved_now(rig: Rig, error: Exception) -> None:
    """The platform cannot be asked: the doubt stays."""
    rig.platform.finds = [error]
    settled = await rig.send(replace(delivery(), doubtful=True))
    assert settled.state is DeliveryState.PENDING
    assert settled.doubtful


@pytest.mark.parametrize("error", [RowFatal("too long"), PlaceFatal("archived")])
async def test_never(rig: Rig, error: Exception) -> None:
    """The message or the place is hopeless: the row is dead, and its lane is told."""
    rig.platform.sends = [error]
    settled = await rig.send(delivery())
    reason = f"{type(error).__name__}: {error}"
    assert settled == Settlement(DeliveryState.DEAD, reason=reason)
    assert rig.changes == 1


async def test_the_installation_is_broken(rig: Rig) -> None:
    """Nothing dies of a revoked token; that it is revoked is known until something arrives."""
    rig.platform.sends = [InstallationFatal()]
    settled = await rig.send(delivery())
    assert settled.state is DeliveryState.PENDING
    assert settled.retry_at == START + 60
    assert rig.courier.revoked == {"irc"}
    await rig.send(delivery())
    assert rig.courier.revoked == set()


async def test_an_adapter_that_breaks_its_promise(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """A defect in an adapter is a doubt, and logged."""
    rig.platform.sends = [ZeroDivisionError()]
    assert (await rig.send(delivery())).doubtful
    assert "broke its promise" in caplog.text


async def test_a_platform_that_was_taken_out(rig: Rig) -> None:
    """Messages to a platform that is not configured any more wait for its return."""
    message = replace(delivery().message, conversation=replace(PLACE, platform="icq"))
    settled = await rig.send(replace(delivery(), message=message))
    assert settled.state is DeliveryState.PENDING
    assert settled.reason == "NoAdapter"


async def test_a_platform_that_is_not_connected_yet(rig: Rig, clock: TestClock) -> None:
    """A turn of another platform wrote to it: nothing is sent, and it is due as soon as that is."""
    adapters = cast(Mapping[str, Adapter], {"irc": rig.platform})
    rig.courier = Courier(cast(Turns, rig.ledger), adapters, clock, rig._changed, {"irc"})
    rig.platform.sends = [ZeroDivisionError()]
    settled = await rig.send(delivery())
    assert settled == Settlement(DeliveryState.PENDING, retry_at=START, reason="NotConnected")
    assert len(rig.platform.sends) == 1


async def test_what_was_sent_is_recorded_in_the_end(rig: Rig) -> None:
    """The disk hiccups after the post: it is recorded when that is over, and not posted again."""
    rig.ledger.down = 3
    assert (await rig.send(delivery())).ref == "ref-1"
    assert len(rig.ledger.settled) == 1


async def test_a_drain_waits_for_what_is_on_its_way(rig: Rig, clock: TestClock) -> None:
    """A post that takes a second is still recorded."""
    rig.platform.seconds = 1.0
    rig.courier.send(delivery())
    draining = asyncio.create_task(rig.courier.drain(5.0))
    await clock.until(draining.done)
    assert len(rig.ledger.settled) == 1


async def test_a_drain_does_not_wait_for_ever(rig: Rig, clock: TestClock) -> None:
    """A platform that hangs does not keep the process alive; it is asked after the restart."""
    rig.platform.seconds = 100.0
    rig.courier.send(delivery())
    draining = asyncio.create_task(rig.courier.drain(5.0))
    await clock.until(draining.done, at_most=6)
    assert rig.ledger.settled == []


# How many at once


async def test_no_more_on_their_way_than_can_be(clock: TestClock) -> None:
    """Where nobody can be asked, what only waits for a connection would be in doubt after a crash;
    it is taken when another has arrived.
    """
    rig = Rig(clock, can_be_asked=False)
    rig.platform.seconds = 5.0
    for n in range(MOST_IN_DOUBT - 1):
        rig.courier.send(delivery(n))
    assert rig.courier.room == 1
    rig.courier.send(delivery(MOST_IN_DOUBT))
    assert rig.courier.room == 0
    await clock.advance(5)
    assert rig.courier.room == MOST_IN_DOUBT
    assert rig.changes > 0


async def test_who_can_be_asked_takes_no_room(rig: Rig) -> None:
    """After a crash such a platform says itself what arrived."""
    rig.platform.seconds = 5.0
    rig.courier.send(delivery())
    assert rig.courier.room == MOST_IN_DOUBT
