"""The course service as a process: it starts before its peers, refuses bad settings and stops in good order."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from coursemesh.course.v1 import course_service_pb2 as rpc
from coursemesh.course.v1.course_service_pb2_grpc import CourseServiceStub
from workbench.infrastructure.server import Server

COMMAND = [sys.executable, "-m", "services.course"]
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
AWAY = {"NATS_URL": "nats://127.0.0.1:1", "USER_ADDRESS": "127.0.0.1:1", "DATABASE_URL": "mongodb://127.0.0.1:1/course"}


def _environment(**variables: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, **AWAY, "LISTEN": "127.0.0.1:0", **variables}


def _refusal(**variables: str) -> str:
    """What it says when it does not start."""
    ended = subprocess.run(
        COMMAND, env=_environment(**variables), capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode != 0
    return ended.stderr.strip()


@contextmanager
def _running(**variables: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    process = subprocess.Popen(COMMAND, env=_environment(**variables), stderr=subprocess.PIPE, text=True)
    try:
        yield process, _address(process)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()  # type: ignore[union-attr]


def _address(process: "subprocess.Popen[str]") -> str:
    for line in process.stderr:  # type: ignore[union-attr]
        told = json.loads(line)
        if told["message"] == "listening":
            # Read on, so that the pipe does not fill.
            threading.Thread(target=process.stderr.read, daemon=True).start()  # type: ignore[union-attr]
            return str(told["address"])
    raise AssertionError("it did not start")


def _until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def _health(channel: grpc.Channel) -> int:
    request = health_pb2.HealthCheckRequest(service="coursemesh.course.v1.CourseService")
    stub: Any = health_pb2_grpc.HealthStub(channel)
    return int(stub.Check(request, timeout=5).status)


def test_health_follows_the_store_and_sigterm_ends_with_exit_code_0(own_documents: Server, broker: Server) -> None:
    variables = {"NATS_URL": str(broker), "DATABASE_URL": f"{own_documents}/course"}
    own_documents.kill()
    with _running(**variables) as (process, address), grpc.insecure_channel(address) as channel:
        stub = CourseServiceStub(channel)
        assert _health(channel) == NOT_SERVING
        with pytest.raises(grpc.RpcError) as refused:
            stub.ListCourses(rpc.ListCoursesRequest(), timeout=10)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        own_documents.start()
        _until(lambda: _health(channel) == SERVING)
        assert not stub.ListCourses(rpc.ListCoursesRequest(), timeout=10).courses
        own_documents.kill()
        _until(lambda: _health(channel) == NOT_SERVING)
        own_documents.start()
        _until(lambda: _health(channel) == SERVING)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


def test_sigterm_ends_it_also_with_everything_away() -> None:
    with _running() as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


def test_missing_settings_are_named() -> None:
    assert _refusal(DATABASE_URL="", LISTEN="") == "cannot start: LISTEN is not set; DATABASE_URL is not set"


@pytest.mark.parametrize(
    "url", ["nonsense", "mongodb://u:hush@h:1/", "mongodb://u:hush@h:port/course", "postgresql://u:hush@h/course"]
)
def test_a_store_that_is_not_named_well_is_one_clear_line_without_the_password(url: str) -> None:
    said = _refusal(DATABASE_URL=url)
    assert said == "cannot start: DATABASE_URL is not of the form mongodb://host:port/name"
