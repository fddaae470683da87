"""A caller of the course service, and what it is refused."""

from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from coursemesh.course.v1 import course_pb2 as pb
from coursemesh.course.v1 import course_service_pb2 as rpc
from tests.course.world import written
from tests.support.serving import refusal, violations

UNKNOWN = ("NOT_FOUND", "COURSE_UNKNOWN")


class Client:
    """One caller of the service."""

    def __init__(self, stub: Any, metadata: Any) -> None:
        self.stub, self.metadata = stub, metadata
        self.requests = 0

    async def create(self, **changes: Any) -> Any:
        request = rpc.CreateCourseRequest(request_id=self._next(), draft=written(**changes))
        return (await self.stub.CreateCourse(request, metadata=self.metadata)).course

    async def update(self, course_id: str, *mask: str, etag: str = "", **draft: Any) -> Any:
        request = rpc.UpdateCourseRequest(
            request_id=self._next(), course_id=course_id, draft=pb.CourseDraft(**draft), etag=etag
        )
        request.update_mask.CopyFrom(FieldMask(paths=mask))
        return (await self.stub.UpdateCourse(request, metadata=self.metadata)).course

    async def publish(self, course_id: str, etag: str = "") -> Any:
        request = rpc.PublishCourseRequest(request_id=self._next(), course_id=course_id, etag=etag)
        return (await self.stub.PublishCourse(request, metadata=self.metadata)).course

    async def archive(self, course_id: str, etag: str = "") -> Any:
        request = rpc.ArchiveCourseRequest(request_id=self._next(), course_id=course_id, etag=etag)
        return (await self.stub.ArchiveCourse(request, metadata=self.metadata)).course

    async def get(self, course_id: str) -> Any:
        return (await self.stub.GetCourse(rpc.GetCourseRequest(course_id=course_id), metadata=self.metadata)).course

    async def batch(self, *course_ids: str) -> list[str]:
        request = rpc.BatchGetCoursesRequest(course_ids=course_ids)
        return [course.id for course in (await self.stub.BatchGetCourses(request, metadata=self.metadata)).courses]

    async def page(self, **asked: Any) -> Any:
        return await self.stub.ListCourses(rpc.ListCoursesRequest(**asked), metadata=self.metadata)

    async def list(self, **asked: Any) -> list[str]:
        return [course.id for course in (await self.page(**asked)).courses]

    def _next(self) -> str:
        self.requests += 1
        return f"r{self.requests}"


async def refused(call: Any) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return refusal(raised.value)


async def violated(call: Any) -> set[str]:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    assert refusal(raised.value) == ("INVALID_ARGUMENT", "INVALID_INPUT")
    return set(violations(raised.value))
