"""Several replicas of a service, and one that stops: the facts are shared, and none waits for who has gone."""

import asyncio

import pytest
from nats.aio.subscription import Subscription
from nats.errors import ConnectionClosedError

from coursemesh.user.v1.user_events_pb2 import UserRegistered
from services.chassis import consumer as consumers_module
from services.chassis import deadletters
from services.chassis.bus import Bus
from tests.chassis.notes import NoteStore, NoteUnit
from tests.chassis.running import SERVICE, at_work, connected, count, counting, fact, none_pending, publish
from tests.support.waiting import eventually
from workbench.infrastructure.server import Server


class Slow:
    """A handler that waits until it is let go."""

    def __init__(self) -> None:
        self.begun, self.gate = asyncio.Event(), asyncio.Event()

    async def __call__(self, unit: NoteUnit, message: UserRegistered) -> None:
        self.begun.set()
        await self.gate.wait()
        await unit.count_up(message.user.id)


async def test_two_replicas_share_the_work_and_do_each_fact_once(
    streams: Bus, own_broker: Server, store: NoteStore
) -> None:
    done: dict[str, list[str]] = {"one": [], "other": []}

    def noting(name: str) -> consumers_module.Handler:
        async def handle(unit: NoteUnit, message: UserRegistered) -> None:
            await count(unit, message)
            done[name].append(message.user.id)

        return handle

    names = [f"{number:03}" for number in range(300)]
    async with (
        connected(own_broker) as another,
        at_work(*counting(streams, store, noting("one")), *counting(another, store, noting("other"))),
    ):
        await asyncio.gather(*(publish(streams, fact(name)) for name in names))
        await eventually(lambda: none_pending(streams))
    assert await store.ids() == names
    assert all(done.values())
    assert sorted(done["one"] + done["other"]) == names


async def test_what_a_stopping_replica_has_in_hand_is_given_back_at_once(
    streams: Bus, own_broker: Server, sqlite_store: NoteStore
) -> None:
    """And not after the seconds for which the broker would wait for it."""
    slow, names = Slow(), [f"{number:03}" for number in range(200)]
    async with connected(own_broker) as leaving, at_work(*counting(leaving, sqlite_store, slow)):
        await publish(streams, fact(names[0]))
        await slow.begun.wait()  # with one, while others come in behind it
        await publish(streams, *(fact(name) for name in names[1:]))
        await eventually(lambda: given_out(64, streams))
    async with at_work(*counting(streams, sqlite_store)):
        await eventually(lambda: none_pending(streams), 5)
    assert await sqlite_store.ids() == names


async def given_out(count: int, bus: Bus) -> bool:
    return bool((await bus.js.consumer_info("USER", SERVICE)).num_ack_pending == count)


async def test_what_is_still_to_be_tried_one_by_one_is_given_back_too(
    streams: Bus, own_broker: Server, sqlite_store: NoteStore
) -> None:
    begun = asyncio.Event()
    failed = False

    async def fail_then_hang(unit: NoteUnit, message: UserRegistered) -> None:
        nonlocal failed
        if not failed:
            failed = True
            raise RuntimeError
        begun.set()
        await asyncio.Event().wait()

    await publish(streams, *(fact(f"{number}") for number in range(5)))
    async with connected(own_broker) as leaving, at_work(*counting(leaving, sqlite_store, fail_then_hang)):
        await begun.wait()
    async with at_work(*counting(streams, sqlite_store)):
        await eventually(lambda: none_pending(streams), 5)
    assert len(await sqlite_store.ids()) == 5


async def test_a_stop_while_the_broker_is_away_does_not_hang(
    streams: Bus, own_broker: Server, sqlite_store: NoteStore
) -> None:
    slow = Slow()
    async with at_work(*counting(streams, sqlite_store, slow)):  # which waits for ten seconds at most
        await publish(streams, fact("a"))
        await slow.begun.wait()
        own_broker.kill()
        await eventually(lambda: not streams.connected)


async def test_a_fact_that_is_handled_again_elsewhere_is_known_there(
    streams: Bus, own_broker: Server, sqlite_store: NoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ack is lost: the broker gives the fact to another replica, which finds it in the inbox."""
    monkeypatch.setattr(consumers_module, "_ACK_WAIT", 0.5)
    lost = 0

    async def lose(_message: object) -> None:
        nonlocal lost
        lost += 1

    async with connected(own_broker) as leaving:
        with monkeypatch.context() as patched:
            patched.setattr("nats.aio.msg.Msg.ack", lose)
            async with at_work(*counting(leaving, sqlite_store)):
                await publish(streams, fact("a"))
                await eventually(lambda: lost)
    async with at_work(*counting(streams, sqlite_store)):
        await eventually(lambda: none_pending(streams))
    assert await sqlite_store.count("a") == 1
    assert [letter async for letter in deadletters.every(streams)] == []


async def test_a_stop_that_the_client_takes_for_an_error_of_its_own_is_still_a_stop(
    streams: Bus, sqlite_store: NoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client of the broker does that when its connection is closed at the wrong moment."""
    next_msg = Subscription.next_msg

    async def mistaken(subscription: Subscription, timeout: float) -> object:
        try:
            return await next_msg(subscription, timeout)
        except asyncio.CancelledError:
            raise ConnectionClosedError from None

    monkeypatch.setattr(Subscription, "next_msg", mistaken)
    async with at_work(*counting(streams, sqlite_store)):
        await publish(streams, fact("a"))
        await eventually(lambda: sqlite_store.count("a"))
