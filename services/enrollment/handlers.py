"""The facts that enrollments listen to, and what each does."""

from datetime import UTC, datetime

from coursemesh.course.v1.course_events_pb2 import CourseArchived, CoursePublished, CourseUpdated
from coursemesh.payment.v1.payment_events_pb2 import PaymentCaptured, PaymentDeclined, PaymentRefunded
from coursemesh.user.v1.user_events_pb2 import UserProfileChanged, UserRegistered
from services.chassis.consumer import Handlers
from services.chassis.refusals import NotFound
from services.enrollment import domain, wire
from services.enrollment.domain import Change, Enrollment
from services.enrollment.usecases import seats
from services.enrollment.usecases.ports import Unit


async def open_course(unit: Unit, fact: PaymentCaptured) -> None:
    """The learner paid, so the seat becomes active."""
    before = await _of(unit, fact.enrollment_id)
    await _save(unit, before, domain.captured(before, datetime.now(UTC)))


async def release_seat(unit: Unit, fact: PaymentDeclined) -> None:
    """The card was refused, so the seat is for somebody else."""
    before = await _of(unit, fact.enrollment_id)
    await _save(unit, before, domain.declined(before, fact.decline_reason, datetime.now(UTC)))


async def close_course(unit: Unit, fact: PaymentRefunded) -> None:
    """The money went back: after a cancellation that is the end of it, after an admin's refund the seat goes too."""
    before = await _of(unit, fact.enrollment_id)
    await _save(unit, before, domain.refunded(before, datetime.now(UTC)))


async def keep_course(unit: Unit, fact: CoursePublished | CourseUpdated | CourseArchived) -> None:
    """Seats and lessons follow the course."""
    await unit.keep(wire.course(fact.course))


async def keep_learner(unit: Unit, fact: UserRegistered | UserProfileChanged) -> None:
    """Certificates bear the learner's name."""
    await unit.keep_learner(wire.learner(fact.user))


async def _of(unit: Unit, enrollment_id: str) -> Enrollment:
    enrollment = await unit.enrollment(enrollment_id)
    if enrollment is None:
        raise NotFound("ENROLLMENT_UNKNOWN", "a payment for an enrollment that is not here")
    return enrollment


async def _save(unit: Unit, before: Enrollment, change: Change | None) -> None:
    if change is not None:
        await seats.save(unit, before, change)


HANDLERS: Handlers = {
    PaymentCaptured: open_course,
    PaymentDeclined: release_seat,
    PaymentRefunded: close_course,
    CoursePublished: keep_course,
    CourseUpdated: keep_course,
    CourseArchived: keep_course,
    UserRegistered: keep_learner,
    UserProfileChanged: keep_learner,
}
