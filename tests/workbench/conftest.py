"""Systems made of small fake services and real infrastructure, each in a directory of its own and surely stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from workbench import plan as plans
from workbench import processes, state
from workbench.place import ROOT, Place
from workbench.plan import Plan, Program
from workbench.starting import take
from workbench.stopping import stop

FAKES = "tests.workbench.fakes"
# Without it there is no document store either, which takes two seconds to stop.
WITHOUT_COURSE = ("--without", "course")


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """The first true value of the condition; fails when it does not come in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
    return value


@dataclass
class System:
    """One data directory, and the command line for it."""

    data: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        return Place(self.data)

    def call(self, command: str, *args: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.line(command, *args),
            cwd=ROOT,
            env={**os.environ, **self.env, **(env or {})},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def line(self, command: str, *args: str) -> list[str]:
        return [sys.executable, "-m", "workbench", command, "--data", str(self.data), *args]

    def up(self, *args: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        return self.call("up", "--detach", "--ports", "auto", "--empty", "--package", FAKES, *args, env=env)

    def foreground(self, *args: str) -> "subprocess.Popen[str]":
        line = self.line("up", "--ports", "auto", "--empty", "--package", FAKES, *args)
        return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def status(self) -> dict[str, Any]:
        answer = self.call("status", "--json")
        assert answer.returncode == 0, answer.stderr
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    def state(self) -> state.State:
        found: state.State = until(lambda: state.read(self.place.state))
        return found

    def pids(self) -> dict[str, int]:
        found = self.state()
        return {"supervisor": found.pid, **{name: run.pid for name, run in found.programs.items() if run.pid}}

    def log(self, name: str) -> str:
        return self.place.log(name).read_text()


def gone(pids: dict[str, int]) -> bool:
    return not any(processes.started(pid) for pid in pids.values())


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    # A long path, as some have: too long for a socket.
    made = System(tmp_path / ("data" * 20))
    yield made
    stop(made.place)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A running system for tests that leave it as they found it."""
    made = System(tmp_path_factory.mktemp("healthy") / "data")
    answer = made.up(env={"COURSEMESH_PAYMENT_LOG_LEVEL": "DEBUG", "COURSEMESH_TEST": "1"})
    assert answer.returncode == 0, answer.stderr
    yield made
    stop(made.place)


Supervise = Callable[..., System]


@pytest.fixture
def supervise(system: System) -> Iterator[Supervise]:
    """Starts a supervisor for programs of the test's own."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*programs: Program, restart: bool = True) -> System:
        place = system.place
        lock = take(place)
        assert lock is not None
        place.make()
        place.plan.write_text(plans.dumps(Plan([], list(programs), restart)))
        command = [sys.executable, "-m", "workbench.supervisor", "--data", str(place.data), "--lock", str(lock)]
        started.append(subprocess.Popen(command, cwd=ROOT, pass_fds=[lock]))
        os.close(lock)
        until(lambda: all(run.pid or run.last_exit for run in system.state().programs.values()))
        return system

    yield begin
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def program(name: str, script: str, **options: Any) -> Program:
    """A program in shell."""
    settings = {"port": 0, "speaks": "tcp", "address": "", **options}
    return Program(name=name, command=["/bin/sh", "-c", script], **settings)
