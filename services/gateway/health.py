"""Whether the gateway is alive, and whether what it needs is there."""

import asyncio
import time
from collections.abc import Callable

from services.gateway import answers
from services.gateway.exchange import JSON, PRIVATE, Answer, typed
from services.gateway.peers import NOT_DEPLOYED, Peers

# Without these two nobody can log in or see the catalog; who deploys the gateway without one of them means it.
_NEEDED = ("user", "course")
_SERVING = "SERVING"
# Probes within so many seconds share one answer: each costs a call to every service.
_SHARED_SECONDS = 0.5


class Health:
    def __init__(self, peers: Peers, bus_connected: Callable[[], bool]) -> None:
        self.peers, self.bus_connected = peers, bus_connected
        self._asking = asyncio.Lock()
        self._answer, self._until = Answer(503), float("-inf")

    async def alive(self) -> Answer:
        return _answer(200, {"status": "ALIVE"})

    async def ready(self) -> Answer:
        """200 while the services that everything needs are SERVING; the rest is told, and does without."""
        async with self._asking:
            if time.monotonic() >= self._until:
                self._answer = await self._ask()
                self._until = time.monotonic() + _SHARED_SECONDS
        return self._answer

    async def _ask(self) -> Answer:
        states = await self.peers.health()
        ready = all(states[service] in (_SERVING, NOT_DEPLOYED) for service in _NEEDED)
        content = {
            "status": _SERVING if ready else "NOT_SERVING",
            "services": states,
            "bus": "CONNECTED" if self.bus_connected() else "AWAY",
        }
        return _answer(200 if ready else 503, content)


def _answer(status: int, content: object) -> Answer:
    return Answer(status, answers.encoded(content), [typed(JSON), PRIVATE])
