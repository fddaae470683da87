"""Parts of a service at work beside the test, and what lies in the streams."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from nats.js.errors import NotFoundError

from coursemesh.user.v1.user_events_pb2 import UserRegistered
from services.chassis import facts
from services.chassis.bus import Bus
from services.chassis.consumer import Handler, consumers
from services.chassis.facts import Fact
from services.chassis.relay import Relay
from tests.chassis.notes import NoteStore, NoteUnit, registered

# Who consumes.
SERVICE = "course"


@asynccontextmanager
async def at_work(*parts: Coroutine[Any, Any, None]) -> AsyncIterator[list["asyncio.Task[None]"]]:
    """Runs the parts and stops them as the chassis does; one that died makes the test fail."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        _, late = await asyncio.wait(tasks, timeout=10)
        while not all(task.done() for task in late):
            for task in late:
                task.cancel()
            await asyncio.sleep(0.01)
    assert not late, "asked once to stop, a part went on"
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends), ends


@asynccontextmanager
async def connected(url: str, name: str = "test") -> AsyncIterator[Bus]:
    bus = Bus(url, name)
    await bus.start()
    async with asyncio.timeout(10):
        await bus.ready()
    try:
        yield bus
    finally:
        await bus.close()


def relay(bus: Bus, store: NoteStore) -> Coroutine[Any, Any, None]:
    """The relay of the store, which its commits are handed to."""
    made = Relay(bus, "user")
    store.committed = made.hand
    return made.run(store)


async def count(unit: NoteUnit, message: UserRegistered) -> None:
    await unit.count_up(message.user.id)


def counting(
    bus: Bus, store: NoteStore, handler: Handler = count, service: str = SERVICE
) -> list[Coroutine[Any, Any, None]]:
    """The consumers of a service that counts what it hears of."""
    return [consumer.run() for consumer in consumers(bus, service, {UserRegistered: handler}, store)]


async def none_pending(bus: Bus, stream: str = "USER") -> bool:
    """Whether every message was given out and acked."""
    info = await bus.js.consumer_info(stream, SERVICE)
    return not info.num_ack_pending and not info.num_pending


def fact(name: str) -> Fact:
    return facts.new("user", name, registered(name), datetime.now(UTC))


async def in_stream(bus: Bus, stream: str = "USER") -> list[str]:
    """The ids of the facts in the stream, in order."""
    try:
        state = (await bus.js.stream_info(stream)).state
    except NotFoundError:
        return []
    if not state.messages:
        return []
    found = [await bus.js.get_msg(stream, seq=number) for number in range(state.first_seq, state.last_seq + 1)]
    return [(each.headers or {}).get("ce-id", "") for each in found]


async def publish(bus: Bus, *happened: Fact) -> None:
    """Straight into the stream, with no id that the broker would know: as often as it is called."""
    for each in happened:
        headers = {name: value for name, value in each.headers().items() if name != "Nats-Msg-Id"}
        await bus.js.publish(each.type, each.data.SerializeToString(), headers=headers)
