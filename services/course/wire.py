"""Between the domain and the contract."""

from collections.abc import Iterable

from coursemesh.course.v1 import course_events_pb2 as events
from coursemesh.course.v1 import course_pb2 as pb
from coursemesh.course.v1 import course_service_pb2 as rpc
from services.chassis.paging import Page
from services.chassis.refusals import InvalidArgument
from services.chassis.wire import timestamp
from services.course.domain import (
    Course,
    CourseArchived,
    CoursePublished,
    CourseUpdated,
    Draft,
    Fact,
    Lesson,
    Level,
    Module,
    Money,
    State,
)

_LEVELS = {
    Level.BEGINNER: pb.LEVEL_BEGINNER,
    Level.INTERMEDIATE: pb.LEVEL_INTERMEDIATE,
    Level.ADVANCED: pb.LEVEL_ADVANCED,
}
_LEVEL_OF = {number: level for level, number in _LEVELS.items()}
_STATES = {
    State.DRAFT: pb.COURSE_STATE_DRAFT,
    State.PUBLISHED: pb.COURSE_STATE_PUBLISHED,
    State.ARCHIVED: pb.COURSE_STATE_ARCHIVED,
}


def course(found: Course) -> pb.Course:
    draft = found.draft
    return pb.Course(
        id=found.id,
        instructor_id=found.instructor_id,
        title=draft.title,
        summary=draft.summary,
        description=draft.description,
        level=_LEVELS[draft.level] if draft.level else None,
        language=draft.language,
        tags=draft.tags,
        price=money(draft.price) if draft.price else None,
        capacity=draft.capacity,
        modules=map(module, draft.modules),
        state=_STATES[found.state],
        version=found.version,
        etag=found.etag,
        create_time=timestamp(found.created),
        update_time=timestamp(found.updated),
        publish_time=timestamp(found.published) if found.published else None,
    )


def money(amount: Money) -> pb.Money:
    return pb.Money(amount_minor=amount.amount_minor, currency_code=amount.currency_code)


def module(part: Module) -> pb.Module:
    return pb.Module(id=part.id, title=part.title, lessons=map(lesson, part.lessons))


def lesson(part: Lesson) -> pb.Lesson:
    return pb.Lesson(id=part.id, title=part.title, content=part.content, duration_minutes=part.duration_minutes)


def draft(written: pb.CourseDraft) -> Draft:
    """What was written, as it came: it is checked where it is used."""
    price = Money(written.price.amount_minor, written.price.currency_code) if written.HasField("price") else None
    return Draft(
        title=written.title,
        summary=written.summary,
        description=written.description,
        level=_LEVEL_OF.get(written.level),
        language=written.language,
        tags=tuple(written.tags),
        price=price,
        capacity=written.capacity,
        modules=tuple(Module(part.id, part.title, _lessons(part.lessons)) for part in written.modules),
    )


def _lessons(parts: Iterable[pb.Lesson]) -> tuple[Lesson, ...]:
    return tuple(Lesson(part.id, part.title, part.content, part.duration_minutes) for part in parts)


def level(number: pb.Level) -> Level | None:
    """A filter's level; None when it is not set."""
    if number and number not in _LEVEL_OF:
        raise InvalidArgument({"level": "give LEVEL_BEGINNER, LEVEL_INTERMEDIATE or LEVEL_ADVANCED"})
    return _LEVEL_OF.get(number)


def changed_fields(request: rpc.UpdateCourseRequest) -> list[str]:
    """The fields that the mask names; without a mask those that are set."""
    return list(request.update_mask.paths) or [field.name for field, _ in request.draft.ListFields()]


def fact(happened: Fact) -> events.CoursePublished | events.CourseUpdated | events.CourseArchived:
    match happened:
        case CoursePublished(about):
            return events.CoursePublished(course=course(about))
        case CourseUpdated(about):
            return events.CourseUpdated(course=course(about))
        case CourseArchived(about):
            return events.CourseArchived(course=course(about))


def created(made: Course) -> rpc.CreateCourseResponse:
    return rpc.CreateCourseResponse(course=course(made))


def updated(changed: Course) -> rpc.UpdateCourseResponse:
    return rpc.UpdateCourseResponse(course=course(changed))


def published(changed: Course) -> rpc.PublishCourseResponse:
    return rpc.PublishCourseResponse(course=course(changed))


def archived(changed: Course) -> rpc.ArchiveCourseResponse:
    return rpc.ArchiveCourseResponse(course=course(changed))


def courses(page: Page[Course]) -> rpc.ListCoursesResponse:
    return rpc.ListCoursesResponse(courses=map(course, page.rows), next_page_token=page.next_token)
