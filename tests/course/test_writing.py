"""What may be written of a course: each bound from both sides, each wrong field by its path."""

from dataclasses import replace
from typing import Any

import pytest

from services.chassis.refusals import InvalidArgument
from services.course import domain
from services.course.domain import Draft, Lesson, Module, Money
from services.course.writing import check_draft
from tests.course.world import a_course, a_draft

LESSON = Lesson("", "Knots", "", 0)


def _wrong(draft: Draft, *known: str) -> set[str]:
    with pytest.raises(InvalidArgument) as refused:
        check_draft(draft, known)
    return set(refused.value.violations)


def _taught(**changes: Any) -> tuple[Module, ...]:
    """A second module whose second lesson has the changes."""
    return (Module("", "Ashore", ()), Module("", "Afloat", (LESSON, replace(LESSON, **changes))))


@pytest.mark.parametrize(
    ("field", "least", "most"), [("title", 1, 200), ("summary", 0, 500), ("description", 0, 5_000)]
)
def test_texts_have_bounds(field: str, least: int, most: int) -> None:
    for fits in {"x" * least, "ö" * most}:
        check_draft(a_draft(**{field: fits}))
    assert _wrong(a_draft(**{field: "x" * (most + 1)})) == {f"draft.{field}"}
    if least:
        assert _wrong(a_draft(**{field: " "})) == {f"draft.{field}"}


@pytest.mark.parametrize(("field", "fits"), [("capacity", (1, 100_000))])
def test_seats_have_bounds(field: str, fits: tuple[int, int]) -> None:
    for number in fits:
        assert check_draft(a_draft(capacity=number)).capacity == number
    for number in (-1, 0, 100_001):
        assert _wrong(a_draft(capacity=number)) == {"draft.capacity"}


def test_prices_are_never_negative_and_in_a_currency_that_exists() -> None:
    for amount in (0, 100_000_000):
        check_draft(a_draft(price=Money(amount, "JPY")))
    for amount in (-1, 100_000_001):
        assert _wrong(a_draft(price=Money(amount, "EUR"))) == {"draft.price.amount_minor"}
    for code in ("", "eur", "EURO", "ABC", "DEM"):
        assert _wrong(a_draft(price=Money(1, code))) == {"draft.price.currency_code"}
    assert _wrong(a_draft(price=None)) == {"draft.price"}


@pytest.mark.parametrize("language", ["en", "pt-BR", "zh-Hant", "zh-Hant-TW", "es-419", "haw"])
def test_languages_are_tags(language: str) -> None:
    assert check_draft(a_draft(language=language)).language == language


@pytest.mark.parametrize("language", ["", "english", "EN", "en_US", "en-", "e", "en-us", "en\n"])
def test_other_languages_are_refused(language: str) -> None:
    assert _wrong(a_draft(language=language)) == {"draft.language"}


def test_tags_are_kept_in_lower_case_and_once_each_in_their_order() -> None:
    assert check_draft(a_draft(tags=(" Web ", "sea", "WEB", "Sea"))).tags == ("web", "sea")


def test_tags_have_bounds() -> None:
    check_draft(a_draft(tags=tuple("x" * 39 + str(n) for n in range(10))))
    assert _wrong(a_draft(tags=("ok", "", "x" * 41))) == {"draft.tags[1]", "draft.tags[2]"}
    assert _wrong(a_draft(tags=("İ" * 40,))) == {"draft.tags[0]"}  # longer in lower case
    assert _wrong(a_draft(tags=tuple(map(str, range(11))))) == {"draft.tags"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "bell\a"}, "title"),
        ({"content": "x" * 5_001}, "content"),
        ({"duration_minutes": -1}, "duration_minutes"),
        ({"duration_minutes": 601}, "duration_minutes"),
    ],
)
def test_a_wrong_lesson_is_named_by_its_path(changes: dict[str, Any], path: str) -> None:
    assert _wrong(a_draft(modules=_taught(**changes))) == {f"draft.modules[1].lessons[1].{path}"}


def test_lessons_fit_at_their_bounds() -> None:
    check_draft(a_draft(modules=_taught(title="x" * 200, content="x" * 5_000, duration_minutes=600)))


def test_modules_and_lessons_are_counted() -> None:
    fifty = tuple(Module("", f"{n}", (LESSON,)) for n in range(50))
    check_draft(a_draft(modules=fifty))
    check_draft(a_draft(modules=(Module("", "Long", (LESSON,) * 50),)))
    assert _wrong(a_draft(modules=(*fifty, fifty[0]))) == {"draft.modules"}
    assert _wrong(a_draft(modules=(fifty[0], Module("", "Long", (LESSON,) * 51)))) == {"draft.modules[1].lessons"}
    assert _wrong(a_draft(modules=(Module("", "", ()),))) == {"draft.modules[0].title"}


def test_ids_are_those_that_the_course_has_and_once_each() -> None:
    course = a_course()
    known = domain.ids_in(course.draft)
    assert check_draft(course.draft, known) == course.draft
    assert _wrong(course.draft) == {"draft.modules"}  # of another course, or of none
    module = course.draft.modules[0]
    assert _wrong(replace(course.draft, modules=(module, module)), *known) == {"draft.modules"}
    twice = replace(module, lessons=(module.lessons[0],) * 2)
    assert _wrong(replace(course.draft, modules=(twice,)), *known) == {"draft.modules"}


def test_every_wrong_field_is_named_at_once() -> None:
    fields = ("title", "level", "language", "price", "capacity")
    assert _wrong(Draft()) == {f"draft.{field}" for field in fields}


def test_of_very_many_wrong_fields_the_first_are_named() -> None:
    wrong = _wrong(a_draft(modules=tuple(Module("", "", (replace(LESSON, title=""),) * 50) for _ in range(50))))
    assert len(wrong) == 20
    assert "draft.modules[0].title" in wrong


def test_a_course_has_no_more_text_than_a_fact_can_carry() -> None:
    def written(count: int) -> Draft:
        lessons = tuple(replace(LESSON, title="x" * 100, content="x" * 4_900) for _ in range(count))
        return a_draft(title="x", summary="", description="", tags=(), modules=(Module("", "y", lessons),))

    check_draft(written(39))
    assert _wrong(written(40)) == {"draft"}
