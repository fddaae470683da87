"""A system of the tests' own, started by the launcher as a user starts it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.api import Api, Json

ROOT = Path(__file__).parents[2]
_SECONDS = 120
# Clients of this test session, closed at its end.
_OPEN: list[Api] = []


class System:
    """One running system and its data directory."""

    def __init__(self, data: Path, *options: str, **settings: str) -> None:
        """options: of `up`. settings: COURSEMESH_<SERVICE>_<SETTING> for the services."""
        self.data, self.options, self.settings = data, options, settings

    def command(self, *words: str, expect: int | None = 0) -> "subprocess.CompletedProcess[str]":
        """Runs `coursemesh WORDS` on this system."""
        done = subprocess.run(
            [sys.executable, "-m", "workbench", *words, "--data", str(self.data)],
            cwd=ROOT,
            env={**os.environ, **self.settings},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert expect is None or done.returncode == expect, f"{words}: {done.stdout}{done.stderr}"
        return done

    def up(self) -> str:
        return self.command("up", "--detach", "--ports", "auto", *self.options).stdout

    def down(self) -> None:
        self.command("down")

    @property
    def status(self) -> Json:
        found: Json = json.loads(self.command("status", "--json").stdout)
        return found

    @property
    def url(self) -> str:
        return str(self.status["gateway"]["url"])

    def pid(self, name: str) -> int:
        status = self.status
        return int({**status["services"], **status["infrastructure"]}[name]["pid"])

    def kill(self, name: str) -> None:
        """kill -9, of a service or of a part of the infrastructure; returns at once."""
        os.kill(self.pid(name), signal.SIGKILL)

    def wait_until_serving(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while (states := {name: each["status"] for name, each in self.status["services"].items()}) and any(
            state != "SERVING" for state in states.values()
        ):
            assert time.monotonic() < deadline, states
            time.sleep(0.1)

    def log(self, name: str) -> str:
        return (self.data / "logs" / f"{name}.log").read_text()


@contextmanager
def running(data: Path, *options: str, **settings: str) -> Iterator[System]:
    system = System(data, *options, **settings)
    system.up()
    try:
        yield system
    finally:
        system.down()


def close_all() -> None:
    """Closes the clients that tests opened."""
    while _OPEN:
        _OPEN.pop().close()


def nobody(url: str) -> Api:
    """A client without a token."""
    _OPEN.append(Api(url))
    return _OPEN[-1]


def person(url: str, name: str = "Ada") -> Api:
    """Somebody new, logged in."""
    api = nobody(url)
    unique = os.urandom(6).hex()
    api.register(f"{name.lower()}.{unique}@coursemesh.example", f"password {unique}", name)
    return api


def password_of(api: Api) -> str:
    """The password that `person` gave."""
    return f"password {api.user['email'].partition('.')[2].partition('@')[0]}"


def admin(system: System) -> Api:
    api, account = nobody(system.url), system.status["admin"]
    api.log_in(account["email"], account["password"])
    return api


def instructor(system: System) -> Api:
    api = nobody(system.url)
    unique = os.urandom(6).hex()
    email, password = f"grace.{unique}@coursemesh.example", f"password {unique}"
    user = api.register(email, password, "Grace")
    admin(system).call("PUT", f"/api/users/{user['id']}/role", {"role": "ROLE_INSTRUCTOR"})
    api.log_in(email, password)
    return api


def a_draft(**changes: Any) -> Json:
    lessons = [{"title": "One", "durationMinutes": 10}, {"title": "Two", "durationMinutes": 10}]
    return {
        "title": "Sailing",
        "summary": "Wind and water.",
        "level": "LEVEL_BEGINNER",
        "language": "en",
        "tags": ["sailing"],
        "price": {"amountMinor": "4900", "currencyCode": "EUR"},
        "capacity": 100,
        "modules": [{"title": "On board", "lessons": lessons}],
        **changes,
    }


def published(teacher: Api, **changes: Any) -> Json:
    made = teacher.call("POST", "/api/courses", a_draft(**changes), 201)["course"]
    course: Json = teacher.call("POST", f"/api/courses/{made['id']}/publish")["course"]
    return course
