"""Seats: taken, given back, released by whatever ends an enrollment."""

from datetime import UTC, datetime, timedelta

from services.chassis.facts import new_id
from services.enrollment import domain
from services.enrollment.domain import Change, Course, Enrollment
from services.enrollment.usecases.finding import own
from services.enrollment.usecases.ports import Store, Unit

_EXPIRED_AT_ONCE = 100


async def enroll(unit: Unit, course: Course, learner_id: str, payment_token: str, timeout: timedelta) -> Enrollment:
    await unit.keep(course)
    seats = await unit.seats(course.id)
    assert seats is not None  # noqa: S101 - it was kept above
    enrollment, facts = domain.enroll(
        seats,
        enrollment_id=new_id(),
        learner_id=learner_id,
        payment_token=payment_token,
        holds_one=await unit.holds_seat(learner_id, course.id),
        now=datetime.now(UTC),
        timeout=timeout,
    )
    await unit.take(course.id, 1)
    await unit.add(enrollment, facts)
    return enrollment


async def cancel(unit: Unit, learner_id: str, enrollment_id: str) -> Enrollment:
    before = own(await unit.enrollment(enrollment_id), learner_id)
    return await save(unit, before, domain.cancel(before, datetime.now(UTC)))


async def expire_due(store: Store) -> None:
    """Ends the enrollments whose payment did not answer in time."""
    async with store.read() as unit:
        due = await unit.due(datetime.now(UTC), _EXPIRED_AT_ONCE)
    for enrollment_id in due:
        async with store.begin() as unit:
            before = await unit.enrollment(enrollment_id)
            change = before and domain.expire(before, datetime.now(UTC))
            if before and change:
                await save(unit, before, change)


async def save(unit: Unit, before: Enrollment, change: Change) -> Enrollment:
    """Saves a change, and releases the seat with the change that ends it."""
    after, facts = change
    await unit.save(after, facts)
    if before.is_live and not after.is_live:
        await unit.take(after.course_id, -1)
    return after
