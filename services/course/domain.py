"""Courses: what they are and may become, from the draft to the archive."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.chassis.refusals import Aborted, FailedPrecondition


class Level(StrEnum):
    BEGINNER = "BEGINNER"
    INTERMEDIATE = "INTERMEDIATE"
    ADVANCED = "ADVANCED"


class State(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


@dataclass(frozen=True, slots=True)
class Money:
    """amount_minor: in the currency's minor unit. currency_code: ISO 4217."""

    amount_minor: int
    currency_code: str


@dataclass(frozen=True, slots=True)
class Lesson:
    id: str
    title: str
    content: str
    duration_minutes: int


@dataclass(frozen=True, slots=True)
class Module:
    id: str
    title: str
    lessons: tuple[Lesson, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What an instructor writes of a course. Modules and lessons that are new have no id yet."""

    title: str = ""
    summary: str = ""
    description: str = ""
    level: Level | None = None
    language: str = ""
    tags: tuple[str, ...] = ()
    price: Money | None = None
    capacity: int = 0
    modules: tuple[Module, ...] = ()


# The fields that a change may name.
FIELDS = tuple(Draft.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Course:
    """draft: what was written, checked and complete."""

    id: str
    instructor_id: str
    draft: Draft
    state: State
    version: int
    created: datetime
    updated: datetime
    published: datetime | None = None

    @property
    def etag(self) -> str:
        return f"{self.id[-12:]}-{self.version}"

    @property
    def lesson_count(self) -> int:
        return sum(len(module.lessons) for module in self.draft.modules)


@dataclass(frozen=True, slots=True)
class CoursePublished:
    course: Course


@dataclass(frozen=True, slots=True)
class CourseUpdated:
    course: Course


@dataclass(frozen=True, slots=True)
class CourseArchived:
    course: Course


Fact = CoursePublished | CourseUpdated | CourseArchived
NewId = Callable[[], str]


def create(course_id: str, instructor_id: str, draft: Draft, new_id: NewId, now: datetime) -> Course:
    """A new draft. What was written was checked by checks.check_draft."""
    return Course(course_id, instructor_id, _with_ids(draft, new_id), State.DRAFT, 1, now, now)


def merged(course: Course, changes: Draft, fields: Collection[str]) -> Draft:
    """What the course would say after the change of these fields."""
    return replace(course.draft, **{field: getattr(changes, field) for field in fields})


def update(course: Course, draft: Draft, etag: str, new_id: NewId, now: datetime) -> tuple[Course, Fact | None]:
    """Replaces what the course says. Nobody is told of a change to a draft: there is no fact of it."""
    _check_etag(course, etag)
    if course.state is State.ARCHIVED:
        raise FailedPrecondition("COURSE_ARCHIVED", "an archived course does not change any more")
    if course.state is State.PUBLISHED:
        _check_promises(course.draft, draft)
    changed = _changed(course, now, draft=_with_ids(draft, new_id))
    return changed, CourseUpdated(changed) if changed.state is State.PUBLISHED else None


def publish(course: Course, etag: str, now: datetime) -> tuple[Course, Fact]:
    _check_etag(course, etag)
    if course.state is not State.DRAFT:
        raise FailedPrecondition("NOT_DRAFT", "this course is published or archived already")
    if not course.lesson_count:
        raise FailedPrecondition("NO_LESSONS", "a course needs a lesson before it is published")
    published = _changed(course, now, state=State.PUBLISHED, published=now)
    return published, CoursePublished(published)


def archive(course: Course, etag: str, now: datetime) -> tuple[Course, Fact]:
    _check_etag(course, etag)
    if course.state is not State.PUBLISHED:
        raise FailedPrecondition("NOT_PUBLISHED", "this course is not in the catalog")
    archived = _changed(course, now, state=State.ARCHIVED)
    return archived, CourseArchived(archived)


def ids_in(draft: Draft) -> list[str]:
    """The ids of modules and lessons, in their order."""
    return [each for module in draft.modules for each in (module.id, *(lesson.id for lesson in module.lessons))]


def _check_etag(course: Course, etag: str) -> None:
    if etag and etag != course.etag:
        raise Aborted("ETAG_MISMATCH", "somebody changed the course meanwhile; read it again", etag=course.etag)


def _check_promises(before: Draft, after: Draft) -> None:
    """What learners hold seats in and paid for stays."""
    if after.capacity < before.capacity:
        raise FailedPrecondition("CAPACITY_SHRINKS", "a published course can only get more seats")
    if before.price and after.price and after.price.currency_code != before.price.currency_code:
        raise FailedPrecondition("CURRENCY_FIXED", "a published course keeps its currency")
    if not any(module.lessons for module in after.modules):
        raise FailedPrecondition("NO_LESSONS", "a published course keeps at least one lesson")


def _with_ids(draft: Draft, new_id: NewId) -> Draft:
    modules = tuple(
        replace(
            module,
            id=module.id or new_id(),
            lessons=tuple(replace(lesson, id=lesson.id or new_id()) for lesson in module.lessons),
        )
        for module in draft.modules
    )
    return replace(draft, modules=modules)


def _changed(course: Course, now: datetime, **changes: object) -> Course:
    return replace(course, version=course.version + 1, updated=now, **changes)  # type: ignore[arg-type]
