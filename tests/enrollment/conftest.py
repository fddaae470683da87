"""An enrollment store on each database, and courses as the course service would tell of them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from coursemesh.enrollment.v1.enrollment_service_pb2_grpc import (
    EnrollmentServiceStub,
    add_EnrollmentServiceServicer_to_server,
)
from services.chassis import migrate
from services.chassis.facts import new_id
from services.chassis.refusals import NotFound
from services.enrollment.domain import Course, Money
from services.enrollment.servicer import EnrollmentServicer
from services.enrollment.store import EnrollmentStore
from services.enrollment.watching import Watchers
from tests.support.serving import serving
from tests.support.tokens import Signer


def a_course(capacity: int = 10, amount_minor: int = 4900, lessons: int = 2) -> Course:
    lesson_ids = tuple(new_id() for _ in range(lessons))
    return Course(new_id(), 1, "Sailing for Beginners", Money(amount_minor, "EUR"), capacity, True, lesson_ids)


class Catalog:
    """The port to the course service, with courses that the test puts there."""

    def __init__(self) -> None:
        self.courses: dict[str, Course] = {}
        self.asked = 0

    def add(self, course: Course) -> Course:
        self.courses[course.id] = course
        return course

    def change(self, course: Course, **changes: object) -> Course:
        return self.add(replace(course, version=course.version + 1, **changes))  # type: ignore[arg-type]

    async def get(self, course_id: str) -> Course:
        self.asked += 1
        if course_id not in self.courses:
            raise NotFound("COURSE_UNKNOWN", "there is no such course")
        return self.courses[course_id]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[EnrollmentStore]:
    opened = EnrollmentStore(database_url)
    await migrate.upgrade(opened.engine, "services.enrollment.migrations")
    yield opened
    await opened.close()


@pytest.fixture
def catalog() -> Catalog:
    return Catalog()


@pytest.fixture
def watchers() -> Watchers:
    return Watchers()


@pytest.fixture
async def stub(
    store: EnrollmentStore, catalog: Catalog, watchers: Watchers, signer: Signer
) -> AsyncIterator[EnrollmentServiceStub]:
    """The service on a real server."""
    servicer = EnrollmentServicer(store, catalog, watchers, timedelta(minutes=10))
    async with serving(add_EnrollmentServiceServicer_to_server, servicer, signer) as channel:
        yield EnrollmentServiceStub(channel)
