"""Waits until a started system is healthy, and says at once what keeps it from becoming so."""

import time

from workbench import health, state
from workbench.files import last_lines
from workbench.place import Place
from workbench.plan import Plan, Program
from workbench.progress import Progress
from workbench.refusal import Refusal
from workbench.state import Running

HEALTHY_SECONDS = 60
_PAUSE = 0.1
# One death at the start may be bad luck, and is made good; this many are not.
_DEATHS = 3
_LOG_LINES = 15


def wait_for_one(place: Place, program: Program, seconds: float = HEALTHY_SECONDS) -> None:
    """Until one restarted program is healthy again; refuses with the end of its log when it does not in time."""
    deadline = time.monotonic() + seconds
    while health.ask(program) != health.SERVING:
        if time.monotonic() > deadline:
            raise refusal(place, program.name, f"is not healthy after {seconds:g} s")
        time.sleep(_PAUSE)


def refusal(place: Place, name: str, what: str) -> Refusal:
    log = place.log(name)
    lines = "".join(f"\n  {line}" for line in last_lines(log, _LOG_LINES))
    return Refusal(f"{name} {what}; the end of {log}:{lines}")


class Wait:
    """One wait for one plan; what was reported is not reported again."""

    def __init__(self, place: Place, plan: Plan, progress: Progress) -> None:
        self._place = place
        self._progress = progress
        self._deaths_allowed = _DEATHS if plan.restart else 1
        self._infrastructure = {program.name: program for program in plan.infrastructure}
        self._services = {program.name: program for program in plan.services}
        self._deaths: dict[str, int] = {}

    def until_healthy(self, seconds: float = HEALTHY_SECONDS) -> None:
        """Refuses, naming the culprit and showing the end of its log, when it does not become so in time."""
        deadline = time.monotonic() + seconds
        while self._pending:
            self._look_at_processes()
            self._look_at_health()
            if self._pending and time.monotonic() > deadline:
                raise refusal(self._place, next(iter(self._pending)), f"is not healthy after {seconds:g} s")
            time.sleep(_PAUSE if self._pending else 0)

    @property
    def _pending(self) -> dict[str, Program]:
        return self._infrastructure | self._services

    def _look_at_processes(self) -> None:
        if not self._place.is_held():
            raise refusal(self._place, "supervisor", "ended")
        found = state.read(self._place.state)
        programs = found.programs if found else {}
        for name in [name for name in self._infrastructure if programs.get(name, Running()).ready]:
            self._progress.step(f"{name} is ready")
            del self._infrastructure[name]
        for name in self._pending:
            self._look_at_deaths(name, programs.get(name, Running()))

    def _look_at_deaths(self, name: str, running: Running) -> None:
        if running.deaths >= self._deaths_allowed:
            times = "once" if running.deaths == 1 else f"{running.deaths} times"
            raise refusal(self._place, name, f"died {times} at the start ({running.last_exit})")
        if running.deaths > self._deaths.get(name, 0):
            self._deaths[name] = running.deaths
            self._progress.step(f"{name} died ({running.last_exit}), starting again")

    def _look_at_health(self) -> None:
        self._progress.waiting_for(list(self._pending))
        if self._infrastructure:
            return
        for name, status in health.ask_all(self._services.values()).items():
            if status == health.SERVING:
                self._progress.step(f"{name} is {status}")
                del self._services[name]
