"""Requests that come twice, at once, or with other content: one effect, one answer."""

import asyncio
from typing import Any

import grpc

from coursemesh.course.v1 import course_pb2 as pb
from coursemesh.course.v1 import course_service_pb2 as rpc
from coursemesh.course.v1.course_service_pb2_grpc import CourseServiceStub, add_CourseServiceServicer_to_server
from services.course.servicer import CourseServicer
from services.course.store import CourseStore
from tests.course.client import refused
from tests.course.world import stored, waiting, written
from tests.support.serving import refusal, serving
from tests.support.tokens import Signer, bearer

REUSED = ("ABORTED", "REQUEST_REUSED")


async def test_twenty_creations_under_one_request_id_are_one_also_after_a_restart(
    stub: Any, store: CourseStore, course_url: str, signer: Signer
) -> None:
    me = bearer(signer.caller("instructor"))
    request = rpc.CreateCourseRequest(request_id="r", draft=written())
    answers = await asyncio.gather(*(stub.CreateCourse(request, metadata=me) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert await store.database.courses.count_documents({}) == 1
    reopened = CourseStore(course_url)
    async with serving(add_CourseServiceServicer_to_server, CourseServicer(reopened), signer) as channel:
        assert await CourseServiceStub(channel).CreateCourse(request, metadata=me) == answers[0]
    await reopened.close()
    assert await store.database.courses.count_documents({}) == 1


async def test_the_first_answer_is_given_again_whatever_happened_since(stub: Any, signer: Signer) -> None:
    me = bearer(signer.caller("instructor"))
    create = rpc.CreateCourseRequest(request_id="c", draft=written())
    made = await stub.CreateCourse(create, metadata=me)
    update = rpc.UpdateCourseRequest(
        request_id="u", course_id=made.course.id, etag=made.course.etag, draft=pb.CourseDraft(title="Sailing")
    )
    publish = rpc.PublishCourseRequest(request_id="p", course_id=made.course.id)
    archive = rpc.ArchiveCourseRequest(request_id="a", course_id=made.course.id)
    calls = [
        (stub.CreateCourse, create),
        (stub.UpdateCourse, update),
        (stub.PublishCourse, publish),
        (stub.ArchiveCourse, archive),
    ]
    first = [await method(request, metadata=me) for method, request in calls]
    assert first == [await method(request, metadata=me) for method, request in calls]
    assert [answer.course.version for answer in first] == [1, 2, 3, 4]


async def test_twenty_publications_under_one_request_id_are_one_fact(
    stub: Any, store: CourseStore, signer: Signer
) -> None:
    me = bearer(signer.caller("instructor"))
    made = (await stub.CreateCourse(rpc.CreateCourseRequest(request_id="c", draft=written()), metadata=me)).course
    request = rpc.PublishCourseRequest(request_id="p", course_id=made.id, etag=made.etag)
    answers = await asyncio.gather(*(stub.PublishCourse(request, metadata=me) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert await waiting(store) == [("CoursePublished", made.id)]


async def test_of_changes_at_once_with_one_etag_exactly_one_wins(stub: Any, store: CourseStore, signer: Signer) -> None:
    me = bearer(signer.caller("instructor"))
    made = (await stub.CreateCourse(rpc.CreateCourseRequest(request_id="c", draft=written()), metadata=me)).course

    async def change(number: int) -> int | tuple[str, str]:
        request = rpc.UpdateCourseRequest(
            request_id=f"u{number}", course_id=made.id, etag=made.etag, draft=pb.CourseDraft(capacity=100 + number)
        )
        try:
            return int((await stub.UpdateCourse(request, metadata=me)).course.capacity)
        except grpc.aio.AioRpcError as error:
            return refusal(error)

    outcomes = await asyncio.gather(*map(change, range(12)))
    [won] = [each for each in outcomes if isinstance(each, int)]
    assert {each for each in outcomes if not isinstance(each, int)} == {("ABORTED", "ETAG_MISMATCH")}
    course = await stored(store, made.id)
    assert course is not None
    assert (course.draft.capacity, course.version) == (won, 2)


async def test_a_request_id_with_other_content_isrefused(stub: Any, store: CourseStore, signer: Signer) -> None:
    me = bearer(signer.caller("instructor"))

    def create(who: Any = me, **changes: Any) -> Any:
        return stub.CreateCourse(rpc.CreateCourseRequest(request_id="r", draft=written(**changes)), metadata=who)

    made = (await create()).course
    assert await refused(create(title="Other")) == REUSED
    published = rpc.PublishCourseRequest(request_id="p", course_id=made.id)
    await stub.PublishCourse(published, metadata=me)
    published.etag = made.etag
    assert await refused(stub.PublishCourse(published, metadata=me)) == REUSED
    assert (await create(who=bearer(signer.caller("instructor")))).course.id != made.id  # another caller's own r
    assert await store.database.courses.count_documents({}) == 2


async def test_a_refused_request_may_come_again_under_its_id(stub: Any, signer: Signer) -> None:
    me = bearer(signer.caller("instructor"))
    made = await stub.CreateCourse(rpc.CreateCourseRequest(request_id="c", draft=written(modules=None)), metadata=me)
    publish = rpc.PublishCourseRequest(request_id="p", course_id=made.course.id)
    assert await refused(stub.PublishCourse(publish, metadata=me)) == ("FAILED_PRECONDITION", "NO_LESSONS")
    modules = written().modules
    await stub.UpdateCourse(
        rpc.UpdateCourseRequest(request_id="u", course_id=made.course.id, draft=pb.CourseDraft(modules=modules)),
        metadata=me,
    )
    assert (await stub.PublishCourse(publish, metadata=me)).course.state == pb.COURSE_STATE_PUBLISHED
