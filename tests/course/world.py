"""What tests of courses share: drafts as instructors write them, courses that are stored, and the relay at work."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from nats.js.errors import NotFoundError

from coursemesh.course.v1 import course_pb2 as pb
from services.chassis.bus import Bus
from services.chassis.facts import new_id
from services.chassis.relay import Outbox, Relay
from services.course import domain
from services.course.domain import Course, Draft, Lesson, Level, Module, Money, State
from services.course.store import CourseStore

NOW = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, 0, 0, 456000, tzinfo=UTC)


def a_draft(**changes: Any) -> Draft:
    lessons = (Lesson("", "Knots", "Over, under, through.", 20), Lesson("", "Wind", "", 0))
    draft = Draft(
        title="Sailing for Beginners",
        summary="From the shore to the sea.",
        description="# Sailing",
        level=Level.BEGINNER,
        language="en",
        tags=("sea", "sport"),
        price=Money(4900, "EUR"),
        capacity=10,
        modules=(Module("", "Ashore", lessons),),
    )
    return replace(draft, **changes)


def a_course(instructor_id: str = "", state: State = State.DRAFT, **changes: Any) -> Course:
    course = domain.create(new_id(), instructor_id or new_id(), a_draft(**changes), new_id, NOW)
    if state is not State.DRAFT:
        course, _ = domain.publish(course, "", NOW)
    if state is State.ARCHIVED:
        course, _ = domain.archive(course, "", NOW)
    return course


def written(**changes: Any) -> pb.CourseDraft:
    """A draft on the wire."""
    draft = pb.CourseDraft(
        title="Sailing for Beginners",
        level=pb.LEVEL_BEGINNER,
        language="en",
        tags=["sea"],
        price=pb.Money(amount_minor=4900, currency_code="EUR"),
        capacity=10,
        modules=[pb.Module(title="Ashore", lessons=[pb.Lesson(title="Knots", duration_minutes=20)])],
    )
    for field in changes:
        draft.ClearField(field)
    draft.MergeFrom(pb.CourseDraft(**{field: value for field, value in changes.items() if value is not None}))
    return draft


async def added(store: CourseStore, course: Course) -> Course:
    async with store.begin() as unit:
        await unit.add(course)
    return course


async def put(store: CourseStore, course: Course, fact: domain.Fact | None) -> Course:
    async with store.begin() as unit:
        await unit.save(course, fact)
    return course


async def stored(store: CourseStore, course_id: str) -> Course | None:
    async with store.read() as unit:
        return await unit.course(course_id)


async def waiting(store: CourseStore) -> list[tuple[str, str]]:
    """The facts in the outbox, oldest first: name and subject."""
    return [(fact.type.rpartition(".")[2], fact.subject) for fact in await store.unsent(0, 10_000)]


@asynccontextmanager
async def relaying(outbox: Outbox, broker: str) -> AsyncIterator[tuple[Bus, Relay]]:
    """A relay at work, as the chassis runs it."""
    bus = Bus(broker, "test")
    await bus.start()
    relay = Relay(bus, "course")
    running = asyncio.create_task(relay.run(outbox))
    try:
        yield bus, relay
        assert not running.done(), "the relay died"
    finally:
        running.cancel()
        await asyncio.wait([running])
        await bus.close()


async def in_stream(bus: Bus) -> Sequence[tuple[str, str]]:
    """What the stream COURSE holds, oldest first: name and subject of each fact."""
    try:
        last = (await bus.js.stream_info("COURSE")).state.last_seq
    except NotFoundError:
        return []
    messages = [await bus.js.get_msg("COURSE", seq) for seq in range(1, last + 1)]
    return [((each.subject or "").rpartition(".")[2], (each.headers or {})["ce-subject"]) for each in messages]
