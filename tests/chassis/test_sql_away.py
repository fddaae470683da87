"""A store that is away, or has no connection to spare, is a refusal; and it comes back by itself."""

import asyncio
from collections.abc import Iterator

import pytest

from services.chassis.refusals import Unavailable
from tests.chassis.notes import NoteStore, opened
from tests.support import schemas
from workbench.infrastructure import postgres as postgres_servers
from workbench.infrastructure.server import Server


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Server]:
    """A server to be killed; every test leaves it running."""
    with postgres_servers.temporary() as server:
        yield server


async def test_a_store_that_is_away_is_unavailable_and_comes_back(own_postgres: Server) -> None:
    async with opened(schemas.fresh(own_postgres)) as store:
        assert await store.reachable()
        own_postgres.kill()
        for _ in range(3):
            with pytest.raises(Unavailable) as refused:
                async with store.begin() as unit:
                    await unit.add("a")
        assert refused.value.reason == "STORE_UNAVAILABLE"
        assert refused.value.retry_after
        assert await store.reachable() is False
        own_postgres.start()
        async with store.begin() as unit:
            await unit.add("b")
        assert await store.ids() == ["b"]


async def test_a_store_that_vanishes_in_the_middle_of_a_unit_is_unavailable(own_postgres: Server) -> None:
    async with opened(schemas.fresh(own_postgres)) as store:
        with pytest.raises(Unavailable):
            async with store.begin() as unit:
                await unit.add("a")
                own_postgres.kill()
                await unit.add("b")
        own_postgres.start()
        assert await store.ids() == []


async def test_a_store_whose_connections_are_all_taken_is_unavailable(store: NoteStore) -> None:
    store.engine.pool._timeout = 0.05  # type: ignore[attr-defined]
    async with asyncio.TaskGroup() as group:
        done = asyncio.Event()
        holders = [group.create_task(_hold(store, done)) for _ in range(store.engine.pool.size())]  # type: ignore[attr-defined]
        while store.engine.pool.checkedout() < len(holders):  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await store.ids()
        done.set()
    assert await store.ids() == []


async def _hold(store: NoteStore, done: asyncio.Event) -> None:
    async with store.read() as unit:
        await unit.ids()
        await done.wait()
