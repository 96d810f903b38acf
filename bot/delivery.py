"""Delivery: outbox rows go out, and what became of each is recorded.

The store decides what may be sent (first in line of its destination, marked SENDING by a commit);
this module sends it, asks the platform after an ambiguity, and settles. An ambiguous post is asked
for twice, not before ASK_AFTER seconds: a platform may show a message later than it took it. Where
nobody can be asked it is not sent again by itself: it stays unconfirmed, and its reader is told, or
whoever wrote what it relays. An edit does no harm when it is made twice, so it is simply
repeated.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping

from agent.defects import report
from agent.errors import (
    DeliveryError,
    DeliveryRetry,
    DeliveryUnknown,
    InstallationFatal,
    RowFatal,
    StorageError,
)
from agent.ports import Adapter, Clock, Turns
from agent.records import Committed, Delivery, DeliveryState, Settlement
from agent.tasks import Beside
from agent.text import one_line

log = logging.getLogger(__name__)

ASK_AFTER = 3.0
MOST_IN_DOUBT = 64
"""Messages on their way to platforms that cannot be asked: no more than an adapter has connections
for, since one that only waits for its turn would be in doubt as well if the process died."""
BACKOFF = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds before the next send of a message that certainly did not arrive."""
PAUSE = 60.0
"""Seconds before the next try while the installation is revoked: nothing dies of it."""
SETTLE_AGAIN = 0.5
LONGEST_REASON = 200


class Courier:
    """Sends deliveries and settles them; one task per destination at a time."""

    def __init__(
        self,
        turns: Turns,
        adapters: Mapping[str, Adapter],
        clock: Clock,
        changed: Callable[[], None],
        awaited: Collection[str] = (),
    ) -> None:
        """`changed` is told when something will be due later or a lane got new work. `awaited` are
        the platforms that are not connected yet: what is for them waits.
        """
        self._turns = turns
        self._adapters = adapters
        self._clock = clock
        self._changed = changed
        self._awaited = awaited
        self._beside = Beside()
        self._in_doubt = 0
        self.revoked: set[str] = set()

    @property
    def room(self) -> int:
        """How many deliveries may be taken now for platforms that cannot be asked."""
        return max(0, MOST_IN_DOUBT - self._in_doubt)

    def send(self, delivery: Delivery) -> None:
        """Begin to send a delivery that is marked SENDING."""
        adapter = self._adapters.get(delivery.message.conversation.platform)
        if adapter is None or adapter.capabilities.can_be_asked:
            self._beside.run(self._send_all(delivery))
        else:
            self._in_doubt += 1
            self._beside.run(self._send_in_doubt(delivery))

    async def drain(self, seconds: float) -> None:
        """Let what is on its way arrive, for at most so long; the rest is asked for at start."""
        try:
            async with self._clock.timeout(seconds):
                await self._beside.join()
        except TimeoutError:
            log.warning("some messages were still on their way")
        await self._beside.cancel()

    async def _send_in_doubt(self, delivery: Delivery) -> None:
        try:
            await self._send_all(delivery)
        finally:
            if not self.room:
                self._changed()  # others wait for it
            self._in_doubt -= 1

    async def _send_all(self, delivery: Delivery) -> None:
        """Send a delivery and those behind it in its destination."""
        following = [delivery]
        while following:
            current = following.pop(0)
            settled = await self._settle(current, await self._attempt(current))
            following.extend(settled.deliveries)
            if settled.lane_due:
                self._changed()

    async def _attempt(self, delivery: Delivery) -> Settlement:
        platform = delivery.message.conversation.platform
        adapter = self._adapters.get(platform)
        if adapter is None:
            # The platform was taken out of the configuration; the message waits for its return.
            return self._later(PAUSE, reason="NoAdapter", doubtful=delivery.doubtful)
        if platform in self._awaited:
            # The commit of another platform's turn gave it out. `due` does so once it is connected.
            return self._later(0.0, reason="NotConnected", doubtful=delivery.doubtful)
        doubtful = delivery.doubtful and not delivery.message.replaces
        if doubtful and not adapter.capabilities.can_be_asked:
            return Settlement(DeliveryState.UNCONFIRMED, reason=DeliveryUnknown().code)
        try:
            if doubtful and (ref := await self._arrived(adapter, delivery)):
                return Settlement(DeliveryState.SENT, ref=ref)
        except DeliveryRetry as error:
            # Nothing was learnt: it stays in doubt, for as long as the platform wants patience.
            wait = error.retry_after or self._delay(delivery)
            return self._later(wait, reason=_reason(error), doubtful=True)
        except DeliveryError as error:
            return self._judge(adapter, delivery, error)
        try:
            if delivery.message.under and not (delivery.under_ref or delivery.message.replaces):
                raise RowFatal("what it belongs under never arrived")  # the kernel knows where now
            ref = await adapter.send(delivery)
        except DeliveryError as error:
            return self._judge(adapter, delivery, error)
        except Exception as error:  # noqa: BLE001 the top of a task
            report(log, "an adapter broke its promise while sending", error)
            return self._judge(adapter, delivery, DeliveryUnknown())
        self.revoked.discard(platform)
        return Settlement(DeliveryState.SENT, ref=ref)

    async def _arrived(self, adapter: Adapter, delivery: Delivery) -> str | None:
        """Ask twice; the second no is believed.

        Raises:
            DeliveryError: the platform could not be asked.
        """
        waited = self._clock.now() - delivery.sending_since
        for pause in (max(0.0, ASK_AFTER - waited), ASK_AFTER):
            await self._clock.sleep(pause)
            if (ref := await adapter.find(delivery)) is not None:
                return ref
        return None

    def _judge(self, adapter: Adapter, delivery: Delivery, error: DeliveryError) -> Settlement:
        reason = _reason(error)
        log.warning("a message was not delivered: %s", reason)
        delay = self._delay(delivery)
        if isinstance(error, DeliveryRetry):
            return self._later(error.retry_after or delay, reason=reason)
        if isinstance(error, DeliveryUnknown):
            if delivery.message.replaces:
                return self._later(delay, reason=reason)
            if adapter.capabilities.can_be_asked:
                return self._later(max(delay, ASK_AFTER), reason=reason, doubtful=True)
            return Settlement(DeliveryState.UNCONFIRMED, reason=reason)
        if isinstance(error, InstallationFatal):
            self.revoked.add(adapter.platform)
            return self._later(PAUSE, reason=reason, doubtful=delivery.doubtful)
        return Settlement(DeliveryState.DEAD, reason=reason)

    def _delay(self, delivery: Delivery) -> float:
        return BACKOFF[min(delivery.attempts, len(BACKOFF) - 1)]

    def _later(self, seconds: float, *, reason: str, doubtful: bool = False) -> Settlement:
        return Settlement(
            DeliveryState.PENDING,
            retry_at=self._clock.now() + seconds,
            reason=reason,
            doubtful=doubtful,
        )

    async def _settle(self, delivery: Delivery, settlement: Settlement) -> Committed:
        """Record it; a message that was sent must not be forgotten because the disk hiccuped."""
        while True:
            try:
                committed = await self._turns.settle(delivery, settlement)
            except StorageError as error:
                log.warning("a delivery could not be recorded yet: %s", error.code)
                await self._clock.sleep(SETTLE_AGAIN)
            else:
                if settlement.state is DeliveryState.PENDING:
                    self._changed()
                return committed


def _reason(error: DeliveryError) -> str:
    """Why, for the people who look: what kind of trouble, and the platform's own word for it."""
    words = one_line(str(error), LONGEST_REASON)
    return f"{error.code}: {words}" if words else error.code
