"""Units of work on SQLite and on PostgreSQL: all or nothing, with their facts, however many at once."""

import asyncio
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, Table, insert, select, update
from sqlalchemy.exc import DBAPIError

from services.chassis import sql
from services.chassis.facts import Fact
from services.chassis.tables import Time, inbox, outbox, requests
from tests.chassis.notes import NoteStore, notes, opened
from tests.support import schemas
from workbench.infrastructure.server import Server


async def unsent(store: NoteStore) -> list[str]:
    return [fact.subject for fact in await store.unsent(0, 100)]


async def test_a_unit_commits_its_rows_and_its_facts_together(store: NoteStore) -> None:
    told: list[Fact] = []
    store.committed = told.extend
    async with store.begin() as unit:
        await unit.add("a")
        await unit.add("b")
        assert not told
    assert await store.ids() == ["a", "b"]
    assert await unsent(store) == ["a", "b"] == [fact.subject for fact in told]


async def test_a_unit_that_raises_changes_nothing_and_tells_nothing(store: NoteStore) -> None:
    told: list[Fact] = []
    store.committed = told.extend
    with pytest.raises(LookupError):
        async with store.begin() as unit:
            await unit.add("a")
            raise LookupError
    assert (await store.ids(), await unsent(store), told) == ([], [], [])


async def test_a_unit_whose_facts_cannot_be_written_changes_nothing(store: NoteStore) -> None:
    with pytest.raises(sql.StatementFailed):
        async with store.begin() as unit:
            await unit.add("a")
            unit.facts.append(unit.facts[0])  # the same id twice
    assert (await store.ids(), await unsent(store)) == ([], [])


async def test_a_unit_that_is_cancelled_changes_nothing_and_blocks_nobody(store: NoteStore) -> None:
    begun = asyncio.Event()

    async def slow() -> None:
        async with store.begin() as unit:
            await unit.add("a")
            begun.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(slow())
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5), store.begin() as unit:
        await unit.add("b")
    assert await store.ids() == ["b"]


async def test_units_cancelled_at_any_moment_leave_the_store_whole(store: NoteStore) -> None:
    async def add(number: int) -> None:
        async with store.begin() as unit:
            await unit.add(f"{number:03}")

    tasks = [asyncio.create_task(add(number)) for number in range(60)]
    for number, task in enumerate(tasks):
        await asyncio.sleep(0)
        if number % 2:
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(5), store.begin() as unit:
        await unit.add("last")
    ids = await store.ids()
    assert {f"{number:03}" for number in range(0, 60, 2)} <= set(ids)
    assert sorted(await unsent(store)) == ids


async def test_fifty_units_at_once_all_commit(store: NoteStore) -> None:
    async def count() -> None:
        async with store.begin() as unit:
            await unit.count_up("counter")
            unit.tell("counter")

    await asyncio.gather(*(count() for _ in range(50)))
    assert await store.count("counter") == 50
    assert len(await unsent(store)) == 50


async def test_units_of_two_processes_stores_on_one_file_all_commit(sqlite_url: str) -> None:
    async def count(store: NoteStore) -> None:
        for _ in range(10):
            async with store.begin() as unit:
                await unit.ids()  # read first, then written: the other may not write in between
                await asyncio.sleep(0)
                await unit.count_up("counter")

    async with opened(sqlite_url) as one, opened(sqlite_url) as other:
        await asyncio.gather(*(count(store) for store in (one, other) for _ in range(2)))
        assert await one.count("counter") == 40


async def test_a_reader_sees_what_is_committed_and_nothing_else(store: NoteStore) -> None:
    async with store.read() as reader:
        async with store.begin() as unit:
            await unit.add("a")
            assert await reader.ids() == []
        assert await reader.ids() == ["a"]


async def test_units_that_collide_are_a_conflict(postgres: Server) -> None:
    """Only PostgreSQL has units that collide: SQLite has one writer."""
    async with opened(schemas.fresh(postgres)) as store:
        async with store.begin() as unit:
            for name in "ab":
                await unit.execute(insert(notes).values(id=name, count=0))
        both = asyncio.Barrier(2)

        async def deadlocking(first: str, second: str) -> None:
            async with store.begin() as unit:
                await unit.execute(update(notes).where(notes.c.id == first).values(count=1))
                await both.wait()
                await unit.execute(update(notes).where(notes.c.id == second).values(count=1))

        ends = await asyncio.gather(deadlocking("a", "b"), deadlocking("b", "a"), return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["Conflict", "NoneType"]


async def test_a_defect_tells_its_kind_and_nothing_of_the_row(store: NoteStore) -> None:
    with pytest.raises(sql.StatementFailed) as failed:
        async with store.begin() as unit:
            await unit.execute(insert(notes).values(id="hunter2", count=None))
    assert str(failed.value) in ("IntegrityError", "NotNullViolation 23502")
    assert "hunter2" not in "".join(traceback.format_exception(failed.value))


async def test_what_the_engine_itself_says_holds_no_parameters(sqlite_store: NoteStore) -> None:
    async with sqlite_store.engine.connect() as connection:
        with pytest.raises(DBAPIError) as failed:
            await connection.execute(insert(notes).values(id="hunter2", count=None))
    assert "hunter2" not in str(failed.value)


async def test_what_is_marked_as_sent_is_not_unsent(store: NoteStore) -> None:
    async with store.begin() as unit:
        for name in "abc":
            await unit.add(name)
    first, *_ = await store.unsent(0, 1)
    await store.sent([first.id])
    assert await unsent(store) == ["b", "c"]
    assert await store.unsent(60, 100) == []  # nothing is that old


async def test_a_fact_comes_out_of_the_outbox_as_it_went_in(store: NoteStore) -> None:
    told: list[Fact] = []
    store.committed = told.extend
    async with store.begin() as unit:
        await unit.add("a")
    assert await store.unsent(0, 10) == told


async def test_a_fact_is_new_to_the_inbox_once(store: NoteStore) -> None:
    async with store.begin() as unit:
        await unit.add("a")
    (fact,) = await store.unsent(0, 1)
    async with store.begin() as unit:
        assert await unit.first_time(fact)
        assert not await unit.first_time(fact)
    with pytest.raises(LookupError):
        async with store.begin() as unit:
            assert not await unit.first_time(fact)
            raise LookupError
    async with store.begin() as unit:
        assert not await unit.first_time(fact)


async def test_what_is_done_is_forgotten_after_a_while_and_not_before(
    store: NoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago, lately = datetime.now(UTC) - timedelta(days=31), datetime.now(UTC) - timedelta(days=29)
    async with store.begin() as unit:
        for name in ("old", "new", "unsent"):
            await unit.add(name)
        for name, then in (("old", long_ago), ("new", lately)):
            await unit.execute(insert(inbox).values(fact_id=name, type="t", handled_at=then))
            await unit.execute(
                insert(requests).values(caller_id="", method="m", request_id=name, fingerprint=b"", answered_at=then)
            )
        await unit.flush()
        for name, then in (("old", long_ago), ("new", lately)):
            await unit.execute(update(outbox).where(outbox.c.subject == name).values(sent_at=then))
        await unit.execute(update(outbox).values(time=long_ago))
        unit.facts.clear()
    await store.purge()
    assert [await store.rows(table) for table in (outbox, inbox, requests)] == [2, 1, 1]
    assert await unsent(store) == ["unsent"]
    monkeypatch.setattr(sql, "_REMEMBERED", timedelta(0))
    await store.purge()
    assert [await store.rows(table) for table in (outbox, inbox, requests)] == [1, 0, 0]


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's own time zone is not UTC."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Kathmandu")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30))], ids=str)
@pytest.mark.usefixtures("far_away")
async def test_times_come_back_as_they_went_in(store: NoteStore, zone: timezone) -> None:
    metadata = MetaData()
    times = Table("times", metadata, Column("at", Time))
    async with store.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    when = datetime(2026, 2, 3, 4, 5, 6, 789012, zone)
    async with store.begin() as unit:
        await unit.execute(insert(times).values([{"at": when}, {"at": None}]))
    async with store.read() as unit:
        back = list((await unit.execute(select(times.c.at))).scalars())
    assert set(back) == {when, None}
    assert {each.tzinfo for each in back if each} == {UTC}


async def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """SQLite refuses one of two that switch a new file to write-ahead logging at the same moment."""
    for number in range(40):
        url = f"sqlite+aiosqlite:///{tmp_path}/{number}.db"
        stores = [NoteStore(url) for _ in range(4)]
        assert await asyncio.gather(*(store.reachable() for store in stores)) == [True] * 4
        for store in stores:
            await store.close()
