"""Checks of input that name every wrong field at once."""

import re
from types import TracebackType
from typing import Self

from services.chassis.refusals import InvalidArgument

# Control characters have no place in a name or a title, and break logs and mails. Line breaks and tabs are kept.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,64}")

# A refusal travels in a header, which has a bound: it names the first wrong fields only.
_TOLD_AT_MOST = 20


class Checks:
    """Collects violations; leaving the `with` block refuses if there were any.

    with Checks() as checks:
        title = checks.text("title", title, 1, 200)
    """

    def __init__(self) -> None:
        self.violations: dict[str, str] = {}

    def wrong(self, field: str, problem: str) -> None:
        if len(self.violations) < _TOLD_AT_MOST:
            self.violations.setdefault(field, problem)

    def that(self, holds: bool, field: str, problem: str) -> None:
        if not holds:
            self.wrong(field, problem)

    def text(self, field: str, value: str, least: int, most: int) -> str:
        """Text of `least` to `most` characters, with the white space around it cut off."""
        value = value.strip()
        if not least <= len(value) <= most:
            self.wrong(field, f"give {least} to {most} characters" if least else f"give at most {most} characters")
        elif _CONTROL.search(value):
            self.wrong(field, "give no control characters")
        return value

    def id(self, field: str, value: str) -> str:
        """The id of something of ours: a UUID in lower case."""
        self.that(_ID.fullmatch(value) is not None, field, "give an id (a UUID in lower case)")
        return value

    def number(self, field: str, value: int, least: int, most: int) -> int:
        self.that(least <= value <= most, field, f"give a number from {least:,} to {most:,}")
        return value

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None and self.violations:
            raise InvalidArgument(self.violations)


def request_id(value: str) -> str:
    """The id that a client gave its request."""
    if not _REQUEST_ID.fullmatch(value):
        raise InvalidArgument({"request_id": "give 1 to 64 printable characters that name this request"})
    return value


def an_id(field: str, value: str) -> str:
    """Refuses what is not the id of anything."""
    with Checks() as checks:
        return checks.id(field, value)
