"""The RPCs of the course service."""

from coursemesh.course.v1 import course_service_pb2 as rpc
from coursemesh.course.v1.course_service_pb2_grpc import CourseServiceServicer
from services.chassis.checks import Checks, an_id
from services.chassis.guard import Context
from services.chassis.identity import ADMIN, INSTRUCTOR, caller, only, token_optional
from services.chassis.paging import asked
from services.chassis.requests import once
from services.course import usecases, wire
from services.course.store import CourseStore
from services.course.usecases import Filter

_BATCH_AT_MOST = 100


class CourseServicer(CourseServiceServicer):
    def __init__(self, store: CourseStore) -> None:
        self.store = store

    @only(INSTRUCTOR, ADMIN)
    async def CreateCourse(self, request: rpc.CreateCourseRequest, context: Context) -> rpc.CreateCourseResponse:
        who, draft = caller(), wire.draft(request.draft)
        return await once(self.store, request, lambda unit: usecases.create(unit, who, draft), wire.created)

    @only(INSTRUCTOR, ADMIN)
    async def UpdateCourse(self, request: rpc.UpdateCourseRequest, context: Context) -> rpc.UpdateCourseResponse:
        who, course_id = caller(), an_id("course_id", request.course_id)
        draft, fields = wire.draft(request.draft), wire.changed_fields(request)
        return await once(
            self.store,
            request,
            lambda unit: usecases.update(unit, who, course_id, draft, fields, request.etag),
            wire.updated,
        )

    @only(INSTRUCTOR, ADMIN)
    async def PublishCourse(self, request: rpc.PublishCourseRequest, context: Context) -> rpc.PublishCourseResponse:
        who, course_id = caller(), an_id("course_id", request.course_id)
        return await once(
            self.store, request, lambda unit: usecases.publish(unit, who, course_id, request.etag), wire.published
        )

    @only(INSTRUCTOR, ADMIN)
    async def ArchiveCourse(self, request: rpc.ArchiveCourseRequest, context: Context) -> rpc.ArchiveCourseResponse:
        who, course_id = caller(), an_id("course_id", request.course_id)
        return await once(
            self.store, request, lambda unit: usecases.archive(unit, who, course_id, request.etag), wire.archived
        )

    @token_optional
    async def GetCourse(self, request: rpc.GetCourseRequest, context: Context) -> rpc.GetCourseResponse:
        found = await usecases.get(self.store, caller(), an_id("course_id", request.course_id))
        return rpc.GetCourseResponse(course=wire.course(found))

    @token_optional
    async def BatchGetCourses(
        self, request: rpc.BatchGetCoursesRequest, context: Context
    ) -> rpc.BatchGetCoursesResponse:
        with Checks() as checks:
            checks.that(len(request.course_ids) <= _BATCH_AT_MOST, "course_ids", f"give at most {_BATCH_AT_MOST}")
            wanted = [checks.id(f"course_ids[{n}]", each) for n, each in enumerate(request.course_ids)]
        found = await usecases.batch(self.store, caller(), wanted)
        return rpc.BatchGetCoursesResponse(courses=map(wire.course, found))

    @token_optional
    async def ListCourses(self, request: rpc.ListCoursesRequest, context: Context) -> rpc.ListCoursesResponse:
        if request.instructor_id:
            an_id("instructor_id", request.instructor_id)
        wanted = Filter(request.instructor_id, wire.level(request.level), request.tag.strip().lower())
        page = asked(request.page_size, request.page_token)
        return wire.courses(await usecases.every(self.store, caller(), wanted, page))
