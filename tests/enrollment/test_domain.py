"""The saga's moves, one by one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.facts import new_id
from services.chassis.refusals import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    Refusal,
    ResourceExhausted,
)
from services.enrollment import domain
from services.enrollment.domain import LIVE, MOVES, Change, Course, Enrollment, Money, Seats, State
from tests.enrollment.conftest import a_course

NOW = datetime(2026, 5, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def an_enrollment(state: State, course: Course | None = None) -> Enrollment:
    course = course or a_course()
    made = Enrollment(new_id(), new_id(), course.id, course.title, state, course.price, NOW, NOW)
    return replace(made, expires=NOW + timedelta(minutes=10)) if state is State.PENDING else made


def enroll(course: Course, taken: int = 0, holds_one: bool = False, token: str = "tok_ok") -> Change:
    return domain.enroll(
        Seats(course, taken),
        enrollment_id=new_id(),
        learner_id=new_id(),
        payment_token=token,
        holds_one=holds_one,
        now=NOW,
        timeout=timedelta(minutes=10),
    )


def test_a_paid_seat_is_pending_and_asks_for_its_payment() -> None:
    enrollment, facts = enroll(a_course())
    assert enrollment.state is State.PENDING
    assert enrollment.expires == NOW + timedelta(minutes=10)
    assert facts == (domain.EnrollmentRequested(enrollment, "tok_ok"),)


def test_a_free_seat_is_active_at_once_and_never_expires() -> None:
    enrollment, facts = enroll(a_course(amount_minor=0), token="")
    assert (enrollment.state, enrollment.expires) == (State.ACTIVE, None)
    assert facts == (domain.EnrollmentActivated(enrollment),)


@pytest.mark.parametrize(
    ("refused", "kind", "reason"),
    [
        (lambda: enroll(a_course(), holds_one=True), AlreadyExists, "SEAT_TAKEN"),
        (lambda: enroll(replace(a_course(), is_open=False)), FailedPrecondition, "COURSE_CLOSED"),
        (lambda: enroll(a_course(capacity=3), taken=3), ResourceExhausted, "SOLD_OUT"),
        (lambda: enroll(a_course(), token=""), InvalidArgument, "INVALID_INPUT"),
        (lambda: enroll(a_course(), token="x" * 101), InvalidArgument, "INVALID_INPUT"),
        (lambda: enroll(a_course(), token="tok\x00"), InvalidArgument, "INVALID_INPUT"),
        (lambda: enroll(a_course(amount_minor=0), token="x" * 101), InvalidArgument, "INVALID_INPUT"),
    ],
)
def test_a_seat_is_refused_with_a_reason(refused: Callable[[], Change], kind: type[Refusal], reason: str) -> None:
    with pytest.raises(kind) as caught:
        refused()
    assert caught.value.reason == reason


# What each event makes of each state; a state that is not named stays as it is.
EVENTS: dict[str, tuple[Callable[[Enrollment], Change | None], dict[State, State]]] = {
    "captured": (lambda it: domain.captured(it, NOW), {State.PENDING: State.ACTIVE}),
    "declined": (lambda it: domain.declined(it, "CARD_DECLINED", NOW), {State.PENDING: State.DECLINED}),
    "refunded": (
        lambda it: domain.refunded(it, NOW),
        dict.fromkeys((State.PENDING, State.ACTIVE, State.COMPLETED), State.CANCELLED),
    ),
    "expired": (lambda it: domain.expire(it, LATER), {State.PENDING: State.EXPIRED}),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", EVENTS)
def test_every_event_in_every_state_moves_as_the_table_says(event: str, state: State) -> None:
    happen, moves = EVENTS[event]
    change = happen(an_enrollment(state))
    if state not in moves:
        assert change is None
    else:
        assert change is not None
        after, facts = change
        assert after.state is moves[state]
        assert len(facts) == 1


@pytest.mark.parametrize("state", State)
def test_only_what_is_pending_or_active_can_be_cancelled(state: State) -> None:
    if state in (State.PENDING, State.ACTIVE):
        after, facts = domain.cancel(an_enrollment(state), NOW)
        assert facts == (domain.EnrollmentCancelled(after),)
    else:
        with pytest.raises(FailedPrecondition, match="completed, or over"):
            domain.cancel(an_enrollment(state), NOW)


def test_nothing_leads_back_to_life() -> None:
    assert all(not (MOVES[state] & LIVE) for state in State if state not in LIVE)


def test_an_enrollment_does_not_expire_before_its_time() -> None:
    pending = an_enrollment(State.PENDING)
    assert pending.expires
    assert domain.expire(pending, pending.expires - timedelta(microseconds=1)) is None
    assert domain.expire(pending, pending.expires) is not None


def test_the_last_lesson_completes_the_course_and_issues_the_certificate() -> None:
    course = a_course(lessons=3)
    enrollment = an_enrollment(State.ACTIVE, course)
    percents = []
    for lesson_id in course.lesson_ids:
        enrollment, facts = domain.record_progress(enrollment, course, lesson_id, "CODE", NOW)
        percents.append(enrollment.progress_percent)
    assert percents == [33, 66, 100]
    assert (enrollment.state, enrollment.certificate_code, enrollment.completed) == (State.COMPLETED, "CODE", NOW)
    assert [type(fact).__name__ for fact in facts] == ["LessonCompleted", "CourseCompleted", "CertificateIssued"]


def test_a_lesson_done_twice_counts_once() -> None:
    course = a_course(lessons=2)
    once, _ = domain.record_progress(an_enrollment(State.ACTIVE, course), course, course.lesson_ids[0], "CODE", NOW)
    twice, facts = domain.record_progress(once, course, course.lesson_ids[0], "CODE", LATER)
    assert (twice, facts) == (once, ())


def test_a_lesson_of_another_course_is_not_known() -> None:
    course = a_course()
    with pytest.raises(NotFound, match="no such lesson"):
        domain.record_progress(an_enrollment(State.ACTIVE, course), course, new_id(), "CODE", NOW)


@pytest.mark.parametrize("state", [State.PENDING, State.DECLINED, State.CANCELLED, State.EXPIRED])
def test_nobody_learns_in_a_course_that_is_not_open_to_them(state: State) -> None:
    course = a_course()
    with pytest.raises(FailedPrecondition) as caught:
        domain.record_progress(an_enrollment(state, course), course, course.lesson_ids[0], "CODE", NOW)
    assert caught.value.reason == "NOT_ACTIVE"


def test_a_lesson_that_left_the_course_does_not_stand_in_the_way_of_the_certificate() -> None:
    course = a_course(lessons=3)
    enrollment = an_enrollment(State.ACTIVE, course)
    for lesson_id in course.lesson_ids[:2]:
        enrollment, _ = domain.record_progress(enrollment, course, lesson_id, "CODE", NOW)
    shorter = replace(course, lesson_ids=course.lesson_ids[:2])
    completed, _ = domain.record_progress(enrollment, shorter, course.lesson_ids[0], "CODE", NOW)
    assert completed.state is State.COMPLETED


def test_a_price_of_another_currency_is_kept_as_it_was() -> None:
    enrollment, _ = enroll(replace(a_course(), price=Money(100, "JPY")))
    assert enrollment.price == Money(100, "JPY")
