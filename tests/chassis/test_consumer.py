"""Facts in: each is handled once, with its row in the inbox, and what one of them does is not the others' trouble."""

import asyncio
from datetime import UTC, datetime

import pytest

from coursemesh.user.v1.user_events_pb2 import UserProfileChanged, UserRegistered
from services.chassis import consumer as consumers_module
from services.chassis import deadletters, facts
from services.chassis.bus import Bus, fact_stream
from services.chassis.tables import inbox
from tests.chassis.notes import NoteStore, NoteUnit, opened
from tests.chassis.running import SERVICE, at_work, connected, counting, fact, none_pending, publish
from tests.support import schemas
from tests.support.waiting import eventually
from workbench.infrastructure import postgres as postgres_servers
from workbench.infrastructure.server import Server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers_module, "BACKOFF", (0.05, 0.1))
    monkeypatch.setattr(consumers_module, "_HEARTBEAT", 0.5)


async def counts(store: NoteStore, *names: str) -> list[int]:
    return [await store.count(name) for name in names]


async def test_a_fact_is_handled_and_acked(streams: Bus, store: NoteStore) -> None:
    async with at_work(*counting(streams, store)):
        await publish(streams, fact("a"), fact("b"))
        await eventually(lambda: store.count("b"))
        await eventually(lambda: none_pending(streams))
    assert await counts(store, "a", "b") == [1, 1]
    assert await store.rows(inbox) == 2


async def test_facts_from_before_the_consumer_came_are_handled(streams: Bus, sqlite_store: NoteStore) -> None:
    await publish(streams, *(fact(f"{number:03}") for number in range(150)))
    async with at_work(*counting(streams, sqlite_store)):
        await eventually(lambda: sqlite_store.count("149"))
    assert len(await sqlite_store.ids()) == 150


async def test_a_fact_that_is_delivered_twice_is_handled_once(streams: Bus, store: NoteStore) -> None:
    twice = fact("a")
    async with at_work(*counting(streams, store)):
        await publish(streams, twice, twice)  # in one batch, perhaps
        await eventually(lambda: store.count("a"))
        await publish(streams, twice, fact("last"))
        await eventually(lambda: store.count("last"))
        await eventually(lambda: none_pending(streams))
    assert await counts(store, "a") == [1]


async def test_only_facts_with_a_handler_are_asked_for(streams: Bus, sqlite_store: NoteStore) -> None:
    other = facts.new("user", "x", UserProfileChanged(), datetime.now(UTC))
    async with at_work(*counting(streams, sqlite_store)):
        await publish(streams, other, fact("a"))
        await eventually(lambda: sqlite_store.count("a"))
        await eventually(lambda: none_pending(streams))
    assert await sqlite_store.rows(inbox) == 1
    assert [letter async for letter in deadletters.every(streams)] == []


async def test_what_a_handler_wrote_before_it_failed_is_undone_and_done_once_in_the_end(
    streams: Bus, store: NoteStore
) -> None:
    seen: list[int] = []

    async def fail_once(unit: NoteUnit, message: UserRegistered) -> None:
        seen.append(await unit.count_up(message.user.id))
        unit.tell(message.user.id)
        if len(seen) <= 2:  # once in the batch, once alone
            raise RuntimeError

    async with at_work(*counting(streams, store, fail_once)):
        await publish(streams, fact("a"))
        await eventually(lambda: store.count("a"))
        await eventually(lambda: none_pending(streams))
    assert set(seen) == {1}  # each time it began afresh
    assert len(seen) == 3
    assert await store.rows(inbox) == 1
    assert [each.subject for each in await store.unsent(0, 10)] == ["a"]


async def test_one_bad_fact_neither_holds_up_nor_repeats_the_others(streams: Bus, store: NoteStore) -> None:
    done: list[str] = []

    async def but_one(unit: NoteUnit, message: UserRegistered) -> None:
        await unit.count_up(message.user.id)
        if message.user.id == "07":
            raise RuntimeError("never")
        done.append(message.user.id)

    names = [f"{number:02}" for number in range(20)]
    await publish(streams, *(fact(name) for name in names))
    async with at_work(*counting(streams, store, but_one)):
        await eventually(lambda: store.count("19"))
        assert set(await store.ids()) == set(names) - {"07"}
        assert set(await counts(store, *await store.ids())) == {1}
        await eventually(lambda: none_pending(streams))
    assert await store.rows(inbox) == 19


async def test_a_handler_that_hangs_is_cut_off_and_the_others_go_on(
    streams: Bus, sqlite_store: NoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers_module, "_ACK_WAIT", 1.0)

    async def hang_on_a(unit: NoteUnit, message: UserRegistered) -> None:
        await unit.count_up(message.user.id)
        if message.user.id == "a":
            await asyncio.sleep(60)

    async with at_work(*counting(streams, sqlite_store, hang_on_a)):
        await publish(streams, fact("a"), fact("b"))
        await eventually(lambda: sqlite_store.count("b"))
    assert await counts(sqlite_store, "a") == [0]


async def test_a_consumer_that_comes_first_waits_for_the_stream(own_broker: Server, sqlite_store: NoteStore) -> None:
    async with connected(own_broker) as bus, at_work(*counting(bus, sqlite_store)):
        await asyncio.sleep(0.1)
        await bus.ensure(fact_stream("user"))
        await publish(bus, fact("a"))
        await eventually(lambda: sqlite_store.count("a"))


async def test_facts_go_on_after_the_broker_was_killed(
    streams: Bus, own_broker: Server, sqlite_store: NoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers_module, "_ACK_WAIT", 1.0)  # an ack may be lost in the fall
    async with at_work(*counting(streams, sqlite_store)):
        await publish(streams, fact("before"))
        await eventually(lambda: sqlite_store.count("before"))
        own_broker.kill()
        own_broker.start()
        async with connected(own_broker) as another:
            await publish(another, fact("after"))
        await eventually(lambda: sqlite_store.count("after"))
        await eventually(lambda: none_pending(streams))
    assert await counts(sqlite_store, "before", "after") == [1, 1]


async def test_a_consumer_that_was_deleted_is_made_again(streams: Bus, sqlite_store: NoteStore) -> None:
    async with at_work(*counting(streams, sqlite_store)):
        await publish(streams, fact("a"))
        await eventually(lambda: sqlite_store.count("a"))
        await streams.js.delete_consumer("USER", SERVICE)
        await publish(streams, fact("b"))
        await eventually(lambda: sqlite_store.count("b"))
    assert await counts(sqlite_store, "a", "b") == [1, 1]  # it all came again, and was known


async def test_facts_wait_while_the_store_is_away_and_are_not_dead(streams: Bus) -> None:
    with postgres_servers.temporary() as server:
        async with opened(schemas.fresh(server)) as store, at_work(*counting(streams, store)):
            await publish(streams, fact("before"))
            await eventually(lambda: store.count("before"))
            server.kill()
            await publish(streams, fact("away"), fact("away too"))
            await eventually(lambda: redelivered(streams))
            assert [letter async for letter in deadletters.every(streams)] == []
            server.start()
            await eventually(lambda: none_pending(streams))
            assert await counts(store, "before", "away", "away too") == [1, 1, 1]


async def redelivered(streams: Bus) -> bool:
    """More often than a fact that fails by itself would be."""
    info = await streams.js.consumer_info("USER", SERVICE)
    return bool(info.delivered and info.delivered.consumer_seq > 3 + 2 * (len(consumers_module.BACKOFF) + 1))
