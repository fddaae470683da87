"""Reading the catalog on a real gRPC server: who sees what, pages, filters, bounds."""

from coursemesh.course.v1 import course_pb2 as pb
from services.chassis.facts import new_id
from tests.course.client import UNKNOWN, Client, refused, violated


async def test_a_draft_is_seen_by_its_instructor_and_admins_only(
    me: Client, colleague: Client, admin: Client, student: Client, anybody: Client
) -> None:
    made = await me.create()
    for seeing in (me, admin):
        assert await seeing.get(made.id) == made
        assert await seeing.batch(made.id) == [made.id]
        assert await seeing.list(instructor_id=made.instructor_id) == [made.id]
        assert await seeing.list() == []
    for other in (colleague, student, anybody):
        assert await refused(other.get(made.id)) == UNKNOWN == await refused(other.get(new_id()))
        assert await other.batch(made.id) == []
        assert await other.list(instructor_id=made.instructor_id) == []


async def test_the_catalog_is_open_to_anybody_and_the_archive_by_id(
    me: Client, student: Client, anybody: Client
) -> None:
    kept, gone = await me.create(), await me.create()
    for course in (kept, gone):
        await me.publish(course.id)
    archived = await me.archive(gone.id)
    for reader in (student, anybody):
        assert await reader.list() == [kept.id]
        assert await reader.list(instructor_id=kept.instructor_id) == [kept.id]
        assert await reader.get(gone.id) == archived
        assert await reader.batch(gone.id, new_id(), kept.id, gone.id) == [gone.id, kept.id]
    assert await me.list(instructor_id=kept.instructor_id) == [gone.id, kept.id]


async def test_lists_come_in_pages(me: Client, anybody: Client) -> None:
    ids = [(await me.publish((await me.create()).id)).id for _ in range(5)]
    found: list[str] = []
    sizes: list[int] = []
    token = ""
    while not sizes or token:
        page = await anybody.page(page_size=2, page_token=token)
        sizes.append(len(page.courses))
        found += [course.id for course in page.courses]
        token = page.next_page_token
    assert sizes == [2, 2, 1]
    assert found == ids[::-1]
    assert len(await anybody.list(page_size=-1)) == len(await anybody.list(page_size=10**6)) == 5


async def test_a_page_of_long_courses_is_cut_short_and_none_is_lost(me: Client, anybody: Client) -> None:
    lessons = [pb.Lesson(title="Long", content="x" * 5_000) for _ in range(39)]
    ids = [
        (await me.publish((await me.create(modules=[pb.Module(title="m", lessons=lessons)])).id)).id for _ in range(7)
    ]
    first = await anybody.page(page_size=100)
    assert 0 < len(first.courses) < 7
    assert first.ByteSize() < 4 * 1024 * 1024
    rest = await anybody.page(page_size=100, page_token=first.next_page_token)
    assert [course.id for course in (*first.courses, *rest.courses)] == ids[::-1]
    assert not rest.next_page_token


async def test_lists_are_narrowed(me: Client, anybody: Client) -> None:
    easy = await me.publish((await me.create(tags=["Sea", "boats"])).id)
    hard = await me.publish((await me.create(level=pb.LEVEL_ADVANCED)).id)
    assert await anybody.list(level=pb.LEVEL_ADVANCED) == [hard.id]
    assert await anybody.list(tag=" SEA ") == [hard.id, easy.id]
    assert await anybody.list(tag="boats", level=pb.LEVEL_BEGINNER) == [easy.id]
    assert await anybody.list(tag='{"$ne": ""}') == []
    assert await anybody.list(instructor_id=new_id()) == []


async def test_a_batch_has_a_bound_and_its_refusal_arrives(me: Client) -> None:
    assert await me.batch(*(new_id() for _ in range(100))) == []
    assert await violated(me.batch(*(new_id() for _ in range(101)))) == {"course_ids"}
    assert "course_ids[0]" in await violated(me.batch(*(["x"] * 100)))
