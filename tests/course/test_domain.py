"""The domain: what a course may become, what of it is promised, and what is told."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from services.chassis.refusals import Aborted, FailedPrecondition
from services.course import domain
from services.course.domain import CourseArchived, CoursePublished, CourseUpdated, Lesson, Module, Money, State
from tests.course.world import LATER, NOW, a_course, a_draft


def _ids() -> Any:
    numbers = count(1)
    return lambda: f"new-{next(numbers)}"


def _update(course: domain.Course, etag: str = "", **changes: Any) -> tuple[domain.Course, domain.Fact | None]:
    return domain.update(course, replace(course.draft, **changes), etag, _ids(), LATER)


def _reason(refused: pytest.ExceptionInfo[Any]) -> str:
    return str(refused.value.reason)


def test_a_new_course_is_a_draft_of_version_1_with_ids_for_all_its_parts() -> None:
    course = domain.create("c", "me", a_draft(), _ids(), NOW)
    assert (course.id, course.instructor_id, course.state, course.version) == ("c", "me", State.DRAFT, 1)
    assert (course.created, course.updated, course.published) == (NOW, NOW, None)
    assert sorted(domain.ids_in(course.draft)) == ["new-1", "new-2", "new-3"]


def test_parts_keep_their_ids_and_new_ones_get_one() -> None:
    course = a_course()
    module = course.draft.modules[0]
    longer = replace(module, lessons=(*module.lessons, Lesson("", "Tides", "", 5)))
    changed, _ = _update(course, modules=(Module("", "Afloat", ()), longer))
    assert changed.draft.modules[1].id == module.id
    assert [lesson.id for lesson in changed.draft.modules[1].lessons[:2]] == [lesson.id for lesson in module.lessons]
    assert {changed.draft.modules[0].id, changed.draft.modules[1].lessons[2].id} == {"new-1", "new-2"}


def test_a_draft_changes_without_a_fact() -> None:
    changed, fact = _update(before := a_course(), title="Sailing", capacity=1)
    assert (changed.draft.title, changed.draft.capacity, changed.version) == ("Sailing", 1, 2)
    assert (changed.created, changed.updated, changed.state) == (NOW, LATER, State.DRAFT)
    assert changed.draft.modules == before.draft.modules
    assert fact is None


def test_every_change_is_a_new_version_with_a_new_etag() -> None:
    draft = a_course()
    changed, _ = _update(draft)
    published, _ = domain.publish(changed, "", LATER)
    archived, _ = domain.archive(published, "", LATER)
    life = [draft, changed, published, archived]
    assert [course.version for course in life] == [1, 2, 3, 4]
    assert len({course.etag for course in life}) == 4
    assert a_course().etag != a_course().etag


def test_publishing_puts_a_draft_into_the_catalog_and_tells_of_it() -> None:
    published, fact = domain.publish(a_course(), "", LATER)
    assert (published.state, published.published, published.updated) == (State.PUBLISHED, LATER, LATER)
    assert fact == CoursePublished(published)


def test_archiving_takes_it_out_and_tells_of_it() -> None:
    archived, fact = domain.archive(a_course(state=State.PUBLISHED), "", LATER)
    assert (archived.state, archived.published, archived.updated) == (State.ARCHIVED, NOW, LATER)
    assert fact == CourseArchived(archived)


def test_a_change_in_the_catalog_is_told_with_the_whole_course() -> None:
    changed, fact = _update(a_course(state=State.PUBLISHED), title="Sailing")
    assert fact == CourseUpdated(changed)


@pytest.mark.parametrize("modules", [(), (Module("", "Empty", ()),)])
def test_a_course_without_a_lesson_is_not_published(modules: tuple[Module, ...]) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        domain.publish(a_course(modules=modules), "", NOW)
    assert _reason(refused) == "NO_LESSONS"


@pytest.mark.parametrize("state", [State.PUBLISHED, State.ARCHIVED])
def test_only_a_draft_is_published(state: State) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        domain.publish(a_course(state=state), "", NOW)
    assert _reason(refused) == "NOT_DRAFT"


@pytest.mark.parametrize("state", [State.DRAFT, State.ARCHIVED])
def test_only_what_is_in_the_catalog_is_archived(state: State) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        domain.archive(a_course(state=state), "", NOW)
    assert _reason(refused) == "NOT_PUBLISHED"


def test_an_archived_course_does_not_change() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        _update(a_course(state=State.ARCHIVED), title="Sailing")
    assert _reason(refused) == "COURSE_ARCHIVED"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"capacity": 9}, "CAPACITY_SHRINKS"),
        ({"price": Money(4900, "USD")}, "CURRENCY_FIXED"),
        ({"modules": ()}, "NO_LESSONS"),
    ],
)
def test_what_learners_rely_on_stays(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        _update(a_course(state=State.PUBLISHED), **changes)
    assert _reason(refused) == reason
    _update(a_course(), **changes)  # of a draft nothing is promised yet


def test_a_published_course_may_get_more_seats_and_another_price() -> None:
    changed, _ = _update(a_course(state=State.PUBLISHED), capacity=11, price=Money(0, "EUR"))
    assert (changed.draft.capacity, changed.draft.price) == (11, Money(0, "EUR"))


def test_an_etag_of_another_version_is_refused_and_the_current_one_is_not() -> None:
    old = a_course()
    course, _ = _update(old, old.etag)
    published, _ = domain.publish(course, course.etag, LATER)
    assert domain.archive(published, published.etag, LATER)[0].state is State.ARCHIVED
    acts: list[Any] = [
        lambda: _update(course, old.etag),
        lambda: domain.publish(course, old.etag, LATER),
        lambda: domain.archive(published, course.etag, LATER),
    ]
    for act in acts:
        with pytest.raises(Aborted) as refused:
            act()
        assert _reason(refused) == "ETAG_MISMATCH"


def test_a_change_takes_the_named_fields_and_no_others() -> None:
    course = a_course()
    changes = a_draft(title="Sailing", summary="", capacity=99)
    merged = domain.merged(course, changes, ["title", "summary"])
    assert merged == replace(course.draft, title="Sailing", summary="")
