"""What the use cases need of the outside."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from services.chassis.paging import Asked
from services.enrollment.domain import Course, Enrollment, Fact, Learner, Seats


class Unit(Protocol):
    """One transaction."""

    async def enrollment(self, enrollment_id: str) -> Enrollment | None:
        """The enrollment, kept from changing until the unit ends."""

    async def enrollments(self, learner_id: str, asked: Asked) -> Sequence[Enrollment]:
        """A learner's, newest first; one more than asked for, if there is one."""

    async def holds_seat(self, learner_id: str, course_id: str) -> bool: ...

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """The ids of pending enrollments whose time is over."""

    async def add(self, enrollment: Enrollment, facts: Sequence[Fact]) -> None: ...

    async def save(self, enrollment: Enrollment, facts: Sequence[Fact]) -> None: ...

    async def keep(self, course: Course) -> None:
        """Keeps what is known of a course, unless something newer is known."""

    async def seats(self, course_id: str) -> Seats | None:
        """The seats of a course, kept from being taken or released until the unit ends."""

    async def take(self, course_id: str, seats: int) -> None:
        """Takes so many seats; releases them when negative."""

    async def certified(self, code: str) -> tuple[Enrollment, Learner | None] | None:
        """The completed enrollment with this certificate, and who learned."""

    async def keep_learner(self, learner: Learner) -> None:
        """Keeps a learner's name, unless a newer one is known."""


class Store(Protocol):
    def begin(self) -> AbstractAsyncContextManager[Unit]:
        """A unit that commits when it is left without an error."""

    def read(self) -> AbstractAsyncContextManager[Unit]:
        """A unit for reading only."""


class Courses(Protocol):
    async def get(self, course_id: str) -> Course:
        """The course as it is now, as far as the caller may see it; refuses otherwise."""
