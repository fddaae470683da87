"""What the course service does, and what it needs of its store."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import Protocol

from services.chassis.facts import new_id
from services.chassis.identity import Caller
from services.chassis.paging import Asked, Page, page
from services.chassis.refusals import InvalidArgument, NotFound, PermissionDenied
from services.course import domain
from services.course.domain import FIELDS, Course, Draft, Fact, Level, State
from services.course.writing import check_draft, text_bytes

# A page is cut short where its courses would be more than so many bytes of text: clients take no answer over 4 MB.
_PAGE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which courses to list. catalog_only: leaves out drafts and archived ones."""

    instructor_id: str = ""
    level: Level | None = None
    tag: str = ""
    catalog_only: bool = True


class Unit(Protocol):
    """One transaction."""

    async def course(self, course_id: str) -> Course | None: ...

    async def courses(self, course_ids: Sequence[str]) -> Sequence[Course]: ...

    async def listed(self, wanted: Filter, asked: Asked) -> Sequence[Course]:
        """Newest first; one more than asked for, if there is one."""

    async def add(self, course: Course) -> None: ...

    async def save(self, course: Course, fact: Fact | None) -> None:
        """Saves the version after the one that was read; raises Conflict when somebody else did so first."""


class Store(Protocol):
    def read(self) -> AbstractAsyncContextManager[Unit]:
        """A unit for reading only."""


async def create(unit: Unit, caller: Caller, draft: Draft) -> Course:
    made = domain.create(new_id(), caller.id, check_draft(draft), new_id, _now())
    await unit.add(made)
    return made


async def update(
    unit: Unit, caller: Caller, course_id: str, changes: Draft, fields: Sequence[str], etag: str
) -> Course:
    """fields: of the draft that change."""
    unknown = [field for field in fields if field not in FIELDS]
    if unknown or not fields:
        raise InvalidArgument({"update_mask": f"name fields of the draft: {', '.join(FIELDS)}"})
    course = _own(await unit.course(course_id), caller)
    draft = check_draft(domain.merged(course, changes, fields), domain.ids_in(course.draft))
    changed, fact = domain.update(course, draft, etag, new_id, _now())
    await unit.save(changed, fact)
    return changed


async def publish(unit: Unit, caller: Caller, course_id: str, etag: str) -> Course:
    published, fact = domain.publish(_own(await unit.course(course_id), caller), etag, _now())
    await unit.save(published, fact)
    return published


async def archive(unit: Unit, caller: Caller, course_id: str, etag: str) -> Course:
    archived, fact = domain.archive(_own(await unit.course(course_id), caller), etag, _now())
    await unit.save(archived, fact)
    return archived


async def get(store: Store, caller: Caller, course_id: str) -> Course:
    async with store.read() as unit:
        return _visible(await unit.course(course_id), caller)


async def batch(store: Store, caller: Caller, course_ids: Sequence[str]) -> list[Course]:
    """Those that the caller may see, in the order asked for."""
    async with store.read() as unit:
        found = {course.id: course for course in await unit.courses(course_ids) if _may_see(course, caller)}
    return [found[course_id] for course_id in dict.fromkeys(course_ids) if course_id in found]


async def every(store: Store, caller: Caller, wanted: Filter, asked: Asked) -> Page[Course]:
    """The catalog; of an instructor's own courses, or for an admin, all of theirs."""
    theirs = bool(wanted.instructor_id) and caller.may_see(wanted.instructor_id)
    wanted = Filter(wanted.instructor_id, wanted.level, wanted.tag, catalog_only=not theirs)
    async with store.read() as unit:
        found = await unit.listed(wanted, asked)
    return page(found, _fitting(found[: asked.size]), lambda course: course.id)


def _fitting(courses: Sequence[Course]) -> int:
    """How many of the first courses make a page."""
    sizes = accumulate(text_bytes(course.draft) for course in courses)
    return max(1, sum(size <= _PAGE_BYTES for size in sizes))


def _now() -> datetime:
    """The moment, in whole milliseconds: documents keep no finer ones, and the first answer must equal later ones."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _may_see(course: Course, caller: Caller) -> bool:
    return course.state is not State.DRAFT or caller.may_see(course.instructor_id)


def _visible(course: Course | None, caller: Caller) -> Course:
    if course is None or not _may_see(course, caller):
        raise NotFound("COURSE_UNKNOWN", "there is no such course")
    return course


def _own(course: Course | None, caller: Caller) -> Course:
    """A draft of somebody else is as if it were not there."""
    course = _visible(course, caller)
    if not caller.may_see(course.instructor_id):
        raise PermissionDenied("NOT_YOURS", "somebody else teaches this course")
    return course
