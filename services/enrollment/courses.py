"""Courses as the course service knows them now."""

from typing import TYPE_CHECKING

from coursemesh.course.v1 import course_service_pb2 as rpc
from services.enrollment import wire
from services.enrollment.domain import Course

if TYPE_CHECKING:  # the asyncio stubs are known to type checkers alone
    from coursemesh.course.v1.course_service_pb2_grpc import CourseServiceAsyncStub


class RemoteCourses:
    """Asks CourseService.GetCourse, as the caller. What it refuses is passed on as it is."""

    def __init__(self, courses: "CourseServiceAsyncStub") -> None:
        self.courses = courses

    async def get(self, course_id: str) -> Course:
        answer = await self.courses.GetCourse(rpc.GetCourseRequest(course_id=course_id))
        return wire.course(answer.course)
