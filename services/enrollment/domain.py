"""Enrollments: the states and moves of the saga, in one table, and what each move does."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.chassis.refusals import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
)


class State(StrEnum):
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


# The saga. Whatever is not here cannot happen, in whichever order and however often the facts come.
MOVES: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.ACTIVE, State.DECLINED, State.EXPIRED, State.CANCELLED}),
    State.ACTIVE: frozenset({State.COMPLETED, State.CANCELLED}),
    State.COMPLETED: frozenset({State.CANCELLED}),  # only by a refund, which takes the certificate back
    State.DECLINED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
}

# These hold a seat.
LIVE = frozenset({State.PENDING, State.ACTIVE, State.COMPLETED})

# No letters or digits that are easily taken for others.
CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Money:
    """amount_minor: in the currency's minor unit. currency_code: ISO 4217."""

    amount_minor: int
    currency_code: str


@dataclass(frozen=True, slots=True)
class Course:
    """What this service knows of a course, as of `version`."""

    id: str
    version: int
    title: str
    price: Money
    capacity: int
    is_open: bool
    lesson_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seats:
    """The seats of a course that are held."""

    course: Course
    taken: int


@dataclass(frozen=True, slots=True)
class Enrollment:
    id: str
    learner_id: str
    course_id: str
    course_title: str
    state: State
    price: Money
    created: datetime
    updated: datetime
    expires: datetime | None = None
    done: tuple[str, ...] = ()
    progress_percent: int = 0
    decline_reason: str = ""
    certificate_code: str = ""
    completed: datetime | None = None

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_over(self) -> bool:
        """Whether it can change no more."""
        return not MOVES[self.state]


@dataclass(frozen=True, slots=True)
class Learner:
    """Who learns: the name for the certificate, as of `updated`."""

    id: str
    name: str
    updated: datetime


@dataclass(frozen=True, slots=True)
class EnrollmentRequested:
    enrollment: Enrollment
    payment_token: str


@dataclass(frozen=True, slots=True)
class EnrollmentActivated:
    enrollment: Enrollment


@dataclass(frozen=True, slots=True)
class EnrollmentDeclined:
    enrollment: Enrollment


@dataclass(frozen=True, slots=True)
class EnrollmentCancelled:
    enrollment: Enrollment


@dataclass(frozen=True, slots=True)
class EnrollmentExpired:
    enrollment: Enrollment


@dataclass(frozen=True, slots=True)
class LessonCompleted:
    enrollment: Enrollment
    lesson_id: str


@dataclass(frozen=True, slots=True)
class CourseCompleted:
    enrollment: Enrollment


@dataclass(frozen=True, slots=True)
class CertificateIssued:
    enrollment: Enrollment


Fact = (
    EnrollmentRequested
    | EnrollmentActivated
    | EnrollmentDeclined
    | EnrollmentCancelled
    | EnrollmentExpired
    | LessonCompleted
    | CourseCompleted
    | CertificateIssued
)
Change = tuple[Enrollment, tuple[Fact, ...]]


def check_token(course: Course, payment_token: str) -> None:
    least = 1 if course.price.amount_minor else 0
    if not (least <= len(payment_token) <= 100 and payment_token.isascii() and payment_token.isprintable()):
        raise InvalidArgument({"payment_token": "give the payment provider's token, up to 100 printable characters"})


def enroll(
    seats: Seats,
    *,
    enrollment_id: str,
    learner_id: str,
    payment_token: str,
    holds_one: bool,
    now: datetime,
    timeout: timedelta,
) -> Change:
    """Takes a seat, if there is one. timeout: how long the payment may take."""
    course = seats.course
    check_token(course, payment_token)
    if holds_one:
        raise AlreadyExists("SEAT_TAKEN", "you already hold a seat in this course")
    if not course.is_open:
        raise FailedPrecondition("COURSE_CLOSED", "this course is not open for enrollment")
    if seats.taken >= course.capacity:
        raise ResourceExhausted("SOLD_OUT", "every seat of this course is taken")
    pending = Enrollment(enrollment_id, learner_id, course.id, course.title, State.PENDING, course.price, now, now)
    if not course.price.amount_minor:
        return _active(pending, now)
    pending = replace(pending, expires=now + timeout)
    return pending, (EnrollmentRequested(pending, payment_token),)


def captured(enrollment: Enrollment, now: datetime) -> Change | None:
    """The payment is captured. None when that changes nothing: it came twice, or too late. What comes too late is
    refunded by the payment service, which was told EnrollmentExpired or EnrollmentCancelled."""
    return _active(enrollment, now) if enrollment.state is State.PENDING else None


def declined(enrollment: Enrollment, reason: str, now: datetime) -> Change | None:
    """The payment is declined. None when that changes nothing."""
    if enrollment.state is not State.PENDING:
        return None
    after = _moved(enrollment, State.DECLINED, now, decline_reason=reason)
    return after, (EnrollmentDeclined(after),)


def refunded(enrollment: Enrollment, now: datetime) -> Change | None:
    """The payment is given back, so the seat is too. None when that changes nothing."""
    return _cancelled(enrollment, now) if enrollment.is_live else None


def cancel(enrollment: Enrollment, now: datetime) -> Change:
    if enrollment.state not in (State.PENDING, State.ACTIVE):
        raise FailedPrecondition("NOT_CANCELLABLE", "this enrollment is completed, or over already")
    return _cancelled(enrollment, now)


def expire(enrollment: Enrollment, now: datetime) -> Change | None:
    """None when the payment answered, or still has time."""
    if enrollment.state is not State.PENDING or enrollment.expires is None or now < enrollment.expires:
        return None
    after = _moved(enrollment, State.EXPIRED, now)
    return after, (EnrollmentExpired(after),)


def record_progress(enrollment: Enrollment, course: Course, lesson_id: str, code: str, now: datetime) -> Change:
    """Marks a lesson as done. code: the certificate's, should this be the last one."""
    if enrollment.state not in (State.ACTIVE, State.COMPLETED):
        raise FailedPrecondition("NOT_ACTIVE", "the course is not open to you: the enrollment is not active")
    if lesson_id not in course.lesson_ids and lesson_id not in enrollment.done:
        raise NotFound("LESSON_UNKNOWN", "the course has no such lesson")
    facts: tuple[Fact, ...] = ()
    if lesson_id not in enrollment.done:
        done = (*enrollment.done, lesson_id)
        enrollment = replace(enrollment, done=done, progress_percent=_percent(done, course), updated=now)
        facts = (LessonCompleted(enrollment, lesson_id),)
    if enrollment.state is State.ACTIVE and set(course.lesson_ids) <= set(enrollment.done):
        enrollment = _moved(
            enrollment, State.COMPLETED, now, certificate_code=code, completed=now, progress_percent=100
        )
        facts = (*facts, CourseCompleted(enrollment), CertificateIssued(enrollment))
    return enrollment, facts


def _percent(done: tuple[str, ...], course: Course) -> int:
    return 100 * len(set(done) & set(course.lesson_ids)) // max(1, len(course.lesson_ids))


def _active(enrollment: Enrollment, now: datetime) -> Change:
    after = _moved(enrollment, State.ACTIVE, now)
    return after, (EnrollmentActivated(after),)


def _cancelled(enrollment: Enrollment, now: datetime) -> Change:
    after = _moved(enrollment, State.CANCELLED, now)
    return after, (EnrollmentCancelled(after),)


def _moved(enrollment: Enrollment, state: State, now: datetime, **changes: object) -> Enrollment:
    if state not in MOVES[enrollment.state]:
        raise AssertionError(f"{enrollment.state} cannot become {state}")
    return replace(enrollment, state=state, updated=now, **changes)  # type: ignore[arg-type]
