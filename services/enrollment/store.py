"""Enrollments, seats and learners in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from services.chassis.paging import Asked
from services.chassis.sql import SqlStore, SqlUnit
from services.enrollment import wire
from services.enrollment.domain import LIVE, Course, Enrollment, Fact, Learner, Money, Seats, State
from services.enrollment.tables import courses, enrollments, learners


class EnrollmentUnit(SqlUnit):
    """One transaction on the tables of the enrollment service."""

    async def enrollment(self, enrollment_id: str) -> Enrollment | None:
        found = select(enrollments).where(enrollments.c.id == enrollment_id).with_for_update()
        row = (await self.execute(found)).one_or_none()
        return row and _enrollment(row)

    async def enrollments(self, learner_id: str, asked: Asked) -> Sequence[Enrollment]:
        theirs = select(enrollments).where(enrollments.c.learner_id == learner_id)
        if asked.after:
            theirs = theirs.where(enrollments.c.id < asked.after)
        rows = await self.execute(theirs.order_by(enrollments.c.id.desc()).limit(asked.size + 1))
        return [_enrollment(row) for row in rows]

    async def holds_seat(self, learner_id: str, course_id: str) -> bool:
        held = select(enrollments.c.id).where(
            enrollments.c.learner_id == learner_id,
            enrollments.c.course_id == course_id,
            enrollments.c.state.in_(sorted(LIVE)),
        )
        return (await self.execute(held)).first() is not None

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        over = select(enrollments.c.id).where(enrollments.c.state == State.PENDING, enrollments.c.expires <= now)
        return list((await self.execute(over.order_by(enrollments.c.expires).limit(limit))).scalars())

    async def add(self, enrollment: Enrollment, facts: Sequence[Fact]) -> None:
        await self.execute(insert(enrollments).values(_values(enrollment)))
        self._publish(enrollment, facts)

    async def save(self, enrollment: Enrollment, facts: Sequence[Fact]) -> None:
        changed = update(enrollments).where(enrollments.c.id == enrollment.id)
        await self.execute(changed.values(_values(enrollment)))
        self._publish(enrollment, facts)

    async def keep(self, course: Course) -> None:
        values = _course_values(course)
        if not await self.insert_unless_there(courses, {**values, "taken": 0}):
            older = update(courses).where(courses.c.id == course.id, courses.c.version < course.version)
            await self.execute(older.values(values))

    async def seats(self, course_id: str) -> Seats | None:
        row = (await self.execute(select(courses).where(courses.c.id == course_id).with_for_update())).one_or_none()
        return row and Seats(_course(row), row.taken)

    async def take(self, course_id: str, seats: int) -> None:
        await self.execute(update(courses).where(courses.c.id == course_id).values(taken=courses.c.taken + seats))

    async def certified(self, code: str) -> tuple[Enrollment, Learner | None] | None:
        certificate = select(enrollments).where(
            enrollments.c.certificate_code == code, enrollments.c.state == State.COMPLETED
        )
        row = (await self.execute(certificate)).one_or_none()
        if row is None:
            return None
        known = (await self.execute(select(learners).where(learners.c.id == row.learner_id))).one_or_none()
        return _enrollment(row), known and Learner(known.id, known.name, known.updated)

    async def keep_learner(self, learner: Learner) -> None:
        values = {"id": learner.id, "name": learner.name, "updated": learner.updated}
        if not await self.insert_unless_there(learners, values):
            older = update(learners).where(learners.c.id == learner.id, learners.c.updated < learner.updated)
            await self.execute(older.values(values))

    def _publish(self, enrollment: Enrollment, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self.publish(enrollment.id, wire.fact(fact), enrollment.updated)


class EnrollmentStore(SqlStore[EnrollmentUnit]):
    """The enrollment service's database."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "enrollment", EnrollmentUnit)


def _enrollment(row: Any) -> Enrollment:
    return Enrollment(
        id=row.id,
        learner_id=row.learner_id,
        course_id=row.course_id,
        course_title=row.course_title,
        state=State(row.state),
        price=Money(row.amount_minor, row.currency_code),
        created=row.created,
        updated=row.updated,
        expires=row.expires,
        done=tuple(row.done),
        progress_percent=row.progress_percent,
        decline_reason=row.decline_reason,
        certificate_code=row.certificate_code,
        completed=row.completed,
    )


def _values(enrollment: Enrollment) -> dict[str, Any]:
    return {
        "id": enrollment.id,
        "learner_id": enrollment.learner_id,
        "course_id": enrollment.course_id,
        "course_title": enrollment.course_title,
        "state": enrollment.state.value,
        "amount_minor": enrollment.price.amount_minor,
        "currency_code": enrollment.price.currency_code,
        "created": enrollment.created,
        "updated": enrollment.updated,
        "expires": enrollment.expires,
        "done": list(enrollment.done),
        "progress_percent": enrollment.progress_percent,
        "decline_reason": enrollment.decline_reason,
        "certificate_code": enrollment.certificate_code,
        "completed": enrollment.completed,
    }


def _course(row: Any) -> Course:
    return Course(
        id=row.id,
        version=row.version,
        title=row.title,
        price=Money(row.amount_minor, row.currency_code),
        capacity=row.capacity,
        is_open=row.is_open,
        lesson_ids=tuple(row.lesson_ids),
    )


def _course_values(course: Course) -> dict[str, Any]:
    return {
        "id": course.id,
        "version": course.version,
        "title": course.title,
        "amount_minor": course.price.amount_minor,
        "currency_code": course.price.currency_code,
        "capacity": course.capacity,
        "is_open": course.is_open,
        "lesson_ids": list(course.lesson_ids),
    }
