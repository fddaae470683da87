"""Courses as documents."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pymongo import DESCENDING, IndexModel

from services.chassis.documents import Document, DocumentStore, DocumentUnit
from services.chassis.paging import Asked
from services.chassis.requests import Conflict
from services.course import wire
from services.course.domain import Course, Draft, Fact, Lesson, Level, Module, Money, State
from services.course.usecases import Filter


class CourseUnit(DocumentUnit):
    """One transaction on the courses."""

    async def course(self, course_id: str) -> Course | None:
        found = await self.do(self.database.courses.find_one({"_id": course_id}, session=self.session))
        return None if found is None else _course(found)

    async def courses(self, course_ids: Sequence[str]) -> Sequence[Course]:
        found = self.database.courses.find({"_id": {"$in": list(course_ids)}}, session=self.session)
        return [_course(each) for each in await self.do(found.to_list(len(course_ids)))]

    async def listed(self, wanted: Filter, asked: Asked) -> Sequence[Course]:
        found = self.database.courses.find(_query(wanted, asked), session=self.session)
        newest = found.sort("_id", DESCENDING).limit(asked.size + 1)
        return [_course(each) for each in await self.do(newest.to_list(asked.size + 1))]

    async def add(self, course: Course) -> None:
        await self.do(self.database.courses.insert_one(_document(course), session=self.session))

    async def save(self, course: Course, fact: Fact | None) -> None:
        # Compared with the version that was read: right also where a server would let two writers pass.
        before = {"_id": course.id, "version": course.version - 1}
        result = await self.do(self.database.courses.replace_one(before, _document(course), session=self.session))
        if result.matched_count != 1:
            raise Conflict
        if fact is not None:
            self.publish(course.id, wire.fact(fact), course.updated)


class CourseStore(DocumentStore[CourseUnit]):
    """The course service's database."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "course", CourseUnit)

    async def index(self) -> None:
        await super().index()
        listed = [
            ("state", "_id"),
            ("instructor_id", "_id"),
            ("state", "draft.tags", "_id"),
            ("state", "draft.level", "_id"),
        ]
        await self.database.courses.create_indexes(
            [IndexModel([(field, DESCENDING) for field in fields]) for fields in listed]
        )


def _query(wanted: Filter, asked: Asked) -> Document:
    conditions = {
        "state": State.PUBLISHED.value if wanted.catalog_only else None,
        "instructor_id": wanted.instructor_id,
        "draft.level": wanted.level and wanted.level.value,
        "draft.tags": wanted.tag,
        "_id": {"$lt": asked.after} if asked.after else None,
    }
    return {field: value for field, value in conditions.items() if value}


def _document(course: Course) -> Document:
    values = asdict(course)
    return {"_id": values.pop("id"), **values}


def _course(found: Document) -> Course:
    values: dict[str, Any] = {
        **found,
        "id": found["_id"],
        "draft": _draft(found["draft"]),
        "state": State(found["state"]),
    }
    del values["_id"]
    return Course(**values)


def _draft(found: Document) -> Draft:
    return Draft(
        **{
            **found,
            "level": Level(found["level"]),
            "tags": tuple(found["tags"]),
            "price": Money(**found["price"]),
            "modules": tuple(_module(part) for part in found["modules"]),
        }
    )


def _module(found: Document) -> Module:
    return Module(found["id"], found["title"], tuple(Lesson(**lesson) for lesson in found["lessons"]))
