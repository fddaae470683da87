"""Pages of a list: sizes are brought into bounds, tokens are opaque and checked."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.chassis.refusals import InvalidArgument

Row = TypeVar("Row")
Other = TypeVar("Other")

_DEFAULT, _MOST = 20, 100
_TOKEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Asked:
    """The page that is asked for: at most `size` rows beyond the id `after`, from the start without one."""

    size: int
    after: str | None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A page: its rows, and the token that asks for the next one; empty on the last."""

    rows: Sequence[Row]
    next_token: str

    def map(self, change: Callable[[Row], Other]) -> "Page[Other]":
        return Page([change(row) for row in self.rows], self.next_token)


def asked(page_size: int, page_token: str) -> Asked:
    """Reads a request's page_size (20 when not positive, never more than 100) and page_token."""
    size = min(page_size, _MOST) if page_size > 0 else _DEFAULT
    return Asked(size, _decode(page_token) if page_token else None)


def page(rows: Sequence[Row], size: int, id_of: Callable[[Row], str]) -> Page[Row]:
    """A page of rows of which one more than `size` was read, to know whether there is a next page."""
    shown = rows[:size]
    return Page(shown, _encode(id_of(shown[-1])) if len(rows) > size else "")


def _encode(row_id: str) -> str:
    return base64.urlsafe_b64encode(f"v1:{row_id}".encode()).decode().rstrip("=")


def _decode(token: str) -> str:
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    version, _, row_id = text.partition(":")
    if version != "v1" or not _TOKEN.fullmatch(row_id):
        raise InvalidArgument({"page_token": "give the next_page_token of an earlier answer, or none"})
    return row_id
