"""One system: infrastructure first, then all services at once; stopped the other way round."""

import asyncio
import os
import time
from pathlib import Path

from workbench import processes, readiness, state
from workbench.place import Place
from workbench.plan import Plan
from workbench.state import State
from workbench.supervision.child import Child
from workbench.supervision.events import Event, Events, line
from workbench.supervision.logs import keep_within, open_log

# Services bear a late store; beyond this it is the services' health that says what is wrong.
_INFRASTRUCTURE_SECONDS = 60
_LOOK_AT_LOGS_SECONDS = 10


class System:
    def __init__(self, plan: Plan, place: Place, control: Path) -> None:
        self.events = Events()
        self.stopping = asyncio.Event()
        self._place = place
        self._infrastructure = [Child(p, place.log(p.name), plan.restart, self._note) for p in plan.infrastructure]
        self._services = [Child(p, place.log(p.name), plan.restart, self._note) for p in plan.services]
        self._state = State(
            pid=os.getpid(),
            since=processes.started(os.getpid()),
            control=str(control),
            programs={child.program.name: child.running for child in self.children},
        )
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def children(self) -> list[Child]:
        return [*self._infrastructure, *self._services]

    async def run(self) -> None:
        """Runs everything until `stopping` is set and everything has stopped."""
        self._write()
        begun = asyncio.create_task(self._begin())
        logs = asyncio.create_task(self._bound_logs())
        await self.stopping.wait()
        self._note({"event": "stopping", "name": "system"})
        for task in (begun, logs):
            task.cancel()
        await asyncio.gather(begun, logs, return_exceptions=True)
        await self._stop(self._services)
        await self._stop(self._infrastructure)
        await asyncio.gather(*self._tasks)
        self.events.tell(None)

    def reap(self) -> None:
        for child in self.children:
            child.reap()
        self._write()

    async def act(self, request: dict[str, object]) -> dict[str, object]:
        """Does what a request on the control socket asks for."""
        match request:
            case {"do": "stop"}:
                self.stopping.set()
                return {"done": True}
            case {"do": "restart", "name": name}:
                for child in self.children:
                    if child.program.name == name:
                        await child.restart()
                        return {"done": True}
                return {"error": f"there is no {name}"}
        return {"error": "unknown request"}

    async def _begin(self) -> None:
        self._keep(self._infrastructure)
        await asyncio.gather(*(self._until_ready(child) for child in self._infrastructure))
        self._keep(self._services)

    def _keep(self, children: list[Child]) -> None:
        self._tasks += [asyncio.create_task(child.keep()) for child in children]

    async def _until_ready(self, child: Child) -> None:
        deadline = time.monotonic() + _INFRASTRUCTURE_SECONDS
        while not await asyncio.to_thread(readiness.accepts, child.program.speaks, child.program.port):
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(0.02)
        child.running.ready = True
        self._note({"event": "ready", "name": child.program.name})

    async def _stop(self, children: list[Child]) -> None:
        await asyncio.gather(*(child.stop() for child in children))

    async def _bound_logs(self) -> None:
        names = ["supervisor", *(child.program.name for child in self.children)]
        while True:
            for name in names:
                keep_within(self._place.log(name))
            await asyncio.sleep(_LOOK_AT_LOGS_SECONDS)

    def _note(self, event: Event) -> None:
        self._write()
        with open_log(self._place.log("supervisor")) as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {line(event)}\n".encode())
        self.events.tell(event)

    def _write(self) -> None:
        state.write(self._place.state, self._state)
