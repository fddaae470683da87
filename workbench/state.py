"""What runs, as the supervisor writes it down for the commands and for whoever must clean up after it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from workbench.files import write_private


@dataclass
class Running:
    """One program: the process it is now, and what became of those before."""

    pid: int | None = None
    # Tells the process from a later one with the same pid (processes.py).
    since: str | None = None
    restarts: int = 0
    # How many times it ended without being asked to.
    deaths: int = 0
    last_exit: str | None = None
    # Infrastructure only: it has accepted work since the system was started.
    ready: bool = False


@dataclass
class State:
    pid: int
    since: str | None
    control: str
    programs: dict[str, Running] = field(default_factory=dict)


def write(path: Path, state: State) -> None:
    write_private(path, json.dumps(asdict(state), indent=1), durable=False)


def read(path: Path) -> State | None:
    """None when there is none, or when the machine went down while it was written."""
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return State(**{**found, "programs": {name: Running(**value) for name, value in found["programs"].items()}})
