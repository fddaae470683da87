"""Facts out: what is committed is in its stream, once, whatever happens to the relay and the broker in between."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from services.chassis import relay as relays
from services.chassis.bus import Bus
from services.chassis.facts import Fact
from services.chassis.relay import Relay
from services.chassis.tables import outbox
from tests.chassis.notes import NoteStore, opened
from tests.chassis.running import at_work, connected, in_stream, relay
from tests.support.waiting import eventually
from workbench.infrastructure.server import Server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "_SWEEP_EVERY", 0.1)
    monkeypatch.setattr(relays, "_SWEEP_AFTER", 0.2)


async def add(store: NoteStore, *names: str) -> None:
    for name in names:
        async with store.begin() as unit:
            await unit.add(name)


async def all_sent(store: NoteStore) -> bool:
    return not await store.unsent(-1, 1)


async def told(store: NoteStore) -> list[str]:
    """The ids of all facts that were ever committed."""
    async with store.read() as unit:
        return list((await unit.execute(select(outbox.c.id).order_by(outbox.c.id))).scalars())


async def test_a_committed_fact_is_in_its_stream_once(bus: Bus, store: NoteStore) -> None:
    async with at_work(relay(bus, store)):
        await add(store, "a", "b", "c")
        await eventually(lambda: all_sent(store))
    assert sorted(await in_stream(bus)) == await told(store)
    found = await bus.js.get_msg("USER", seq=1)
    assert found.subject == "coursemesh.user.v1.UserRegistered"
    assert found.headers
    assert found.headers["ce-source"] == "/coursemesh/user"


async def test_a_commit_wakes_the_relay_and_no_timer_does(
    bus: Bus, sqlite_store: NoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "_SWEEP_EVERY", 600)
    async with at_work(relay(bus, sqlite_store)):
        await eventually(lambda: stream_is_there(bus))
        await add(sqlite_store, "a")
        await eventually(lambda: all_sent(sqlite_store), 5)


async def stream_is_there(bus: Bus) -> bool:
    return "USER" in {info.config.name for info in await bus.js.streams_info()}


async def test_facts_of_a_process_that_was_killed_are_published_at_the_next_start(
    bus: Bus, store: NoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "_SWEEP_EVERY", 600)
    await add(store, "a", "b")  # nobody relays
    async with at_work(relay(bus, store)):
        await eventually(lambda: all_sent(store))
    assert sorted(await in_stream(bus)) == await told(store)


class Forgetful:
    """An outbox that is cut off once after the publish, before the mark."""

    def __init__(self, store: NoteStore) -> None:
        self.store, self.cut = store, 0

    async def unsent(self, older_than: float, limit: int) -> Sequence[Fact]:
        return await self.store.unsent(older_than, limit)

    async def sent(self, ids: Sequence[str]) -> None:
        if ids and not self.cut:
            self.cut += 1
            raise ConnectionError
        await self.store.sent(ids)


async def test_a_fact_that_was_published_and_not_marked_is_in_its_stream_once(
    bus: Bus, sqlite_store: NoteStore
) -> None:
    made, forgetful = Relay(bus, "user"), Forgetful(sqlite_store)
    sqlite_store.committed = made.hand
    async with at_work(made.run(forgetful)):
        await add(sqlite_store, "a", "b", "c")
        await eventually(lambda: all_sent(sqlite_store))
    assert forgetful.cut == 1
    assert sorted(await in_stream(bus)) == await told(sqlite_store)


async def test_replicas_that_relay_one_outbox_publish_each_fact_once(own_broker: Server, database_url: str) -> None:
    async with (
        opened(database_url) as one,
        opened(database_url) as other,
        connected(own_broker) as first,
        connected(own_broker) as second,
    ):
        await add(one, *(f"before {number}" for number in range(10)))
        async with at_work(relay(first, one), relay(second, other)):
            await asyncio.gather(
                *(add(one, f"one {number}") for number in range(10)),
                *(add(other, f"other {number}") for number in range(10)),
            )
            await eventually(lambda: all_sent(one))
        assert sorted(await in_stream(first)) == await told(one)
        assert len(await told(one)) == 30


async def test_facts_that_are_committed_while_the_broker_is_away_arrive_after_its_return(
    own_broker: Server, sqlite_store: NoteStore
) -> None:
    async with connected(own_broker) as bus, at_work(relay(bus, sqlite_store)):
        await add(sqlite_store, "before")
        await eventually(lambda: all_sent(sqlite_store))
        own_broker.kill()
        await add(sqlite_store, *(f"away {number}" for number in range(20)))
        assert not await all_sent(sqlite_store)
        own_broker.start()
        await add(sqlite_store, "after")
        await eventually(lambda: all_sent(sqlite_store))
        assert sorted(await in_stream(bus)) == await told(sqlite_store)


async def test_facts_are_neither_lost_nor_doubled_when_the_broker_is_killed_amid_them(
    own_broker: Server, sqlite_store: NoteStore
) -> None:
    async def keep_adding() -> None:
        for number in range(200):
            await add(sqlite_store, f"{number:03}")

    async with connected(own_broker) as bus, at_work(relay(bus, sqlite_store)):
        adding = asyncio.create_task(keep_adding())
        await eventually(lambda: len_at_least(bus, 20))
        own_broker.kill()
        own_broker.start()
        await adding
        await eventually(lambda: all_sent(sqlite_store))
        assert sorted(await in_stream(bus)) == await told(sqlite_store)
        assert len(await told(sqlite_store)) == 200


async def len_at_least(bus: Bus, count: int) -> bool:
    return len(await in_stream(bus)) >= count


async def test_a_broker_that_comes_late_gets_everything(own_broker: Server, sqlite_store: NoteStore) -> None:
    own_broker.stop()
    bus = Bus(own_broker, "test")
    await bus.start()
    async with at_work(relay(bus, sqlite_store)):
        await add(sqlite_store, "a", "b")
        assert not bus.connected
        own_broker.start()
        await eventually(lambda: all_sent(sqlite_store))
        assert sorted(await in_stream(bus)) == await told(sqlite_store)
    await bus.close()


async def test_a_stop_publishes_what_was_committed_before_it(
    bus: Bus, sqlite_store: NoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "_SWEEP_EVERY", 600)
    async with at_work(relay(bus, sqlite_store)):
        await eventually(lambda: stream_is_there(bus))
        await add(sqlite_store, *(f"{number}" for number in range(30)))
    assert await all_sent(sqlite_store)
    assert sorted(await in_stream(bus)) == await told(sqlite_store)


async def test_a_stop_does_not_wait_for_a_broker_that_is_away(
    own_broker: Server, sqlite_store: NoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "_LAST", 0.5)
    async with asyncio.timeout(20), connected(own_broker) as bus, at_work(relay(bus, sqlite_store)):
        await eventually(lambda: stream_is_there(bus))
        own_broker.kill()
        await add(sqlite_store, "a")
    assert not await all_sent(sqlite_store)


async def test_more_facts_than_the_relay_holds_wait_for_the_sweep(
    bus: Bus, sqlite_store: NoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "_HANDED_AT_MOST", 2)
    made = Relay(bus, "user")
    sqlite_store.committed = made.hand
    await add(sqlite_store, *(f"{number}" for number in range(10)))
    assert made._handed.qsize() == 2
    async with at_work(made.run(sqlite_store)):
        await eventually(lambda: all_sent(sqlite_store))
    assert sorted(await in_stream(bus)) == await told(sqlite_store)


async def test_a_full_stream_refuses_and_nothing_is_lost(bus: Bus, sqlite_store: NoteStore) -> None:
    async with at_work(relay(bus, sqlite_store)):
        await eventually(lambda: stream_is_there(bus))
        config = (await bus.js.stream_info("USER")).config
        await bus.js.update_stream(config.evolve(max_msgs=1))
        await add(sqlite_store, "a", "b", "c")
        await eventually(lambda: len_at_least(bus, 1))
        assert not await all_sent(sqlite_store)
        await bus.js.update_stream(config)
        await eventually(lambda: all_sent(sqlite_store))
    assert sorted(await in_stream(bus)) == await told(sqlite_store)
