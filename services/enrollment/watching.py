"""Watchers of enrollments: told by the facts as they are published, on whichever replica the change was made."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

from services.chassis.facts import Fact
from services.chassis.identity import Caller
from services.chassis.refusals import ResourceExhausted
from services.enrollment.domain import Enrollment
from services.enrollment.usecases import finding
from services.enrollment.usecases.ports import Store

SUBJECTS = "coursemesh.enrollment.v1.*"

_AT_MOST = 1_000
# Hearing is at most once, so watchers also look by themselves, in seconds.
_LOOK_EVERY = 10.0


class Watchers:
    """Everybody who watches on this replica."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self.count = 0

    def told(self, fact: Fact) -> None:
        """Wakes those who watch the enrollment that the fact is about."""
        for event in self._waiting.get(fact.subject, ()):
            event.set()

    async def watch(self, store: Store, caller: Caller, enrollment_id: str) -> AsyncGenerator[Enrollment, None]:
        """The enrollment as it is now, and again after each change, until it can change no more."""
        with self._place(enrollment_id) as changed:
            seen: Enrollment | None = None
            while seen is None or not seen.is_over:
                # Cleared before it looks: a change that comes meanwhile is looked at once more.
                changed.clear()
                found = await finding.get(store, caller, enrollment_id)
                if found != seen:
                    seen = found
                    yield found
                else:
                    await _wait(changed)

    @contextmanager
    def _place(self, enrollment_id: str) -> Iterator[asyncio.Event]:
        if self.count >= _AT_MOST:
            raise ResourceExhausted("TOO_MANY_WATCHERS", "too many are watching here; try again", retry_after=1)
        changed = asyncio.Event()
        self.count += 1
        self._waiting.setdefault(enrollment_id, set()).add(changed)
        try:
            yield changed
        finally:
            self.count -= 1
            self._waiting[enrollment_id].discard(changed)
            if not self._waiting[enrollment_id]:
                del self._waiting[enrollment_id]


async def _wait(changed: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_LOOK_EVERY):
            await changed.wait()
    except TimeoutError:
        return
