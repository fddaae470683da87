"""The supervisor keeps programs running, and leaves nothing when it goes."""

import os
import re
import signal
import stat
from pathlib import Path

import pytest

from workbench import state
from workbench.ask import ask
from workbench.plan import Program
from workbench.refusal import Refusal
from workbench.stopping import stop

from .conftest import Supervise, System, gone, program, until

# It says so when it has become what it is to be: until then it is the program that starts it.
SLEEP = "echo up; exec sleep 600"


def all_up(system: System) -> dict[str, int]:
    """The pids, when every program has come up."""
    names = system.state().programs
    until(lambda: all(system.log(name) for name in names))
    return system.pids()


def test_a_program_that_dies_is_started_again_after_growing_pauses(supervise: Supervise) -> None:
    system = supervise(program("bad", "exit 7"))
    until(lambda: system.state().programs["bad"].deaths >= 4)
    pauses = re.findall(r"bad died \(exit code 7\), starting again in ([\d.]+) s", system.log("supervisor"))
    assert pauses[:4] == ["0.2", "0.4", "0.8", "1.6"]


def test_a_killed_program_is_reported_and_gets_a_new_process(supervise: Supervise) -> None:
    system = supervise(program("good", SLEEP))
    first = system.pids()["good"]
    os.kill(first, signal.SIGKILL)
    until(lambda: system.pids().get("good", first) != first)
    run = system.state().programs["good"]
    assert (run.restarts, run.deaths, run.last_exit) == (1, 1, "killed by SIGKILL")
    assert "good died (killed by SIGKILL), starting again in 0.2 s" in system.log("supervisor")


def test_without_restart_a_dead_program_stays_dead_until_it_is_asked_for(supervise: Supervise) -> None:
    system = supervise(program("good", SLEEP), restart=False)
    os.kill(system.pids()["good"], signal.SIGKILL)
    until(lambda: "good died (killed by SIGKILL), not started again" in system.log("supervisor"))
    # Five times as long as it would take to be started again.
    with pytest.raises(AssertionError):
        until(lambda: "good" in system.pids(), 1)
    ask(system.state(), do="restart", name="good")
    until(lambda: "good" in system.pids())


def test_a_restart_that_is_asked_for_comes_at_once_and_is_no_death(supervise: Supervise) -> None:
    system = supervise(program("good", SLEEP))
    first = system.pids()["good"]
    ask(system.state(), do="restart", name="good")
    until(lambda: system.pids().get("good", first) != first)
    assert system.state().programs["good"].deaths == 0


def test_a_request_the_supervisor_does_not_know_is_refused(supervise: Supervise) -> None:
    system = supervise(program("good", SLEEP))
    with pytest.raises(Refusal, match="there is no nobody"):
        ask(system.state(), do="restart", name="nobody")
    with pytest.raises(Refusal, match="unknown request"):
        ask(system.state(), do="dance")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_in_good_order(supervise: Supervise, number: signal.Signals) -> None:
    polite = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    system = supervise(program("one", SLEEP), program("two", polite))
    until(lambda: "ready" in system.log("two"))
    pids = system.pids()
    os.kill(pids["supervisor"], number)
    until(lambda: gone({name: pid for name, pid in pids.items() if name != "supervisor"}))
    until(lambda: not system.place.is_held())
    assert "bye" in system.log("two")
    assert not system.place.state.exists()


def test_a_program_that_will_not_stop_is_ended_by_force(supervise: Supervise) -> None:
    system = supervise(program("deaf", "trap '' TERM; echo deaf; while :; do sleep 0.05; done", stop_seconds=0.3))
    until(lambda: "deaf" in system.log("deaf"))
    pids = system.pids()
    stop(system.place)
    assert gone({"deaf": pids["deaf"]})


def test_a_killed_supervisor_leaves_nothing_behind(supervise: Supervise) -> None:
    system = supervise(program("one", SLEEP), program("two", SLEEP))
    pids = all_up(system)
    os.kill(pids.pop("supervisor"), signal.SIGKILL)
    until(lambda: gone(pids), 5)


def test_leftovers_are_ended_but_never_a_stranger_with_an_old_pid(supervise: Supervise) -> None:
    # A death signal of 0 stands for a system whose kernel has none.
    system = supervise(program("one", SLEEP, death_signal=0), program("two", SLEEP, death_signal=0))
    pids = all_up(system)
    os.kill(pids.pop("supervisor"), signal.SIGKILL)
    until(lambda: not system.place.is_held())
    found = system.state()
    found.programs["two"].since = "another boot:1"
    state.write(system.place.state, found)
    try:
        assert stop(system.place)
        assert gone({"one": pids["one"]})
        assert not gone({"two": pids["two"]})
    finally:
        os.kill(pids["two"], signal.SIGKILL)


def test_the_control_socket_is_private_even_where_the_path_is_too_long_for_it(supervise: Supervise) -> None:
    system = supervise(program("good", SLEEP))
    control = Path(system.state().control)
    assert len(str(system.place.run / "control.sock")) > 107, "the test is about such a path"
    assert stat.S_IMODE(control.stat().st_mode) == 0o600
    assert stat.S_IMODE(control.parent.stat().st_mode) == 0o700
    stop(system.place)
    assert not control.parent.exists()


def test_a_program_that_cannot_be_started_is_reported(supervise: Supervise) -> None:
    system = supervise(program("absent", SLEEP, cwd="/no/such/folder"))
    until(lambda: system.state().programs["absent"].deaths >= 1)
    assert "No such file or directory" in str(system.state().programs["absent"].last_exit)


def test_a_tool_that_is_gone_is_one_line_in_the_log(supervise: Supervise) -> None:
    absent = Program(name="absent", command=["/no/such/tool"], port=0, speaks="tcp", address="")
    system = supervise(absent, restart=False)
    until(lambda: system.state().programs["absent"].deaths == 1)
    assert system.log("absent") == "/no/such/tool cannot be run: No such file or directory\n"
