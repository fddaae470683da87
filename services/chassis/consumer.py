"""Facts in: durable pull consumers, done once through the inbox, bounded redelivery, then the dead letters.

The handlers' effects and the facts' rows in the inbox commit together, then the messages are acked. A message that was
acked too late or not at all comes again and is found in the inbox.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError
from opentelemetry.trace import SpanKind

from services.chassis import deadletters, facts, telemetry
from services.chassis.bus import REPLAY, Bus
from services.chassis.facts import Fact, Malformed

log = logging.getLogger(__name__)

Handler = Callable[[Any, Any], Awaitable[None]]
# Which fact (the message's class) is handled by what. A handler takes the open unit and the message.
Handlers = Mapping[type[Any], Handler]

# How long a message waits before it comes again after the first, second … failure, in seconds. Then it is dead.
BACKOFF = (0.2, 1.0, 5.0, 15.0, 30.0)
# How many messages are asked for at once, and how long a request for them stands at the broker, in seconds.
_BATCH, _STANDS = 64, 20.0
# Two missed heartbeats and the request is made again: it is lost when the broker is killed.
_HEARTBEAT = 1.0
# The broker gives a message to another replica when this one has not answered for so many seconds.
_ACK_WAIT = 10.0


class InboxUnit(Protocol):
    """What the store's unit of work must offer."""

    async def first_time(self, fact: Fact) -> bool:
        """Notes the fact in the inbox; False when it was there."""


class InboxStore(Protocol):
    def begin(self) -> AbstractAsyncContextManager[Any]:
        """A unit of work that commits when it is left without an error."""

    async def reachable(self) -> bool: ...


class Consumer:
    """Consumes from one stream, on behalf of one service. All replicas of the service share its durable consumer."""

    def __init__(
        self, bus: Bus, service: str, stream: str, subjects: Sequence[str], handlers: Handlers, store: InboxStore
    ) -> None:
        self.bus, self.service, self.stream = bus, service, stream
        self.subjects = list(subjects)
        self.handlers = {kind.DESCRIPTOR.full_name: handler for kind, handler in handlers.items()}
        self.store = store

    async def run(self) -> None:
        """Consumes until cancelled, through every absence of the broker, the stream or the store."""
        await self.bus.ready()
        while not _cancelled():  # also when an error of the client's took the cancellation's place
            try:
                await self._bind()
                await self._consume()
            except (NatsError, JetStreamError, TimeoutError, OSError) as error:
                log.debug("not consuming", extra={"stream": self.stream, "error": type(error).__name__})
                await asyncio.sleep(0.5)

    async def _bind(self) -> None:
        """Makes the durable consumer, or brings it to this configuration. Fails while the stream is not there."""
        await self.bus.js.add_consumer(
            self.stream,
            ConsumerConfig(
                durable_name=self.service,
                filter_subjects=self.subjects,
                deliver_policy=DeliverPolicy.ALL,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=_ACK_WAIT,
                # The bound on redelivery is ours, so that the last failure leads to the dead letters, not to silence.
                max_deliver=-1,
                max_ack_pending=1_000,
            ),
        )

    async def _consume(self) -> None:
        inbox = self.bus.nats.new_inbox()
        subscription = await self.bus.nats.subscribe(inbox)
        try:
            wanted = 0
            while True:
                if wanted <= 0:
                    await self._ask(inbox)
                    wanted = _BATCH
                messages, ended = await self._gather(subscription, wanted)
                wanted = 0 if ended else wanted - len(messages)
                try:
                    await self._process(messages)
                except asyncio.CancelledError:
                    await self._return(messages)
                    raise
        finally:
            await self._give_back(subscription)

    async def _ask(self, inbox: str) -> None:
        asked = {"batch": _BATCH, "expires": int(_STANDS * 1e9), "idle_heartbeat": int(_HEARTBEAT * 1e9)}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self.stream}.{self.service}"
        await self.bus.nats.publish(subject, json.dumps(asked).encode(), reply=inbox)

    async def _gather(self, subscription: Subscription, most: int) -> tuple[list[Msg], bool]:
        """The messages that are there, at least one unless the request ended. Raises when the broker is silent."""
        messages: list[Msg] = []
        while len(messages) < most and (not messages or subscription.pending_msgs):
            message = await subscription.next_msg(timeout=2.5 * _HEARTBEAT)
            status = (message.headers or {}).get("Status") if not message.data else None
            if status is None:
                messages.append(message)
            elif status == "503":
                raise NatsTimeout  # the consumer is gone: bind again
            elif status != "100":  # 100 is a heartbeat; all others end the request
                return messages, True
        return messages, False

    async def _process(self, messages: list[Msg]) -> None:
        """All in one unit, since a commit costs more than most handlers; one by one when that fails."""
        if not messages:
            return
        try:
            handled = [facts.parse(message.headers, message.data) for message in messages]
            await self._handle(handled)
        except Exception as error:
            if len(messages) == 1:
                await self._failed(messages[0], error)
                return
            for message in messages:
                await self._process([message])
            return
        for message in messages:
            await message.ack()

    async def _handle(self, batch: list[Fact]) -> None:
        async with asyncio.timeout(_ACK_WAIT / 2), self.store.begin() as unit:
            for fact in batch:
                await self._apply(unit, fact)

    async def _apply(self, unit: InboxUnit, fact: Fact) -> None:
        handler = self.handlers.get(fact.type)
        if handler is None:
            raise Malformed(f"nobody here handles {fact.type}")
        carried = telemetry.extract(fact.trace)
        with telemetry.tracer.start_as_current_span(f"handle {fact.type}", context=carried, kind=SpanKind.CONSUMER):
            if await unit.first_time(fact):
                await handler(unit, fact.data)
                log.info("handled", extra={"fact": fact.type, "id": fact.id})

    async def _failed(self, message: Msg, error: Exception) -> None:
        count = message.metadata.num_delivered
        told = {"subject": message.subject, "delivery": count}
        if not await self.store.reachable():
            # Not the message's fault: it waits until the store is back, and that is no reason for it to die.
            log.warning("the store is away; facts wait", extra=told)
            await message.nak(delay=BACKOFF[1])
            await asyncio.sleep(BACKOFF[1])
        elif isinstance(error, Malformed) or count > len(BACKOFF):
            log.error("a fact could not be handled and is now a dead letter", extra=told, exc_info=error)
            await deadletters.bury(self.bus, self.service, message, error)
            await message.term()
        else:
            log.warning("a fact could not be handled; it comes again", extra=told, exc_info=error)
            await message.nak(delay=BACKOFF[count - 1])

    async def _give_back(self, subscription: Subscription) -> None:
        """Ends the subscription, and returns what came in and was not begun."""
        if not self.bus.connected:
            return
        with contextlib.suppress(NatsError, TimeoutError, OSError):
            await subscription.unsubscribe()
            while subscription.pending_msgs:
                await self._return([await subscription.next_msg(timeout=1)])

    async def _return(self, messages: Sequence[Msg]) -> None:
        """Another replica takes them now, not after the ack wait; what was committed it finds in the inbox."""
        # Without a broker nothing can be returned, and the stop goes on all the same.
        with contextlib.suppress(NatsError, TimeoutError, OSError):
            for message in messages:
                if message.reply and not message.is_acked:
                    await message.nak()


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def consumers(bus: Bus, service: str, handlers: Handlers, store: InboxStore) -> list[Consumer]:
    """One consumer for each stream that the handled facts come from, and one for letters that are replayed."""
    by_stream: dict[str, list[str]] = {}
    for kind in handlers:
        by_stream.setdefault(facts.stream_of(kind), []).append(kind.DESCRIPTOR.full_name)
    made = [Consumer(bus, service, stream, subjects, handlers, store) for stream, subjects in by_stream.items()]
    return [*made, Consumer(bus, service, REPLAY, [f"replay.{service}.>"], handlers, store)]
