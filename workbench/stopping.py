"""Stops a system, and ends what one left behind whose supervisor was killed. The standard library only."""

import os
import signal
import time
from collections.abc import Callable

from workbench import plan, processes, state
from workbench.ask import ask
from workbench.place import Place
from workbench.refusal import Refusal
from workbench.state import State

# Services are given 15 s, then infrastructure 15 s.
_STOP_SECONDS = 40
# A supervisor says where it is as soon as it runs; an `up` prepares its stores before that.
_START_SECONDS = 15


def stop(place: Place) -> bool:
    """Returns when everything has stopped; False when nothing was running."""
    held = place.is_held()
    if held:
        _stop_supervisor(place)
    return end_leftovers(place) or held


def end_leftovers(place: Place) -> bool:
    """Ends the processes that the last state names and that still are those; says whether there were any."""
    found = state.read(place.state)
    if found is None:
        return False
    signals = _stop_signals(place)
    ended = False
    # Services are named after the infrastructure they use, so they go first.
    for name, run in reversed(found.programs.items()):
        if run.pid is not None and run.since is not None and processes.lives(run.pid, run.since):
            processes.end(run.pid, run.since, signals.get(name, signal.SIGTERM))
            ended = True
    place.state.unlink(missing_ok=True)
    return ended


def _stop_supervisor(place: Place) -> None:
    found = _supervisor(place)
    if found is None:
        return
    try:
        ask(found, do="stop")
    except Refusal:
        _signal(found)
    if not _wait(lambda: not place.is_held(), _STOP_SECONDS):
        raise Refusal(f"the system in {place.data} does not stop: its supervisor is process {found.pid}")


def _supervisor(place: Place) -> State | None:
    """The one that holds the place, waited for in its first moments; None when nobody holds it any more."""
    if not _wait(lambda: state.read(place.state) is not None or not place.is_held(), _START_SECONDS):
        raise Refusal(f"the system in {place.data} is just being started: try again in a moment")
    return state.read(place.state) if place.is_held() else None


def _signal(found: State) -> None:
    if processes.lives(found.pid, found.since):
        os.kill(found.pid, signal.SIGTERM)


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _stop_signals(place: Place) -> dict[str, int]:
    try:
        return {program.name: program.stop_signal for program in plan.loads(place.plan.read_text()).programs}
    except (FileNotFoundError, ValueError):
        return {}
