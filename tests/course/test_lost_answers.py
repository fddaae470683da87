"""Commits whose answer is lost on the line: asked for again, done once, and never half done."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from coursemesh.course.v1 import course_service_pb2 as rpc
from coursemesh.course.v1.course_service_pb2_grpc import CourseServiceStub, add_CourseServiceServicer_to_server
from services.chassis.refusals import Unavailable
from services.course import domain
from services.course.domain import State
from services.course.servicer import CourseServicer
from services.course.store import CourseStore
from tests.course.line import Line, line_to
from tests.course.world import a_course, added, put, stored, waiting, written
from tests.support.serving import serving
from tests.support.tokens import Signer, bearer


@pytest.fixture
def line(course_url: str) -> Iterator[Line]:
    with line_to(course_url) as opened:
        yield opened


@pytest.fixture
async def far(course_url: str, line: Line) -> AsyncIterator[CourseStore]:
    """A store at the other end of the line."""
    opened = CourseStore(f"mongodb://127.0.0.1:{line.port}{urlsplit(course_url).path}?directConnection=true")
    await opened.prepare()
    yield opened
    await opened.close()


@pytest.mark.parametrize("lost", [1, 2, 4])
async def test_a_commit_whose_answer_is_lost_is_asked_for_again_and_done_once(
    far: CourseStore, store: CourseStore, line: Line, lost: int
) -> None:
    draft = await added(far, a_course())
    line.commits, line.lost = 0, lost
    published = await put(far, *domain.publish(draft, "", datetime.now(UTC)))
    assert (line.lost, line.commits) == (0, lost + 1)
    found = await stored(store, draft.id)
    assert found is not None
    assert (found.state, found.version) == (State.PUBLISHED, published.version)
    assert await waiting(store) == [("CoursePublished", draft.id)]


async def test_a_commit_that_nobody_answers_is_a_refusal_and_the_request_may_come_again(
    far: CourseStore, store: CourseStore, line: Line, signer: Signer
) -> None:
    me = bearer(signer.caller("instructor"))
    request = rpc.CreateCourseRequest(request_id="r", draft=written())
    async with serving(add_CourseServiceServicer_to_server, CourseServicer(far), signer) as channel:
        stub = CourseServiceStub(channel)
        line.lost = 1000
        with pytest.raises(Unavailable):
            await added(far, a_course())
        line.lost = 0
        before = await store.database.courses.count_documents({})
        first = await stub.CreateCourse(request, metadata=me)
        assert await stub.CreateCourse(request, metadata=me) == first
        assert await store.database.courses.count_documents({}) == before + 1
