"""Facts out: the relay publishes what a commit left in the outbox, and marks it once the stream has it.

A commit hands its facts to the relay directly, so nothing waits for a timer. A sweep finds what that missed: facts of a
process that was killed, or that could not be published. Published twice, a fact is in its stream once, by its id.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError

from services.chassis import deadletters
from services.chassis.bus import Bus, fact_stream
from services.chassis.facts import Fact

log = logging.getLogger(__name__)

# How often the outbox is swept, and how old a fact is before the sweep takes it from the replica that wrote it, in
# seconds.
_SWEEP_EVERY, _SWEEP_AFTER = 1.0, 5.0
_BATCH = 200
# Facts handed over and not yet published; more than these wait for the sweep.
_HANDED_AT_MOST = 10_000
# How long the last facts may take at a stop, in seconds.
_LAST = 3.0


class Outbox(Protocol):
    """A store's outbox."""

    async def unsent(self, older_than: float, limit: int) -> Sequence[Fact]:
        """Facts not marked as sent and older than so many seconds, oldest first."""

    async def sent(self, ids: Sequence[str]) -> None:
        """Marks them."""


class Relay:
    """Publishes one service's facts. Several replicas may relay the same outbox."""

    def __init__(self, bus: Bus, service: str) -> None:
        self.bus, self.service = bus, service
        self._handed: asyncio.Queue[Fact] = asyncio.Queue(_HANDED_AT_MOST)

    def hand(self, committed: Sequence[Fact]) -> None:
        """Takes facts whose commit is done."""
        for fact in committed:
            try:
                self._handed.put_nowait(fact)
            except asyncio.QueueFull:
                return

    async def run(self, outbox: Outbox) -> None:
        """Relays until cancelled; then what was handed over is still published, for a short while."""
        await self.bus.ready()
        await self._prepare()
        sweeping = asyncio.create_task(self._sweep(outbox), name="sweep")
        batch: list[Fact] = []
        try:
            while True:
                batch = await self._next()
                await self._publish(outbox, batch)
                batch = []
        finally:
            sweeping.cancel()
            await self._finish(outbox, batch)

    async def _prepare(self) -> None:
        while True:
            try:
                await self.bus.ensure(fact_stream(self.service))
                await deadletters.prepare(self.bus)
                return
            except (NatsError, JetStreamError, TimeoutError, OSError) as error:
                log.warning("the streams could not be prepared yet", extra={"error": type(error).__name__})
                await asyncio.sleep(0.5)

    async def _next(self) -> list[Fact]:
        batch = [await self._handed.get()]
        while not self._handed.empty() and len(batch) < _BATCH:
            batch.append(self._handed.get_nowait())
        return batch

    async def _publish(self, outbox: Outbox, batch: Sequence[Fact]) -> int:
        """How many were published. The rest stay in the outbox."""
        if not self.bus.connected:
            return 0
        acked = await asyncio.gather(*(self._one(fact) for fact in batch))
        ids = [fact.id for fact, done in zip(batch, acked, strict=True) if done]
        try:
            await outbox.sent(ids)
        except Exception as error:  # the store is away: the sweep publishes them again, and the stream knows them
            log.warning("published facts could not be marked", extra={"count": len(ids), "error": type(error).__name__})
        return len(ids)

    async def _one(self, fact: Fact) -> bool:
        try:
            await self.bus.js.publish(fact.type, fact.data.SerializeToString(), headers=fact.headers())
            return True
        except (NatsError, JetStreamError, TimeoutError, OSError) as error:
            log.warning("a fact waits in the outbox", extra={"id": fact.id, "error": type(error).__name__})
            return False

    async def _sweep(self, outbox: Outbox) -> None:
        older_than = 0.0  # at the start everything: it is of a process that is no more
        while True:
            try:
                found = await outbox.unsent(older_than, _BATCH)
                published = await self._publish(outbox, found) if found else 0
                older_than = _SWEEP_AFTER if len(found) < _BATCH else older_than
                if len(found) == _BATCH == published:
                    continue
            except Exception as error:
                log.warning("the outbox could not be swept", extra={"error": type(error).__name__})
            await asyncio.sleep(_SWEEP_EVERY)

    async def _finish(self, outbox: Outbox, cut_off: Sequence[Fact]) -> None:
        try:
            async with asyncio.timeout(_LAST):
                if cut_off:  # in the middle: the stream knows those it has
                    await self._publish(outbox, cut_off)
                while not self._handed.empty():
                    await self._publish(outbox, await self._next())
        except TimeoutError:
            log.info("facts are left in the outbox for the next start", extra={"count": self._handed.qsize()})
