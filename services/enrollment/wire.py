"""Between the domain and the contracts: this service's own, and what it reads of the others'."""

from datetime import UTC

from google.protobuf.message import Message

from coursemesh.course.v1 import course_pb2
from coursemesh.enrollment.v1 import enrollment_events_pb2 as events
from coursemesh.enrollment.v1 import enrollment_pb2 as pb
from coursemesh.enrollment.v1 import enrollment_service_pb2 as rpc
from coursemesh.user.v1 import user_pb2
from services.chassis.paging import Page
from services.chassis.wire import timestamp
from services.enrollment import domain
from services.enrollment.domain import Course, Enrollment, Learner, Money, State
from services.enrollment.usecases.finding import Certificate

_STATES = {
    State.PENDING: pb.ENROLLMENT_STATE_PENDING,
    State.ACTIVE: pb.ENROLLMENT_STATE_ACTIVE,
    State.COMPLETED: pb.ENROLLMENT_STATE_COMPLETED,
    State.DECLINED: pb.ENROLLMENT_STATE_DECLINED,
    State.CANCELLED: pb.ENROLLMENT_STATE_CANCELLED,
    State.EXPIRED: pb.ENROLLMENT_STATE_EXPIRED,
}


def money(amount: Money) -> pb.Money:
    return pb.Money(amount_minor=amount.amount_minor, currency_code=amount.currency_code)


def enrollment(found: Enrollment) -> pb.Enrollment:
    return pb.Enrollment(
        id=found.id,
        learner_id=found.learner_id,
        course_id=found.course_id,
        course_title=found.course_title,
        state=_STATES[found.state],
        price=money(found.price),
        completed_lesson_ids=found.done,
        progress_percent=found.progress_percent,
        decline_reason=found.decline_reason,
        certificate_code=found.certificate_code,
        create_time=timestamp(found.created),
        update_time=timestamp(found.updated),
        expire_time=timestamp(found.expires) if found.expires else None,
    )


def fact(happened: domain.Fact) -> Message:
    """The message of a fact of the domain, which has the same name."""
    about = happened.enrollment
    common = {"enrollment_id": about.id, "learner_id": about.learner_id, "course_id": about.course_id}
    title = about.course_title
    match happened:
        case domain.EnrollmentRequested(_, token):
            price = money(about.price)
            return events.EnrollmentRequested(**common, course_title=title, price=price, payment_token=token)
        case domain.EnrollmentActivated():
            return events.EnrollmentActivated(**common, course_title=title)
        case domain.EnrollmentDeclined():
            return events.EnrollmentDeclined(**common, course_title=title, decline_reason=about.decline_reason)
        case domain.EnrollmentCancelled():
            return events.EnrollmentCancelled(**common, course_title=title)
        case domain.EnrollmentExpired():
            return events.EnrollmentExpired(**common, course_title=title)
        case domain.LessonCompleted(_, lesson_id):
            return events.LessonCompleted(**common, lesson_id=lesson_id, progress_percent=about.progress_percent)
        case domain.CourseCompleted():
            return events.CourseCompleted(**common, course_title=title)
        case domain.CertificateIssued():
            issued = timestamp(about.completed) if about.completed else None
            code = about.certificate_code
            return events.CertificateIssued(**common, course_title=title, certificate_code=code, issue_time=issued)


def course(known: course_pb2.Course) -> Course:
    return Course(
        id=known.id,
        version=known.version,
        title=known.title,
        price=Money(known.price.amount_minor, known.price.currency_code),
        capacity=known.capacity,
        is_open=known.state == course_pb2.COURSE_STATE_PUBLISHED,
        lesson_ids=tuple(lesson.id for module in known.modules for lesson in module.lessons),
    )


def learner(known: user_pb2.User) -> Learner:
    return Learner(known.id, known.display_name, known.update_time.ToDatetime(UTC))


def enrolled(made: Enrollment) -> rpc.EnrollResponse:
    return rpc.EnrollResponse(enrollment=enrollment(made))


def cancelled(ended: Enrollment) -> rpc.CancelEnrollmentResponse:
    return rpc.CancelEnrollmentResponse(enrollment=enrollment(ended))


def progressed(changed: Enrollment) -> rpc.RecordProgressResponse:
    return rpc.RecordProgressResponse(enrollment=enrollment(changed))


def enrollments(page: Page[Enrollment]) -> rpc.ListEnrollmentsResponse:
    return rpc.ListEnrollmentsResponse(enrollments=map(enrollment, page.rows), next_page_token=page.next_token)


def certificate(found: Certificate) -> rpc.GetCertificateResponse:
    about = found.enrollment
    return rpc.GetCertificateResponse(
        certificate=pb.Certificate(
            code=about.certificate_code,
            learner_name=found.learner.name,
            course_id=about.course_id,
            course_title=about.course_title,
            issue_time=timestamp(about.completed) if about.completed else None,
        )
    )
