"""The saga through the real store: facts twice, late and out of order, on SQLite and PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from sqlalchemy import select

from coursemesh.course.v1.course_events_pb2 import CourseUpdated
from coursemesh.course.v1.course_pb2 import Course as CourseMessage
from coursemesh.payment.v1.payment_events_pb2 import PaymentCaptured, PaymentDeclined, PaymentRefunded
from services.chassis import facts
from services.chassis.facts import Fact, new_id
from services.chassis.refusals import NotFound, Refusal, ResourceExhausted
from services.chassis.tables import outbox
from services.enrollment.domain import Course, Enrollment, State
from services.enrollment.handlers import HANDLERS
from services.enrollment.store import EnrollmentStore
from services.enrollment.usecases import seats
from tests.enrollment.conftest import a_course

TIMEOUT = timedelta(minutes=10)


async def enroll(
    store: EnrollmentStore, course: Course, learner_id: str = "", timeout: timedelta = TIMEOUT
) -> Enrollment:
    async with store.begin() as unit:
        return await seats.enroll(unit, course, learner_id or new_id(), "tok_ok", timeout)


async def deliver(store: EnrollmentStore, message: Message, fact: Fact | None = None) -> Fact:
    """As the chassis delivers: the inbox and the handler in one unit."""
    fact = fact or facts.new("payment", new_id(), message, datetime.now(UTC))
    async with store.begin() as unit:
        if await unit.first_time(fact):
            await HANDLERS[type(message)](unit, message)
    return fact


async def state_of(store: EnrollmentStore, enrollment: Enrollment) -> State:
    async with store.read() as unit:
        found = await unit.enrollment(enrollment.id)
    assert found
    return found.state


async def taken(store: EnrollmentStore, course: Course) -> int:
    async with store.read() as unit:
        found = await unit.seats(course.id)
    assert found
    return found.taken


async def published(store: EnrollmentStore, enrollment: Enrollment) -> list[str]:
    async with store.read() as unit:
        rows = await unit.execute(select(outbox.c.type).where(outbox.c.subject == enrollment.id).order_by(outbox.c.id))
    return [row.type.rpartition(".")[2] for row in rows]


def captured(enrollment: Enrollment) -> PaymentCaptured:
    return PaymentCaptured(payment_id=new_id(), enrollment_id=enrollment.id)


def declined(enrollment: Enrollment) -> PaymentDeclined:
    return PaymentDeclined(payment_id=new_id(), enrollment_id=enrollment.id, decline_reason="CARD_DECLINED")


def refunded(enrollment: Enrollment) -> PaymentRefunded:
    return PaymentRefunded(payment_id=new_id(), enrollment_id=enrollment.id)


async def test_a_payment_delivered_twice_opens_the_course_once(store: EnrollmentStore) -> None:
    enrollment = await enroll(store, a_course())
    fact = await deliver(store, captured(enrollment))
    await deliver(store, fact.data, fact)
    assert await state_of(store, enrollment) is State.ACTIVE
    assert await published(store, enrollment) == ["EnrollmentRequested", "EnrollmentActivated"]


async def test_a_declined_payment_releases_the_seat_once(store: EnrollmentStore) -> None:
    course = a_course(capacity=1)
    enrollment = await enroll(store, course)
    await deliver(store, declined(enrollment))
    await deliver(store, declined(enrollment))  # another fact of the same: not even then twice
    assert await state_of(store, enrollment) is State.DECLINED
    assert await taken(store, course) == 0
    await enroll(store, course)


async def test_an_expired_enrollment_releases_its_seat_and_stays_expired(store: EnrollmentStore) -> None:
    course = a_course(capacity=1)
    late = await enroll(store, course, timeout=timedelta(seconds=-1))
    await seats.expire_due(store)
    await deliver(store, captured(late))
    assert await state_of(store, late) is State.EXPIRED
    assert await taken(store, course) == 0
    assert await published(store, late) == ["EnrollmentRequested", "EnrollmentExpired"]


async def test_what_still_has_time_does_not_expire(store: EnrollmentStore) -> None:
    enrollment = await enroll(store, a_course())
    await seats.expire_due(store)
    assert await state_of(store, enrollment) is State.PENDING


@pytest.mark.parametrize("order", [(captured, refunded), (refunded, captured)])
async def test_a_refund_ends_the_enrollment_in_whatever_order_it_comes(
    store: EnrollmentStore, order: tuple[Callable[[Enrollment], Message], ...]
) -> None:
    course = a_course()
    enrollment = await enroll(store, course)
    for make in order:
        await deliver(store, make(enrollment))
    assert await state_of(store, enrollment) is State.CANCELLED
    assert await taken(store, course) == 0


async def test_a_payment_for_an_enrollment_that_is_not_here_is_not_swallowed(store: EnrollmentStore) -> None:
    with pytest.raises(NotFound):
        await deliver(store, PaymentCaptured(payment_id=new_id(), enrollment_id=new_id()))


async def _outcomes(asked: list[Awaitable[Any]]) -> tuple[int, list[BaseException]]:
    answers = await asyncio.gather(*asked, return_exceptions=True)
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    return len(answers) - len(failures), failures


async def test_of_twenty_learners_after_ten_seats_ten_get_one(store: EnrollmentStore) -> None:
    course = a_course(capacity=10)
    async with store.begin() as unit:
        await unit.keep(course)
    seated, refused = await _outcomes([enroll(store, course) for _ in range(20)])
    assert seated == 10
    assert [type(each) for each in refused] == [ResourceExhausted] * 10
    assert await taken(store, course) == 10


async def test_one_learner_who_asks_ten_times_at_once_holds_one_seat(store: EnrollmentStore) -> None:
    course, learner_id = a_course(), new_id()
    async with store.begin() as unit:
        await unit.keep(course)
    seated, refused = await _outcomes([enroll(store, course, learner_id) for _ in range(10)])
    assert seated == 1
    assert {each.reason for each in refused if isinstance(each, Refusal)} == {"SEAT_TAKEN"}
    assert await taken(store, course) == 1


async def test_a_seat_can_be_taken_again_after_it_was_given_back(store: EnrollmentStore) -> None:
    course, learner_id = a_course(capacity=1), new_id()
    first = await enroll(store, course, learner_id)
    async with store.begin() as unit:
        await seats.cancel(unit, learner_id, first.id)
    second = await enroll(store, course, learner_id)
    assert second.id != first.id
    assert await taken(store, course) == 1


async def test_a_seat_that_is_refused_leaves_nothing_behind(store: EnrollmentStore) -> None:
    course = a_course(capacity=1)
    await enroll(store, course)
    learner_id = new_id()
    with pytest.raises(ResourceExhausted):
        await enroll(store, course, learner_id)
    async with store.read() as unit:
        assert not await unit.holds_seat(learner_id, course.id)
        assert len((await unit.execute(select(outbox))).all()) == 1


async def test_an_older_version_of_a_course_that_comes_late_changes_nothing(store: EnrollmentStore) -> None:
    course_id = new_id()
    for version, capacity in ((2, 20), (1, 5), (3, 30), (2, 20)):
        message = CourseMessage(id=course_id, version=version, title="T", capacity=capacity)
        await deliver(store, CourseUpdated(course=message))
    async with store.read() as unit:
        found = await unit.seats(course_id)
    assert found
    assert (found.course.version, found.course.capacity) == (3, 30)


async def test_facts_and_effects_commit_together_or_not_at_all(store: EnrollmentStore) -> None:
    enrollment = await enroll(store, a_course())
    message = captured(enrollment)
    fact = facts.new("payment", new_id(), message, datetime.now(UTC))
    with pytest.raises(RuntimeError, match="power cut"):
        async with store.begin() as unit:
            assert await unit.first_time(fact)
            await HANDLERS[PaymentCaptured](unit, message)
            raise RuntimeError("power cut")
    assert await state_of(store, enrollment) is State.PENDING
    assert await published(store, enrollment) == ["EnrollmentRequested"]
    await deliver(store, message, fact)
    assert await state_of(store, enrollment) is State.ACTIVE
