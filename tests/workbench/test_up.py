"""`up` and the commands around it, with small fake services on real infrastructure."""

import contextlib
import os
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from workbench import processes, state
from workbench.place import ROOT
from workbench.starting import take
from workbench.state import Running, State
from workbench.wiring import SERVICES

from .conftest import WITHOUT_COURSE, System, gone, until


def test_a_start_ends_with_every_address_and_where_the_password_is(system: System) -> None:
    answer = system.up(*WITHOUT_COURSE)
    assert answer.returncode == 0, answer.stderr
    status = system.status()
    shown = answer.stdout
    assert status["gateway"]["url"] in shown
    assert all(service["address"] in shown for service in status["services"].values())
    assert f"its password is in {system.data}/admin-password" in shown
    assert f"./coursemesh down --data {system.data}" in shown
    assert "user is SERVING" in shown


def test_status_tells_programs_everything_they_need(healthy: System) -> None:
    status = healthy.status()
    assert set(status) == {"gateway", "services", "infrastructure", "memory", "stores", "data", "admin"}
    assert set(status["services"]) == set(SERVICES)
    assert all(set(one) == {"address", "status", "pid", "restarts"} for one in status["services"].values())
    assert {one["status"] for one in status["services"].values()} == {"SERVING"}
    assert set(status["infrastructure"]) == {"nats", "documents", "mail"}
    assert status["data"] == str(healthy.data)
    assert status["admin"]["email"] == "admin@coursemesh.example"
    assert status["admin"]["password"] == (healthy.data / "admin-password").read_text()
    assert set(status["stores"]) == {"user", "course", "enrollment", "payment", "provider", "notification"}


def test_services_see_their_settings_and_little_else(healthy: System) -> None:
    seen = set(healthy.log("payment").splitlines()[0].split()[1:])
    assert {"LISTEN", "NATS_URL", "DATABASE_URL", "PROVIDER_URL", "MIGRATE_ON_START", "USER_ADDRESS"} <= seen
    assert not {name for name in seen if name.startswith(("COURSEMESH", "PYTEST"))}
    plan = healthy.place.plan.read_text()
    assert '"LOG_LEVEL": "DEBUG"' in plan, "COURSEMESH_PAYMENT_LOG_LEVEL is payment's LOG_LEVEL"
    assert plan.count('"LOG_LEVEL": "INFO"') == len(SERVICES) - 1


def test_what_holds_a_secret_is_for_its_owner_only(healthy: System) -> None:
    files = [path for path in healthy.data.rglob("*") if path.is_file() and "documents/data" not in str(path)]
    assert {"secrets.json", "admin-password", "nats.conf", "plan.json", "state.json"} <= {path.name for path in files}
    assert {path.name for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077} == set()
    folders = [healthy.data, *(path for path in healthy.data.iterdir() if path.is_dir())]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_second_up_says_so_and_changes_nothing(healthy: System) -> None:
    before = healthy.pids()
    answer = healthy.up()
    assert answer.returncode == 0
    assert "is running already" in answer.stdout
    assert healthy.status()["gateway"]["url"] in answer.stdout
    assert healthy.pids() == before


def test_restart_gives_one_service_a_new_process_on_its_old_address(healthy: System) -> None:
    before = healthy.status()["services"]
    answer = healthy.call("restart", "user")
    assert answer.returncode == 0, answer.stderr
    after = healthy.status()["services"]
    assert after["user"]["pid"] != before["user"]["pid"]
    assert after["user"]["address"] == before["user"]["address"]
    assert after["user"]["restarts"] == before["user"]["restarts"] + 1
    assert after["course"]["pid"] == before["course"]["pid"]
    assert "stopped in good order" in healthy.log("user")


def test_a_broker_that_is_killed_comes_back_at_its_address(healthy: System) -> None:
    before = healthy.status()["infrastructure"]["nats"]
    os.kill(before["pid"], signal.SIGKILL)
    until(lambda: healthy.pids().get("nats", before["pid"]) != before["pid"])
    assert healthy.status()["infrastructure"]["nats"]["url"] == before["url"]


def test_logs_are_shown_for_one_service_or_all(healthy: System) -> None:
    assert "serving on" in healthy.call("logs", "course", "--lines", "5").stdout
    everything = healthy.call("logs").stdout
    assert "course " in everything
    assert "supervisor " in everything
    refused = healthy.call("logs", "nobody")
    assert refused.returncode == 1
    assert "there is no log of nobody" in refused.stderr


def test_a_start_keeps_passwords_and_a_fresh_one_forgets_them(system: System) -> None:
    assert system.up(*WITHOUT_COURSE).returncode == 0
    first = system.status()["admin"]["password"]
    (system.data / "sql" / "user.db").write_text("rows")
    assert system.call("down").stdout == "stopped\n"
    assert system.up(*WITHOUT_COURSE).returncode == 0
    assert system.status()["admin"]["password"] == first
    assert (system.data / "sql" / "user.db").exists()
    system.call("down")
    assert system.up("--fresh", *WITHOUT_COURSE).returncode == 0
    assert system.status()["admin"]["password"] != first
    assert not (system.data / "sql" / "user.db").exists()


def test_down_leaves_no_process(system: System) -> None:
    assert system.up().returncode == 0
    pids = system.pids()
    assert len(pids) == 1 + 3 + len(SERVICES)
    assert system.call("down").returncode == 0
    assert gone(pids)
    assert system.call("down").stdout == f"nothing is running in {system.data}\n"


def test_up_after_a_killed_supervisor_starts_anew(system: System) -> None:
    assert system.up(*WITHOUT_COURSE).returncode == 0
    before = system.pids()
    os.kill(before["supervisor"], signal.SIGKILL)
    answer = system.up(*WITHOUT_COURSE)
    assert answer.returncode == 0, answer.stderr
    assert gone(before)
    assert not gone(system.pids())


def test_up_ends_what_an_earlier_system_left_running(system: System) -> None:
    lock = take(system.place)
    assert lock is not None
    os.close(lock)
    system.place.make()
    with subprocess.Popen(["sleep", "600"]) as left:
        run = Running(pid=left.pid, since=processes.started(left.pid))
        state.write(system.place.state, State(pid=1, since=None, control="", programs={"left": run}))
        try:
            assert system.up(*WITHOUT_COURSE).returncode == 0
            assert left.wait(5) == -signal.SIGTERM
        finally:
            left.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_in_the_foreground_a_signal_stops_the_system(system: System, number: signal.Signals) -> None:
    with system.foreground(*WITHOUT_COURSE, "--without", "payment") as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("Ctrl-C stops it" in line for line in lines)
        pids = system.pids()
        os.kill(pids["enrollment"], signal.SIGKILL)
        assert next(lines) == "enrollment died (killed by SIGKILL), starting again in 0.2 s\n"
        assert next(lines).startswith("enrollment runs again (pid ")
        process.send_signal(number)
        assert list(lines) == ["stopping\n", "stopped\n"]
        assert process.wait(30) == 0
    assert gone(pids)


def test_a_signal_during_the_start_leaves_nothing_running(system: System) -> None:
    line = system.line("up", "--ports", "auto", "--empty", "--package", "tests.workbench.fakes")
    process = subprocess.Popen(line, cwd=ROOT, env={**os.environ, "COURSEMESH_USER_STATUS": "NOT_SERVING"})
    until(lambda: "payment" in system.pids())
    pids = system.pids()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 128 + signal.SIGTERM
    assert gone(pids)


def test_a_taken_port_is_one_clear_line(system: System) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Whether we take it or somebody had it before: it is taken now.
        with contextlib.suppress(OSError):
            other.bind(("127.0.0.1", 8080))
            other.listen(1)
        answer = system.call("up", "--detach", "--empty", "--package", "tests.workbench.fakes")
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "port 8080 (gateway)" in answer.stderr
    assert "or use --ports auto" in answer.stderr
    assert not system.place.state.exists()


def test_a_service_that_dies_at_the_start_is_named_with_its_last_words(system: System) -> None:
    answer = system.up(*WITHOUT_COURSE, env={"COURSEMESH_PAYMENT_DIE": "no ledger"})
    assert answer.returncode == 1
    assert "coursemesh: payment died 3 times at the start (exit code 1)" in answer.stderr
    assert "cannot go on: no ledger" in answer.stderr
    assert not system.place.is_held()
    assert not system.place.state.exists(), "whoever stops the last process removes it"


def test_without_restart_one_death_at_the_start_is_enough(system: System) -> None:
    answer = system.up("--no-restart", *WITHOUT_COURSE, env={"COURSEMESH_PAYMENT_DIE": "no ledger"})
    assert "payment died once at the start" in answer.stderr


def test_a_directory_with_other_files_is_left_alone(tmp_path: Path) -> None:
    system = System(tmp_path)
    (tmp_path / "letter.txt").write_text("dear")
    mode = tmp_path.stat().st_mode
    answer = system.up("--fresh")
    assert answer.returncode == 1
    assert "choose another --data" in answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    assert tmp_path.stat().st_mode == mode


def test_a_directory_keeps_the_stores_it_was_begun_with(system: System) -> None:
    lock = take(system.place)
    assert lock is not None
    os.close(lock)
    system.place.stores.write_text("servers")
    answer = system.up("--stores", "files")
    assert answer.returncode == 1
    assert "keeps its stores in servers" in answer.stderr


def test_with_servers_each_database_has_its_own_role(system: System) -> None:
    answer = system.up("--stores", "servers", *WITHOUT_COURSE)
    assert answer.returncode == 0, answer.stderr
    status = system.status()
    assert "postgres" in status["infrastructure"]
    stores = {name: url for name, url in status["stores"].items() if name != "course"}
    assert all(url.startswith(f"postgresql+psycopg://{name}:") for name, url in stores.items())
    assert len({url.split(":")[2].split("@")[0] for url in stores.values()}) == len(stores)


def test_status_of_nothing_is_one_line_and_a_code_of_its_own(system: System) -> None:
    answer = system.call("status", "--json")
    assert answer.returncode == 3
    assert answer.stderr.startswith(f"nothing is running in {system.data}")
    assert answer.stdout == ""
    assert not system.data.exists()


def test_a_service_left_out_is_no_address_to_the_gateway(system: System) -> None:
    assert system.up("--without", "payment", *WITHOUT_COURSE).returncode == 0
    assert '"PAYMENT_ADDRESS": ""' in system.place.plan.read_text()
    assert set(system.status()["services"]) == set(SERVICES) - {"payment", "course"}
    refused = system.call("restart", "payment")
    assert refused.returncode == 1
    assert "there is no payment in this system" in refused.stderr
