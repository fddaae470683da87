"""The catalog cache: ready answers of public reads, dropped by the course facts and by the gateway's own writes.

It holds what anybody may see and nothing else: everything in it was asked for without a token, and drafts are not kept.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from services.gateway.route import Cached


class Key(NamedTuple):
    """What was asked: a course's id, or the whole request for a list."""

    kind: Cached
    of: str | bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A ready answer. etag: with its quotes. keep: whether it may be kept at all."""

    body: bytes
    etag: bytes
    keep: bool


Load = Callable[[], Awaitable[Entry]]
# A number that changes when facts may have been missed; None while none are heard.
Epoch = Callable[[], int | None]

# Facts are heard without a promise: what is older than this many seconds is not believed.
TTL = 30.0


class _Flight:
    """A load under way. One that began before a change must not be kept after it."""

    task: "asyncio.Task[Entry]"

    def __init__(self, began: float) -> None:
        self.began, self.valid = began, True


class Cache:
    def __init__(
        self, epoch: Epoch, entries: int = 500, size: int = 8_000_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """entries, size (bytes): the bounds."""
        self.epoch, self.most, self.size, self.clock = epoch, entries, size, clock
        self.bytes = 0
        self._entries: OrderedDict[Key, tuple[Entry, float]] = OrderedDict()
        self._flights: dict[Key, _Flight] = {}
        self._known_epoch: int | None = None

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, key: Key, load: Load) -> Entry:
        """The entry, loaded once however many ask for it at the same moment. `load` runs in a task of its own."""
        hit = self.hit(key)
        if hit is not None:
            return hit
        if self._known_epoch is None:
            return await load()
        flight = self._flights.get(key) or self._launch(key, load)
        # One caller who goes away must not take the load from the others.
        return await asyncio.shield(flight.task)

    def hit(self, key: Key) -> Entry | None:
        """The entry, if it is there and can be trusted."""
        epoch = self.epoch()
        if epoch != self._known_epoch:
            # The bus was away, and with it the facts that would have dropped what is here.
            self.clear()
            self._known_epoch = epoch
        kept = self._entries.get(key)
        if kept is None:
            return None
        if kept[1] + TTL <= self.clock():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return kept[0]

    def changed(self, course_id: str) -> None:
        """A course changed: it and every list go, and what is being loaded is not kept."""
        for key in [key for key in self._entries if _concerned(key, course_id)]:
            self._drop(key)
        for key in [key for key in self._flights if _concerned(key, course_id)]:
            self._flights.pop(key).valid = False

    def clear(self) -> None:
        self._entries.clear()
        self.bytes = 0
        for flight in self._flights.values():
            flight.valid = False
        self._flights.clear()

    def _launch(self, key: Key, load: Load) -> _Flight:
        flight = self._flights[key] = _Flight(self.clock())
        flight.task = asyncio.create_task(self._run(flight, key, load), name="catalog load")
        # Where nobody waits any more, nobody would ask for the error.
        flight.task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return flight

    async def _run(self, flight: _Flight, key: Key, load: Load) -> Entry:
        try:
            entry = await load()
        finally:
            if flight.valid:
                del self._flights[key]
        if flight.valid and entry.keep:
            self._keep(key, entry, flight.began)
        return entry

    def _keep(self, key: Key, entry: Entry, began: float) -> None:
        if len(entry.body) > self.size // 8:
            return
        self._drop(key)
        self._entries[key] = (entry, began)
        self.bytes += len(entry.body)
        while len(self._entries) > self.most or self.bytes > self.size:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Key) -> None:
        kept = self._entries.pop(key, None)
        if kept is not None:
            self.bytes -= len(kept[0].body)


def _concerned(key: Key, course_id: str) -> bool:
    return key.kind is Cached.LIST or key.of == course_id
