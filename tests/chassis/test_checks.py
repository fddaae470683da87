"""Checks of input name every wrong field at once."""

import pytest

from services.chassis.checks import Checks, an_id, request_id
from services.chassis.refusals import InvalidArgument

AN_ID = "0197f0a0-7a3b-7c00-8000-0123456789ab"


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(InvalidArgument) as refused, Checks() as checks:
        checks.text("title", "", 1, 10)
        checks.number("seats", -1, 0, 10_000)
        checks.id("course_id", "x")
        checks.that(True, "fine", "is not told")
    assert refused.value.violations == {
        "title": "give 1 to 10 characters",
        "seats": "give a number from 0 to 10,000",
        "course_id": "give an id (a UUID in lower case)",
    }
    assert refused.value.reason == "INVALID_INPUT"


def test_the_first_thing_wrong_with_a_field_is_what_is_told() -> None:
    with pytest.raises(InvalidArgument) as refused, Checks() as checks:
        checks.wrong("title", "first")
        checks.wrong("title", "second")
    assert refused.value.violations == {"title": "first"}


def test_good_input_passes_and_white_space_around_text_is_cut_off() -> None:
    with Checks() as checks:
        assert checks.text("title", "  a\tb\nc ", 1, 5) == "a\tb\nc"
        assert checks.number("seats", 3, 3, 3) == 3
        assert checks.id("id", AN_ID) == AN_ID


def test_an_error_inside_is_not_covered_up_by_a_violation() -> None:
    with pytest.raises(KeyError), Checks() as checks:
        checks.wrong("title", "bad")
        raise KeyError


@pytest.mark.parametrize(
    ("text", "fine"), [("", False), (" " * 9, False), ("a", True), ("é" * 5, True), ("a" * 6, False)]
)
def test_text_has_its_bounds_in_characters(text: str, fine: bool) -> None:
    checks = Checks()
    checks.text("name", text, 1, 5)
    assert (not checks.violations) is fine


def test_text_without_a_least_is_told_only_its_most() -> None:
    checks = Checks()
    checks.text("note", "", 0, 3)
    assert not checks.violations
    checks.text("note", "abcd", 0, 3)
    assert checks.violations == {"note": "give at most 3 characters"}


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x0b", "\x1b", "\x1f", "\x7f"])
def test_control_characters_are_refused(control: str) -> None:
    checks = Checks()
    checks.text("name", f"a{control}b", 1, 10)
    assert checks.violations == {"name": "give no control characters"}


@pytest.mark.parametrize("number", [0, 11])
def test_a_number_out_of_bounds_is_refused(number: int) -> None:
    checks = Checks()
    checks.number("count", number, 1, 10)
    assert "count" in checks.violations


@pytest.mark.parametrize("text", ["", "x", AN_ID.upper(), f"{AN_ID} ", f"{AN_ID}\n", AN_ID[:-1], "{" + AN_ID + "}"])
def test_what_is_not_the_id_of_anything_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        an_id("course_id", text)
    assert list(refused.value.violations) == ["course_id"]


@pytest.mark.parametrize("text", ["", "a" * 65, "a b", "a\n", "é", "\x00"])
def test_a_request_id_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        request_id(text)
    assert list(refused.value.violations) == ["request_id"]


@pytest.mark.parametrize("text", ["a", "a" * 64, "!~", AN_ID])
def test_printable_request_ids_are_good(text: str) -> None:
    assert request_id(text) == text
