"""Stays with a running system: a line for each service that dies or runs again, and Ctrl-C stops it all.

Run as `python -m workbench.attend --data DIR`; `up` becomes this program once everything is healthy. The standard
library only: it stays in memory with the system.
"""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from workbench import state
from workbench.ask import events, watching
from workbench.place import Place
from workbench.refusal import Refusal
from workbench.stopping import stop
from workbench.supervision.events import line

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody wants the system stopped."""


def interrupt_on_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    # One is enough: a second one must not cut the orderly stop short.
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Interrupted(number)


def main() -> int:
    parser = argparse.ArgumentParser(prog="workbench.attend")
    parser.add_argument("--data", type=Path, required=True)
    place = Place(parser.parse_args().data)
    try:
        interrupt_on_signals()
        # `up` blocked them, so that none is lost between the two programs.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        return _tell(place)
    except Interrupted:
        print("stopping", flush=True)
        stop(place)
        print("stopped", flush=True)
        return 0
    except Refusal as refusal:
        print(f"coursemesh: {refusal}", file=sys.stderr)
        return 1


def _tell(place: Place) -> int:
    """Returns when the system has ended without us: 0 when somebody stopped it, 1 when its supervisor was killed."""
    found = state.read(place.state)
    if found is None:
        raise Refusal("the system has stopped")
    stopped = False
    with watching(found) as connection:
        for event in events(connection):
            if event["event"] == "watching":
                print("Ctrl-C stops it", flush=True)
            if event["event"] in ("died", "restarted"):
                print(line(event), flush=True)
            stopped = stopped or event["event"] == "stopping"
    if stopped:
        print("stopped by another command", flush=True)
        return 0
    raise Refusal("the supervisor was killed: what it ran is gone too, and `up` starts it again")


if __name__ == "__main__":
    sys.exit(main())
