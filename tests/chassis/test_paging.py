"""Pages: sizes are brought into bounds, and a token that was made up is refused."""

import base64

import pytest

from services.chassis import paging
from services.chassis.refusals import InvalidArgument

IDS = [f"0197f0a0-7a3b-7c00-8000-{number:012d}" for number in range(5)]


def encoded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize(
    ("given", "taken"), [(0, 20), (-1, 20), (-(2**31), 20), (1, 1), (100, 100), (101, 100), (2**31 - 1, 100)]
)
def test_any_page_size_is_brought_into_bounds(given: int, taken: int) -> None:
    assert paging.asked(given, "") == paging.Asked(taken, None)


def test_following_the_tokens_shows_everything_once() -> None:
    seen: list[str] = []
    token = ""
    for _ in range(3):
        asked = paging.asked(2, token)
        rows = [each for each in IDS if each > (asked.after or "")][: asked.size + 1]
        page = paging.page(rows, asked.size, str)
        seen += page.rows
        token = page.next_token
    assert seen == IDS
    assert token == ""


def test_the_last_page_that_is_just_full_has_no_token() -> None:
    assert paging.page(IDS, len(IDS), str).next_token == ""


def test_a_changed_page_keeps_its_token() -> None:
    page = paging.page(IDS, 2, str)
    assert page.map(len) == paging.Page([36, 36], page.next_token)


def test_an_empty_list_is_one_empty_page() -> None:
    assert paging.page([], 20, str) == paging.Page([], "")


def test_a_token_does_not_show_its_row() -> None:
    assert IDS[1] not in paging.page(IDS, 2, str).next_token


@pytest.mark.parametrize(
    "token",
    [
        "made up",
        "x",
        "abcde",
        "é",
        "\x00",
        "=" * 8,
        IDS[0],
        encoded(b"v1:"),
        encoded(b"v1:not-an-id"),
        encoded(f"v2:{IDS[0]}".encode()),
        encoded(f"v1:{IDS[0]}' OR 1=1".encode()),
        encoded(f"v1:{IDS[0]}\n".encode()),
        encoded(b"\xff\xfe"),
        "A" * 10_000,
    ],
)
def test_a_token_that_was_made_up_is_refused(token: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        paging.asked(10, token)
    assert list(refused.value.violations) == ["page_token"]
