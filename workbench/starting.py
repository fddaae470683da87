"""Starts a system: prepares its data directory, then leaves it to a supervisor of its own."""

import os
import subprocess
import sys
import time

from workbench import plan as plans
from workbench import wiring
from workbench.environment import minimal
from workbench.files import write_private
from workbench.place import ROOT, Place
from workbench.plan import Plan
from workbench.refusal import Refusal
from workbench.stopping import end_leftovers
from workbench.supervision.logs import open_log
from workbench.wiring import Wanted

FILES, SERVERS = "files", "servers"


def take(place: Place) -> int | None:
    """The lock of the data directory; None when a system has it."""
    # Whoever only looks whether a system runs holds the lock for a blink.
    for _ in range(10):
        if (lock := place.lock()) is not None:
            return lock
        time.sleep(0.03)
    return None


def start(place: Place, lock: int, wanted: Wanted, fresh: bool) -> Plan:
    """Starts the supervisor, which takes over the lock. Refuses, with nothing started, when something is missing."""
    if "?" in str(place.data):
        raise Refusal(f"{place.data} has a question mark, which a database URL cannot hold: choose another --data")
    end_leftovers(place)
    if fresh:
        place.clear()
    place.make()
    plan = wiring.build(place, wanted)
    write_private(place.stores, SERVERS if wanted.servers else FILES)
    write_private(place.plan, plans.dumps(plan))
    command = [sys.executable, "-m", "workbench.supervisor", "--data", str(place.data), "--lock", str(lock)]
    with open_log(place.log("supervisor")) as log:
        # In a session of its own: what the terminal sends to us is not meant for the system.
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=minimal(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock],
            start_new_session=True,
        )
    return plan


def kind_of_stores(place: Place, asked: str | None, fresh: bool) -> str:
    """What was asked for, or what the data directory was begun with; never one in place of the other."""
    begun = place.stores.read_text().strip() if place.stores.exists() and not fresh else None
    if begun and asked and asked != begun:
        raise Refusal(f"{place.data} keeps its stores in {begun}: use --stores {begun}, another --data, or --fresh")
    return begun or asked or FILES
