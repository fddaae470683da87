"""The gateway as a process: it starts with clear refusals and stops in good order."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

AWAY = "nats://127.0.0.1:1"


def environment(**variables: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "NATS_URL": AWAY, **variables}


def refusal(**variables: str) -> str:
    """The one line with which it does not start."""
    ended = subprocess.run(
        [sys.executable, "-m", "services.gateway"],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode != 0
    return ended.stderr.strip().splitlines()[-1]


@contextmanager
def running(**variables: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    command = [sys.executable, "-m", "services.gateway"]
    process = subprocess.Popen(
        command, env=environment(LISTEN="127.0.0.1:0", **variables), stderr=subprocess.PIPE, text=True
    )
    try:
        yield process, _address(process)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()  # type: ignore[union-attr]


def _wait_until_refused(host: str, port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, port)).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.01)
    raise AssertionError("it still takes connections")


def _address(process: "subprocess.Popen[str]") -> str:
    for line in process.stderr:  # type: ignore[union-attr]
        told = json.loads(line)
        if told["message"] == "listening":
            # Read on, so that the pipe does not fill.
            threading.Thread(target=process.stderr.read, daemon=True).start()  # type: ignore[union-attr]
            return str(told["address"])
    raise AssertionError("it did not start")


def test_sigterm_stops_it_with_exit_code_0() -> None:
    with running() as (process, address):
        assert httpx.get(f"http://{address}/health").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://{address}/health")


def test_a_request_under_way_is_answered_before_it_stops() -> None:
    # Nothing listens there: the answer is a problem, once the body has come.
    with running(USER_ADDRESS="127.0.0.1:1") as (process, address):
        host, port = address.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            head = ("POST /api/users/login HTTP/1.1", "Host: x", "Content-Type: application/json", "Content-Length: 2")
            connection.sendall("\r\n".join([*head, "Expect: 100-continue", "", ""]).encode())
            # It waits for the body now.
            assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
            process.send_signal(signal.SIGTERM)
            _wait_until_refused(host, int(port))
            connection.sendall(b"{}")
            assert connection.recv(65536).startswith(b"HTTP/1.1 503 ")
        assert process.wait(15) == 0


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        assert refusal(LISTEN=listen).startswith(f"cannot listen on {listen}: is another program using the port?")


def test_missing_settings_are_named() -> None:
    assert refusal() == "cannot start: LISTEN is not set"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LISTEN", "nonsense"),
        ("LISTEN", "127.0.0.1:99999"),
        ("RATE_PER_ADDRESS", "often"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("MAX_STREAMS", "many"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(variable: str, value: str) -> None:
    told = refusal(**{"LISTEN": "127.0.0.1:0", variable: value})
    assert told.startswith("cannot start: ")
    assert variable in told
    assert value in told
