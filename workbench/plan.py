"""What is to run, as data: `up` writes it, the supervisor runs it. The standard library only."""

import json
import signal
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

CONFINE = Path(__file__).with_name("confine.py")


@dataclass(frozen=True)
class Program:
    """One process to run."""

    name: str
    command: list[str]
    port: int
    # How it is known to accept work: the greeting its protocol opens with (readiness.py).
    speaks: str
    # The URL or host:port that others reach it at. It may hold a password.
    address: str
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = "/"
    # The user it must not be root as; "-" when that does not matter.
    user: str = "-"
    stop_signal: int = signal.SIGTERM
    # How long it may take to stop in good order before it is ended by force.
    stop_seconds: float = 15
    # What it is sent when its parent is killed and can stop nothing any more.
    death_signal: int = signal.SIGKILL

    def confined(self, parent: int) -> list[str]:
        """The command line that runs it as a process that does not outlive its parent."""
        return [sys.executable, "-I", "-S", str(CONFINE), str(parent), str(int(self.death_signal)), self.user, "--",
                *self.command]  # fmt: skip


@dataclass(frozen=True)
class Plan:
    infrastructure: list[Program]
    services: list[Program]
    restart: bool = True
    # The store of each service that has one, as a URL with its password.
    stores: dict[str, str] = field(default_factory=dict)

    @property
    def programs(self) -> list[Program]:
        return [*self.infrastructure, *self.services]


def dumps(plan: Plan) -> str:
    return json.dumps(asdict(plan), indent=1)


def loads(text: str) -> Plan:
    found = json.loads(text)
    for kind in ("infrastructure", "services"):
        found[kind] = [Program(**program) for program in found[kind]]
    return Plan(**found)
