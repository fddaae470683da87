"""The catalog cache: quick, never stale after a change that was heard of, and nobody's drafts in it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import nats
import pytest

from coursemesh.course.v1 import course_events_pb2, course_pb2, course_service_pb2
from services.chassis import facts
from services.chassis.identity import caller
from services.chassis.refusals import NotFound
from services.gateway.cache import TTL, Cache, Entry, Key
from services.gateway.route import Cached
from tests.gateway import world as worlds
from tests.gateway.world import World, until
from tests.support.tokens import Signer
from workbench.infrastructure.server import Server

PUBLISHED, DRAFT = course_pb2.COURSE_STATE_PUBLISHED, course_pb2.COURSE_STATE_DRAFT


class Courses:
    """A course service with courses in it that the test changes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.kept: dict[str, course_pb2.Course] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        world.course.answers |= {"GetCourse": self.get, "ListCourses": self.list, "UpdateCourse": self.update}

    def put(self, course_id: str, title: str = "Knots", state: Any = PUBLISHED, of: str = "teacher") -> None:
        etag = f"{title}-1"
        self.kept[course_id] = course_pb2.Course(id=course_id, title=title, state=state, instructor_id=of, etag=etag)

    def visible(self, course: course_pb2.Course) -> bool:
        return course.state == PUBLISHED or caller().id == course.instructor_id

    async def get(self, request: Any) -> Any:
        found = course_pb2.Course.FromString(self.kept[request.course_id].SerializeToString())
        await self.gate.wait()
        if not self.visible(found):
            raise NotFound("COURSE_UNKNOWN", "there is no such course")
        return course_service_pb2.GetCourseResponse(course=found)

    async def list(self, request: Any) -> Any:
        own = bool(request.instructor_id) and request.instructor_id == caller().id
        found = [course for course in self.kept.values() if course.state == PUBLISHED or own]
        answer = course_service_pb2.ListCoursesResponse(courses=found)
        await self.gate.wait()
        return answer

    async def update(self, request: Any) -> Any:
        self.put(request.course_id, request.draft.title)
        return course_service_pb2.UpdateCourseResponse(course=self.kept[request.course_id])

    @property
    def loads(self) -> int:
        return len(self.world.course.of("GetCourse")) + len(self.world.course.of("ListCourses"))


async def title(world: World, path: str = "/api/courses/c-1", **headers: str) -> str:
    answer = await world.http.get(path, headers=headers)
    found = answer.json()
    return str(found["course"]["title"] if "course" in found else [course["title"] for course in found["courses"]])


async def publish(broker: str, course_id: str) -> None:
    """A course fact, as the course service's relay publishes it."""
    fact = facts.new("course", course_id, course_events_pb2.CourseUpdated(), datetime.now(UTC))
    connection = await nats.connect(broker)
    await connection.publish(fact.type, fact.data.SerializeToString(), headers=fact.headers())
    await connection.drain()


@pytest.mark.parametrize("path", ["/api/courses/c-1", "/api/courses", "/api/courses?tag=sea&pageSize=5"])
async def test_a_second_read_asks_no_service(world: World, path: str) -> None:
    courses = Courses(world)
    courses.put("c-1")
    await world.bus()
    assert await title(world, path) == await title(world, path) == await title(world, path, **world.as_user())
    assert courses.loads == 1


async def test_a_course_fact_drops_the_course_and_the_lists(world: World, broker: Server) -> None:
    courses = Courses(world)
    courses.put("c-1")
    courses.put("c-2", "Sails")
    await world.bus()
    paths = ("/api/courses/c-1", "/api/courses", "/api/courses/c-2")
    for path in paths:
        await title(world, path)
    courses.put("c-1", "Better knots")
    await publish(broker, "c-1")
    await until(lambda: len(world.gateway.cache) == 1)
    assert [await title(world, path) for path in paths] == ["Better knots", "['Better knots', 'Sails']", "Sails"]
    assert courses.loads == 5


async def test_a_write_through_the_gateway_is_seen_at_once(world: World) -> None:
    courses = Courses(world)
    courses.put("c-1")
    await world.bus()
    assert await title(world) == "Knots"
    await world.http.patch("/api/courses/c-1", json={"title": "Better knots"}, headers=world.as_user("teacher"))
    assert await title(world) == "Better knots"
    assert await title(world, "/api/courses") == "['Better knots']"


async def test_a_load_that_began_before_a_change_is_not_kept_after_it(world: World, broker: Server) -> None:
    courses = Courses(world)
    courses.put("c-1")
    await world.bus()
    courses.gate.clear()
    early = [asyncio.create_task(title(world, path)) for path in ("/api/courses/c-1", "/api/courses")]
    await until(lambda: courses.loads == 2)
    courses.put("c-1", "Better knots")
    heard = len(world.gateway.cache._flights)
    await publish(broker, "c-1")
    await until(lambda: len(world.gateway.cache._flights) < heard)
    # Who asks after the change does not join a load from before it.
    late = asyncio.create_task(title(world))
    await until(lambda: courses.loads == 3)
    courses.gate.set()
    assert await asyncio.gather(*early) == ["Knots", "['Knots']"]
    assert await late == "Better knots"
    assert await title(world) == "Better knots"
    assert await title(world, "/api/courses") == "['Better knots']"


async def test_many_who_ask_at_once_cause_one_load(world: World) -> None:
    courses = Courses(world)
    courses.put("c-1")
    await world.bus()
    courses.gate.clear()
    asking = [asyncio.create_task(title(world)) for _ in range(20)]
    under_way = world.server.server_state.tasks
    await until(lambda: courses.loads == 1 and len(under_way) == 20)
    # The one who began it goes away, and the others are served all the same.
    asking[0].cancel()
    await until(lambda: len(under_way) == 19)
    courses.gate.set()
    assert set(await asyncio.gather(*asking[1:])) == {"Knots"}
    assert courses.loads == 1


async def test_a_draft_is_shown_to_its_teacher_and_to_nobody_else(world: World) -> None:
    courses = Courses(world)
    courses.put("c-1", state=DRAFT)
    await world.bus()
    for _ in range(2):
        assert await title(world, **world.as_user("teacher")) == "Knots"
        assert (await world.http.get("/api/courses/c-1", headers=world.as_user("other"))).status_code == 404
        assert (await world.http.get("/api/courses/c-1")).status_code == 404
    own = "/api/courses?instructorId=teacher"
    for _ in range(2):
        assert await title(world, own, **world.as_user("teacher")) == "['Knots']"
        assert await title(world, own, **world.as_user("other")) == "[]"
        assert await title(world, own) == "[]"
    answer = await world.http.get("/api/courses/c-1", headers=world.as_user("teacher"))
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_nothing_that_is_not_published_is_kept(world: World) -> None:
    courses = Courses(world)
    courses.put("c-1", state=course_pb2.COURSE_STATE_ARCHIVED)
    courses.visible = lambda course: True  # type: ignore[method-assign]
    await world.bus()
    assert await title(world) == await title(world) == "Knots"
    assert courses.loads == 2
    assert len(world.gateway.cache) == 0


async def test_without_the_bus_nothing_is_kept(signer: Signer) -> None:
    async with worlds.world("nats://127.0.0.1:1", signer) as world:
        courses = Courses(world)
        courses.put("c-1")
        assert await title(world) == await title(world) == "Knots"
        assert courses.loads == 2


async def test_what_was_kept_before_the_bus_was_away_is_forgotten(own_broker: Server, signer: Signer) -> None:
    async with worlds.world(own_broker, signer) as world:
        courses = Courses(world)
        courses.put("c-1")
        await world.bus()
        assert await title(world) == "Knots"
        before = world.gateway.facts.epoch()
        own_broker.kill()
        await until(lambda: world.gateway.facts.epoch() is None)
        # The fact of this change is never heard.
        courses.put("c-1", "Better knots")
        own_broker.start()
        await until(lambda: world.gateway.facts.epoch() not in (None, before))
        assert await title(world) == "Better knots"
        # And facts are heard again.
        courses.put("c-1", "Best knots")
        await publish(own_broker, "c-1")
        await until(lambda: len(world.gateway.cache) == 0)
        assert await title(world) == "Best knots"


async def test_an_unchanged_read_is_answered_with_304(world: World) -> None:
    courses = Courses(world)
    courses.put("c-1")
    await world.bus()
    for path in ("/api/courses/c-1", "/api/courses"):
        etag = (await world.http.get(path)).headers["etag"]
        assert etag.startswith('"')
        again = await world.http.get(path, headers={"If-None-Match": f'"other", W/{etag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert (await world.http.get(path, headers={"If-None-Match": '"other"'})).status_code == 200
    assert (await world.http.get("/api/courses/c-1")).headers["etag"] == '"Knots-1"'


async def test_a_bad_token_is_refused_even_for_what_is_in_the_cache(world: World) -> None:
    Courses(world).put("c-1")
    await world.bus()
    await title(world)
    answer = await world.http.get("/api/courses/c-1", headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.json()["reason"]) == (401, "TOKEN_INVALID")


async def _entry(size: int = 10) -> Entry:
    return Entry(b"x" * size, b'"e"', keep=True)


async def test_the_cache_is_bounded_in_entries_and_in_bytes() -> None:
    cache = Cache(lambda: 0, entries=3, size=1_000)
    for number in range(10):
        await cache.get(Key(Cached.COURSE, str(number)), _entry)
    assert [cache.hit(Key(Cached.COURSE, name)) is not None for name in "6789"] == [False, True, True, True]
    wide = Cache(lambda: 0, entries=1_000, size=1_000)
    for number in range(50):
        await wide.get(Key(Cached.COURSE, str(number)), lambda: _entry(100))
    assert (len(wide), wide.bytes) == (10, 1_000)
    await wide.get(Key(Cached.COURSE, "huge"), lambda: _entry(500))
    assert wide.hit(Key(Cached.COURSE, "huge")) is None


async def test_what_is_old_is_not_believed() -> None:
    now = 0.0
    cache = Cache(lambda: 0, clock=lambda: now)
    await cache.get(Key(Cached.COURSE, "c-1"), _entry)
    now = TTL - 0.1
    assert cache.hit(Key(Cached.COURSE, "c-1"))
    now = TTL
    assert cache.hit(Key(Cached.COURSE, "c-1")) is None
    assert cache.bytes == 0
