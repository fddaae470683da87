"""The store: what is kept and found, who wins, and what a unit leaves behind."""

import asyncio
from dataclasses import replace

import pytest

from coursemesh.course.v1.course_events_pb2 import CoursePublished
from services.chassis import facts
from services.chassis.facts import new_id
from services.chassis.paging import Asked
from services.chassis.requests import Answered, Conflict, Key
from services.course import domain
from services.course.domain import Course, Level, State
from services.course.store import CourseStore
from services.course.usecases import Filter
from tests.course.world import LATER, NOW, a_course, added, put, stored, waiting

ALL = Asked(20, None)
KEY = Key("me", "coursemesh.course.v1.CreateCourseRequest", "r1")


async def _listed(store: CourseStore, wanted: Filter, asked: Asked = ALL) -> list[str]:
    async with store.read() as unit:
        return [course.id for course in await unit.listed(wanted, asked)]


@pytest.mark.parametrize("state", list(State))
async def test_a_course_is_read_as_it_was_saved(store: CourseStore, state: State) -> None:
    course = await added(store, a_course(state=state))
    assert await stored(store, course.id) == course
    assert await stored(store, new_id()) is None


async def test_several_are_found_at_once_and_those_missing_left_out(store: CourseStore) -> None:
    courses = [await added(store, a_course()) for _ in range(3)]
    async with store.read() as unit:
        found = await unit.courses([courses[2].id, new_id(), courses[0].id])
        assert sorted(found, key=lambda each: each.id) == [courses[0], courses[2]]
        assert await unit.courses([]) == []


async def test_the_catalog_is_listed_newest_first_page_by_page(store: CourseStore) -> None:
    ids = [(await added(store, a_course(state=State.PUBLISHED))).id for _ in range(5)]
    for other in (State.DRAFT, State.ARCHIVED):
        await added(store, a_course(state=other))
    newest = ids[::-1]
    assert await _listed(store, Filter()) == newest
    assert await _listed(store, Filter(), Asked(2, None)) == newest[:3]  # one more, to know of a next page
    assert await _listed(store, Filter(), Asked(2, newest[1])) == newest[2:]
    assert await _listed(store, Filter(), Asked(2, newest[4])) == []


async def test_a_list_is_narrowed_by_level_tag_and_instructor(store: CourseStore) -> None:
    me = new_id()
    mine = await added(store, a_course(me, State.PUBLISHED))
    hard = await added(store, a_course("", State.PUBLISHED, level=Level.ADVANCED, tags=("ropes",)))
    draft = await added(store, a_course(me))
    assert await _listed(store, Filter(level=Level.ADVANCED)) == [hard.id]
    assert await _listed(store, Filter(tag="ropes")) == [hard.id]
    assert await _listed(store, Filter(tag="sea", level=Level.BEGINNER)) == [mine.id]
    assert await _listed(store, Filter(tag="sea", level=Level.ADVANCED)) == []
    assert await _listed(store, Filter(me)) == [mine.id]
    assert await _listed(store, Filter(me, catalog_only=False)) == [draft.id, mine.id]


async def test_a_list_is_answered_from_an_index(store: CourseStore) -> None:
    await added(store, a_course(state=State.PUBLISHED))
    courses = store.database.courses
    for query in ({"state": "PUBLISHED"}, {"state": "PUBLISHED", "draft.tags": "sea"}, {"instructor_id": "me"}):
        plan = await courses.find(query).sort("_id", -1).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"]), query


async def test_of_changes_to_one_version_one_is_saved(store: CourseStore) -> None:
    course = await added(store, a_course())

    async def change(capacity: int) -> Course | None:
        changed, fact = domain.update(course, replace(course.draft, capacity=capacity), "", new_id, LATER)
        try:
            return await put(store, changed, fact)
        except Conflict:
            return None

    winners = [each for each in await asyncio.gather(*(change(100 + n) for n in range(8))) if each]
    assert winners == [await stored(store, course.id)]


async def test_a_change_to_a_version_that_is_no_more_is_a_conflict(store: CourseStore) -> None:
    course = await added(store, a_course())
    published, fact = domain.publish(course, "", NOW)
    await put(store, published, fact)
    with pytest.raises(Conflict):
        await put(store, domain.publish(course, "", LATER)[0], domain.CoursePublished(course))
    assert await stored(store, course.id) == published
    assert await waiting(store) == [("CoursePublished", course.id)]


async def test_the_version_is_compared_also_where_nothing_else_guards_it(store: CourseStore) -> None:
    course = await added(store, a_course())
    async with store.read() as unit:  # outside a transaction, where no server looks for collisions
        await unit.save(domain.publish(course, "", NOW)[0], None)
        with pytest.raises(Conflict):
            await unit.save(domain.publish(course, "", LATER)[0], None)


async def test_a_unit_that_fails_leaves_neither_course_nor_fact_nor_claim(store: CourseStore) -> None:
    told: list[object] = []
    store.committed = told.extend
    draft, course = await added(store, a_course()), a_course()
    with pytest.raises(ZeroDivisionError):
        async with store.begin() as unit:
            await unit.claim(KEY)
            await unit.add(course)
            await unit.save(*domain.publish(draft, "", LATER))
            await unit.flush()
            raise ZeroDivisionError
    assert await stored(store, course.id) is None
    assert await stored(store, draft.id) == draft
    assert await waiting(store) == told == []
    assert await store.answer_to(KEY) is None


async def test_a_unit_that_is_left_well_leaves_course_and_fact_and_tells_of_it(store: CourseStore) -> None:
    told: list[facts.Fact] = []
    store.committed = told.extend
    draft = await added(store, a_course())
    published = await put(store, *domain.publish(draft, "", NOW))
    [fact] = told
    assert await store.unsent(0, 10) == [fact]
    assert (fact.subject, fact.source, fact.time) == (draft.id, "/coursemesh/course", NOW)
    assert isinstance(fact.data, CoursePublished)
    assert (fact.data.course.id, fact.data.course.version) == (published.id, 2)


async def test_facts_are_unsent_until_marked_oldest_first(store: CourseStore) -> None:
    ids: list[str] = []
    for _ in range(3):
        draft = await added(store, a_course())
        ids.append((await put(store, *domain.publish(draft, "", NOW.replace(second=len(ids))))).id)
    found = await store.unsent(0, 2)
    assert [fact.subject for fact in found] == ids[:2]
    await store.sent([fact.id for fact in found])
    await store.sent([])
    assert [fact.subject for fact in await store.unsent(0, 10)] == ids[2:]
    assert await store.unsent(10**9, 10) == []


async def test_what_is_done_is_forgotten_in_time_by_the_server(store: CourseStore) -> None:
    month = 30 * 24 * 3600
    for collection, field in (("outbox", "sent_at"), ("inbox", "handled_at"), ("requests", "answered_at")):
        indexes = (await store.database[collection].index_information()).values()
        assert [index["expireAfterSeconds"] for index in indexes if index["key"] == [(field, 1)]] == [month]


async def test_preparing_again_changes_nothing(store: CourseStore) -> None:
    before = await store.database.courses.index_information()
    await store.prepare()
    assert await store.database.courses.index_information() == before


async def test_a_key_is_claimed_by_one_unit(store: CourseStore) -> None:
    async def claim(number: int) -> bool:
        try:
            async with store.begin() as unit:
                await unit.claim(KEY)
                await unit.answered(KEY, Answered(b"print", "type", bytes([number])))
        except Conflict:
            return False
        return True

    claimed = await asyncio.gather(*map(claim, range(8)))
    assert sum(claimed) == 1
    answer = await store.answer_to(KEY)
    assert answer == Answered(b"print", "type", bytes([claimed.index(True)]))
    assert await claim(9) is False


async def test_keys_of_others_are_others(store: CourseStore) -> None:
    for key in (KEY, replace(KEY, caller_id="you"), replace(KEY, request_id="r2"), replace(KEY, method="m")):
        async with store.begin() as unit:
            await unit.claim(key)


async def test_a_fact_is_handled_the_first_time_only(store: CourseStore) -> None:
    fact = facts.new("course", "c", CoursePublished(), NOW)
    async with store.begin() as unit:
        assert await unit.first_time(fact)
    async with store.begin() as unit:
        assert not await unit.first_time(fact)


async def test_a_fact_that_two_handle_at_once_is_handled_by_one(store: CourseStore) -> None:
    fact = facts.new("course", "c", CoursePublished(), NOW)
    with pytest.raises(Conflict):
        async with store.begin() as slow:
            await slow.course(new_id())  # its view is of before the other one's commit
            async with store.begin() as quick:
                assert await quick.first_time(fact)
            await slow.first_time(fact)


async def test_a_unit_reads_from_one_moment(store: CourseStore) -> None:
    draft = await added(store, a_course())
    async with store.begin() as unit:
        assert await unit.course(draft.id) == draft
        await put(store, *domain.publish(draft, "", NOW))
        assert await unit.course(draft.id) == draft
