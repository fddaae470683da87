"""The RPCs on a real gRPC server: who may do what, and what the answers are."""

from typing import Any

import pytest

from coursemesh.course.v1 import course_pb2 as pb
from coursemesh.course.v1 import course_service_pb2 as rpc
from services.chassis.facts import new_id
from services.course.store import CourseStore
from tests.course.client import UNKNOWN, Client, refused, violated
from tests.course.world import waiting, written
from tests.support.tokens import Signer, bearer


async def test_a_new_course_is_the_callers_draft(me: Client, signer: Signer) -> None:
    made = await me.create(tags=["Sea", "sea"], title=" Sailing ")
    assert (made.title, list(made.tags), made.state) == ("Sailing", ["sea"], pb.COURSE_STATE_DRAFT)
    assert (made.version, made.capacity, made.price.amount_minor, made.language) == (1, 10, 4900, "en")
    assert made.etag
    assert not made.HasField("publish_time")
    assert all(part.id for part in (made.modules[0], made.modules[0].lessons[0]))
    assert await me.get(made.id) == made
    assert (await me.list(instructor_id=made.instructor_id)) == [made.id]


async def test_a_course_lives_from_draft_to_archive(me: Client, store: CourseStore) -> None:
    made = await me.create()
    published = await me.publish(made.id, made.etag)
    assert (published.state, published.version) == (pb.COURSE_STATE_PUBLISHED, 2)
    assert published.publish_time == published.update_time
    changed = await me.update(made.id, etag=published.etag, title="Sailing")
    assert (changed.title, changed.version, changed.publish_time) == ("Sailing", 3, published.publish_time)
    archived = await me.archive(made.id, changed.etag)
    assert (archived.state, archived.version) == (pb.COURSE_STATE_ARCHIVED, 4)
    assert len({made.etag, published.etag, changed.etag, archived.etag}) == 4
    assert await me.get(made.id) == archived
    told = [("CoursePublished", made.id), ("CourseUpdated", made.id), ("CourseArchived", made.id)]
    assert await waiting(store) == told


async def test_a_mask_names_what_changes_and_without_one_it_is_what_is_set(me: Client) -> None:
    made = await me.create(summary="Short.")
    changed = await me.update(made.id, "title", "summary", title="Sailing", capacity=99)
    assert (changed.title, changed.summary, changed.capacity) == ("Sailing", "", 10)
    changed = await me.update(made.id, capacity=99)
    assert (changed.title, changed.capacity) == ("Sailing", 99)
    assert changed.modules == made.modules


async def test_lessons_keep_their_ids_and_so_their_progress(me: Client) -> None:
    made = await me.create()
    module = made.modules[0]
    modules = [pb.Module(id=module.id, title="Afloat", lessons=[pb.Lesson(title="Tides"), *module.lessons])]
    changed = await me.update(made.id, modules=modules)
    assert (changed.modules[0].id, changed.modules[0].lessons[1]) == (module.id, module.lessons[0])
    assert changed.modules[0].lessons[0].id not in {"", module.id, module.lessons[0].id}
    other = await me.create()
    assert await violated(me.update(other.id, modules=made.modules)) == {"draft.modules"}
    assert await violated(me.create(modules=made.modules)) == {"draft.modules"}


async def test_a_mask_of_fields_that_are_not_there_isrefused(me: Client) -> None:
    made = await me.create()
    for path in ("colour", "price.amount_minor", "state", "instructor_id", ""):
        assert await violated(me.update(made.id, "title", path, title="Sailing")) == {"update_mask"}
    assert await violated(me.update(made.id)) == {"update_mask"}
    assert await violated(me.update(made.id, "price")) == {"draft.price"}
    assert await me.get(made.id) == made


async def test_somebody_elses_course_is_not_changed(me: Client, colleague: Client) -> None:
    made = await me.create()
    writes: list[Any] = [lambda: colleague.update(made.id, title="Mine"), lambda: colleague.publish(made.id)]
    for write in writes:
        assert await refused(write()) == UNKNOWN
    published = await me.publish(made.id)
    for write in (*writes, lambda: colleague.archive(made.id)):
        assert await refused(write()) == ("PERMISSION_DENIED", "NOT_YOURS")
    assert await me.get(made.id) == published


async def test_an_admin_changes_any_course_and_it_stays_its_instructors(me: Client, admin: Client) -> None:
    made = await me.create()
    await admin.update(made.id, title="Sailing")
    await admin.publish(made.id)
    archived = await admin.archive(made.id)
    assert (archived.title, archived.instructor_id) == ("Sailing", made.instructor_id)


async def test_students_write_nothing(me: Client, student: Client) -> None:
    published = await me.publish((await me.create()).id)
    for write in (
        student.create(),
        student.update(published.id, title="Mine"),
        student.publish(published.id),
        student.archive(published.id),
    ):
        assert await refused(write) == ("PERMISSION_DENIED", "ROLE_NEEDED")


async def test_nobody_writes_without_a_good_token_or_reads_with_a_bad_one(
    stub: Any, me: Client, signer: Signer
) -> None:
    published = await me.publish((await me.create()).id)
    nobody = new_id()
    forged = bearer(Signer().token(nobody, "instructor"))
    stale = bearer(signer.token(nobody, "instructor", exp=1))
    for metadata, reason in ((None, "TOKEN_MISSING"), (forged, "TOKEN_INVALID"), (stale, "TOKEN_EXPIRED")):
        client = Client(stub, metadata)
        reads = (client.get(published.id), client.batch(published.id), client.list()) if metadata else ()
        writes = (client.create(), client.update(published.id, title="x"), client.publish(published.id))
        for call in (*reads, *writes, client.archive(published.id)):
            assert await refused(call) == ("UNAUTHENTICATED", reason)


async def test_what_is_not_there_is_not_changed(me: Client) -> None:
    for write in (me.update(new_id(), title="x"), me.publish(new_id()), me.archive(new_id())):
        assert await refused(write) == UNKNOWN


async def test_moves_out_of_turn_are_refused_with_their_reason(me: Client) -> None:
    def failed(reason: str) -> tuple[str, str]:
        return "FAILED_PRECONDITION", reason

    empty = await me.create(modules=None)
    assert await refused(me.publish(empty.id)) == failed("NO_LESSONS")
    made = await me.create()
    assert await refused(me.archive(made.id)) == failed("NOT_PUBLISHED")
    await me.publish(made.id)
    assert await refused(me.publish(made.id)) == failed("NOT_DRAFT")
    assert await refused(me.update(made.id, capacity=9)) == failed("CAPACITY_SHRINKS")
    dollars = pb.Money(amount_minor=4900, currency_code="USD")
    assert await refused(me.update(made.id, price=dollars)) == failed("CURRENCY_FIXED")
    await me.archive(made.id)
    assert await refused(me.update(made.id, title="x")) == failed("COURSE_ARCHIVED")


async def test_an_old_etag_is_refused_everywhere(me: Client) -> None:
    made = await me.create()
    changed = await me.update(made.id, title="Sailing")
    old = ("ABORTED", "ETAG_MISMATCH")
    assert await refused(me.update(made.id, title="x", etag=made.etag)) == old
    assert await refused(me.publish(made.id, made.etag)) == old
    published = await me.publish(made.id, changed.etag)
    assert await refused(me.archive(made.id, changed.etag)) == old
    assert await me.get(made.id) == published


@pytest.mark.parametrize("wrong", ["7", "$where", "\0", "A" * 36, "0" * 100_000])
async def test_bad_ids_are_named_and_change_nothing(me: Client, stub: Any, wrong: str) -> None:
    for call in (me.get(wrong), me.update(wrong, title="x"), me.publish(wrong), me.archive(wrong)):
        assert await violated(call) == {"course_id"}
    assert await violated(me.batch(new_id(), wrong)) == {"course_ids[1]"}
    assert await violated(me.list(instructor_id=wrong)) == {"instructor_id"}
    assert await violated(me.list(page_token=wrong)) == {"page_token"}
    request = rpc.CreateCourseRequest(request_id=" " + wrong, draft=written())
    assert await violated(stub.CreateCourse(request, metadata=me.metadata)) == {"request_id"}


async def test_a_level_that_does_not_exist_isrefused(me: Client) -> None:
    assert await violated(me.list(level=77)) == {"level"}
    assert await violated(me.create(level=77)) == {"draft.level"}
    assert await violated(me.create(level=None)) == {"draft.level"}


async def test_a_refusal_of_thousands_of_fields_arrives(me: Client) -> None:
    module = pb.Module(title="x", lessons=[pb.Lesson(duration_minutes=-1)] * 50)
    assert "draft.modules[0].lessons[0].title" in await violated(me.create(modules=[module] * 50))
    assert await me.list() == []
