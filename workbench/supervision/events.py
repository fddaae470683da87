"""What happens to the programs, told to everyone who watches."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

Event = dict[str, str | int | float | None]

# A watcher that lags so far behind is told no more until it has read some of it.
_AT_MOST = 200


class Events:
    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[Event | None]] = set()

    def tell(self, event: Event | None) -> None:
        """None is the last event of all."""
        for watcher in self._watchers:
            if not watcher.full():
                watcher.put_nowait(event)

    @contextmanager
    def watched(self) -> Iterator["asyncio.Queue[Event | None]"]:
        queue: asyncio.Queue[Event | None] = asyncio.Queue(_AT_MOST)
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)


def line(event: Event) -> str:
    """The event as a sentence for people."""
    name, what = event["name"], event["event"]
    if what == "died":
        again = "not started again" if event["again"] is None else f"starting again in {event['again']} s"
        return f"{name} died ({event['exit']}), {again}"
    if what == "restarted":
        return f"{name} runs again (pid {event['pid']})"
    return f"{name} {what}"
