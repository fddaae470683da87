"""A document server that is killed, stopped or late: what was acknowledged is there, and nothing is half done."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.chassis import relay
from services.chassis.facts import new_id
from services.chassis.refusals import Unavailable
from services.chassis.requests import Conflict, Key
from services.course import domain
from services.course.domain import State
from services.course.store import CourseStore
from tests.course.world import a_course, added, in_stream, put, relaying, stored, waiting
from tests.support.waiting import eventually
from workbench.infrastructure.server import Server

freezes = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="looks at a process' threads as Linux shows them"
)


@pytest.fixture
async def own_store(own_documents: Server) -> AsyncIterator[CourseStore]:
    opened = CourseStore(f"{own_documents}/course")
    await opened.prepare()
    yield opened
    await opened.close()


async def _write_until_it_is_gone(store: CourseStore, acknowledged: dict[str, State]) -> None:
    """Drafts, and courses published from them, each noted when its commit was acknowledged."""
    while True:
        try:
            draft = await added(store, a_course())
            acknowledged[draft.id] = State.DRAFT
            await put(store, *domain.publish(draft, "", datetime.now(UTC)))
            acknowledged[draft.id] = State.PUBLISHED
        except (Unavailable, Conflict):
            return


async def test_what_was_acknowledged_survives_a_kill_and_its_facts_arrive(
    own_store: CourseStore, own_documents: Server, own_broker: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "_SWEEP_EVERY", 0.05)
    acknowledged: dict[str, State] = {}
    writers = [asyncio.create_task(_write_until_it_is_gone(own_store, acknowledged)) for _ in range(4)]
    await eventually(lambda: len(acknowledged) > 40)
    await asyncio.to_thread(own_documents.kill)
    await asyncio.gather(*writers)
    await asyncio.to_thread(own_documents.start)
    await eventually(own_store.reachable)
    for course_id, state in acknowledged.items():
        course = await stored(own_store, course_id)
        assert course is not None
        assert course.state is state or state is State.DRAFT  # the answer of the last commit may have been lost
    published = [found["_id"] async for found in own_store.database.courses.find({"state": "PUBLISHED"})]
    assert sorted(subject for _, subject in await waiting(own_store)) == sorted(published)
    async with relaying(own_store, own_broker) as (bus, _):
        await eventually(lambda: _all_sent(own_store))
        assert sorted(subject for _, subject in await in_stream(bus)) == sorted(published)


async def test_a_server_that_is_away_is_a_refusal_that_says_so(own_store: CourseStore, own_documents: Server) -> None:
    course = await added(own_store, a_course())
    await asyncio.to_thread(own_documents.kill)
    attempts = (
        stored(own_store, course.id),
        added(own_store, a_course()),
        own_store.unsent(0, 1),
        own_store.sent(["x"]),
        own_store.answer_to(Key("me", "m", "r")),
        own_store.reachable(),
    )
    async with asyncio.timeout(10):
        refusals = await asyncio.gather(*attempts, return_exceptions=True)
    for refused in refusals:
        assert isinstance(refused, Unavailable), refused
        assert (refused.reason, refused.retry_after) == ("STORE_UNAVAILABLE", 1)
    await asyncio.to_thread(own_documents.start)
    assert await eventually(own_store.reachable)
    assert await stored(own_store, course.id) == course


async def test_a_unit_whose_server_was_killed_changes_nothing(own_store: CourseStore, own_documents: Server) -> None:
    draft, other = await added(own_store, a_course()), a_course()
    with pytest.raises((Unavailable, Conflict)):
        async with own_store.begin() as unit:
            await unit.add(other)
            await unit.save(*domain.publish(draft, "", datetime.now(UTC)))
            await asyncio.to_thread(own_documents.kill)
            await asyncio.to_thread(own_documents.start)
    assert await stored(own_store, draft.id) == draft
    assert await stored(own_store, other.id) is None
    assert await waiting(own_store) == []


@freezes
async def test_a_unit_that_is_cut_off_waits_for_its_operation_and_leaves_nothing(
    own_store: CourseStore, own_documents: Server
) -> None:
    course, key = a_course(), Key("me", "m", "r")
    claimed = asyncio.Event()

    async def write() -> None:
        async with own_store.begin() as unit:
            await unit.claim(key)
            await _freeze(own_documents)
            claimed.set()
            await unit.add(course)

    writing = asyncio.create_task(write())
    try:
        await asyncio.wait_for(claimed.wait(), 15)
        await asyncio.sleep(0.1)  # the operation is on its way
        writing.cancel()
        done, _ = await asyncio.wait([writing], timeout=0.3)
        assert not done, "an operation is still under way, and would outlast its unit"
    finally:
        os.kill(own_documents.pid, signal.SIGCONT)
    await asyncio.wait([writing], timeout=15)
    assert writing.cancelled()
    assert await stored(own_store, course.id) is None
    async with own_store.begin() as unit:
        await unit.claim(key)  # free again, at once


@freezes
async def test_a_commit_that_is_cut_off_is_done_or_not_done_at_all(
    own_store: CourseStore, own_documents: Server
) -> None:
    draft = await added(own_store, a_course())
    stopped = asyncio.Event()

    async def write() -> None:
        async with own_store.begin() as unit:
            await unit.save(*domain.publish(draft, "", datetime.now(UTC)))
            await unit.flush()
            unit.facts.clear()
            await _freeze(own_documents)
            stopped.set()

    writing = asyncio.create_task(write())
    try:
        await asyncio.wait_for(stopped.wait(), 15)
        await asyncio.sleep(0.1)  # the commit is on its way
        writing.cancel()
        done, _ = await asyncio.wait([writing], timeout=0.3)
        assert not done, "the commit is still under way"
    finally:
        os.kill(own_documents.pid, signal.SIGCONT)
    await asyncio.wait([writing], timeout=15)
    assert writing.cancelled()
    found = await stored(own_store, draft.id)
    assert found is not None
    told = [("CoursePublished", draft.id)] if found.state is State.PUBLISHED else []
    assert await waiting(own_store) == told


async def test_a_server_may_come_later_than_the_service(own_documents: Server) -> None:
    await asyncio.to_thread(own_documents.kill)
    late = CourseStore(f"{own_documents}/late_{new_id()[-6:]}")
    with pytest.raises(Unavailable):
        await late.reachable()
    await asyncio.to_thread(own_documents.start)
    assert await eventually(late.reachable)
    assert len(await late.database.courses.index_information()) > 1
    await late.close()


async def _all_sent(store: CourseStore) -> bool:
    return not await store.unsent(0, 1)


async def _freeze(server: Server) -> None:
    """Stops the server in the middle of whatever it does, and returns when each of its threads stands still."""
    os.kill(server.pid, signal.SIGSTOP)
    threads = Path(f"/proc/{server.pid}/task")
    await eventually(lambda: all(_stands(thread) for thread in threads.iterdir()))


def _stands(thread: Path) -> bool:
    return (thread / "stat").read_text().rpartition(")")[2].split()[0] == "T"
