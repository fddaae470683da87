"""Facts on their way out: each is in the stream once, whatever the relay or the broker goes through."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from coursemesh.course.v1 import course_events_pb2 as events
from services.chassis import facts, relay
from services.chassis.facts import Fact
from services.course import domain
from services.course.domain import Course
from services.course.store import CourseStore
from tests.course.world import a_course, added, in_stream, put, relaying, waiting
from tests.support.waiting import eventually
from workbench.infrastructure.server import Server


@pytest.fixture(autouse=True)
def swept_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_SWEEP_EVERY", 0.05)
    monkeypatch.setattr(relay, "_SWEEP_AFTER", 0.0)


async def _published(store: CourseStore) -> Course:
    return await put(store, *domain.publish(await added(store, a_course()), "", datetime.now(UTC)))


class LosesMarks:
    """An outbox whose marks do not arrive, as when a relay is killed after the stream's ack."""

    def __init__(self, store: CourseStore) -> None:
        self.store = store
        self.lost = 0

    async def unsent(self, older_than: float, limit: int) -> Sequence[Fact]:
        return await self.store.unsent(older_than, limit)

    async def sent(self, ids: Sequence[str]) -> None:
        self.lost += len(ids)
        raise ConnectionError


async def test_a_commit_wakes_the_relay(
    store: CourseStore, own_broker: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "_SWEEP_AFTER", 3600.0)
    async with relaying(store, own_broker) as (bus, relayed):
        store.committed = relayed.hand
        # The first one may be found by the sweep at the start, the second only by its wake.
        first = await _published(store)
        await eventually(lambda: _unsent_is(store, []))
        second = await _published(store)
        await eventually(lambda: _unsent_is(store, []))
        assert await in_stream(bus) == [("CoursePublished", first.id), ("CoursePublished", second.id)]


async def test_a_fact_carries_the_whole_course(store: CourseStore, own_broker: Server) -> None:
    course = await _published(store)
    async with relaying(store, own_broker) as (bus, _):
        await eventually(lambda: _unsent_is(store, []))
        message = await bus.js.get_msg("COURSE", 1)
    assert message.subject == "coursemesh.course.v1.CoursePublished"
    fact = facts.parse(message.headers, message.data or b"")
    assert (fact.subject, fact.source) == (course.id, "/coursemesh/course")
    assert isinstance(fact.data, events.CoursePublished)
    told = fact.data.course
    assert (told.id, told.version, told.etag) == (course.id, course.version, course.etag)
    assert [lesson.title for lesson in told.modules[0].lessons] == ["Knots", "Wind"]


async def test_a_fact_is_in_the_stream_once_also_when_the_relays_mark_is_lost(
    store: CourseStore, own_broker: Server
) -> None:
    course = await _published(store)
    losing = LosesMarks(store)
    async with relaying(losing, own_broker) as (bus, _):
        await eventually(lambda: losing.lost >= 3)
        assert await in_stream(bus) == [("CoursePublished", course.id)]
    assert await waiting(store) == [("CoursePublished", course.id)]
    async with relaying(store, own_broker) as (bus, _):
        await eventually(lambda: _unsent_is(store, []))
        assert await in_stream(bus) == [("CoursePublished", course.id)]


async def test_two_relays_of_one_outbox_publish_each_fact_once(store: CourseStore, own_broker: Server) -> None:
    ids = {(await _published(store)).id for _ in range(10)}
    async with relaying(store, own_broker), relaying(store, own_broker) as (bus, _):
        ids |= {(await _published(store)).id for _ in range(10)}
        await eventually(lambda: _unsent_is(store, []))
        found = [subject for _, subject in await in_stream(bus)]
    assert sorted(found) == sorted(ids)


async def test_facts_wait_for_a_broker_that_is_away(store: CourseStore, own_broker: Server) -> None:
    async with relaying(store, own_broker) as (bus, _):
        first = await _published(store)
        await eventually(lambda: _unsent_is(store, []))
        own_broker.kill()
        await eventually(lambda: not bus.connected)
        second = await _published(store)
        assert await waiting(store) == [("CoursePublished", second.id)]
        own_broker.start()
        await eventually(lambda: _unsent_is(store, []))
        assert await in_stream(bus) == [("CoursePublished", first.id), ("CoursePublished", second.id)]


async def test_the_longest_course_fits_into_a_message(store: CourseStore, own_broker: Server) -> None:
    lesson = domain.Lesson("", "t", "ö" * 35, 600)
    modules = tuple(domain.Module("", "m", (lesson,) * 50) for _ in range(50))
    course = await added(store, a_course(modules=modules))
    await put(store, *domain.publish(course, "", datetime.now(UTC)))
    async with relaying(store, own_broker) as (bus, _):
        await eventually(lambda: _unsent_is(store, []))
        assert await in_stream(bus) == [("CoursePublished", course.id)]


async def _unsent_is(store: CourseStore, expected: list[tuple[str, str]]) -> bool:
    return await waiting(store) == expected
