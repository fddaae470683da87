"""Asks the supervisor over its control socket. The standard library only."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.refusal import Refusal
from workbench.state import State

_SECONDS = 5


def ask(state: State, seconds: float = _SECONDS, **request: str) -> None:
    """Returns when it is done; refuses with the supervisor's own words when it is not."""
    try:
        with _connected(state, seconds) as line:
            _send(line, request)
            answer = json.loads(line.makefile("rb").readline() or b"{}")
    except (OSError, ValueError) as error:
        raise Refusal(f"the supervisor (pid {state.pid}) does not answer: {error}") from error
    if not answer.get("done"):
        raise Refusal(answer.get("error", f"the supervisor (pid {state.pid}) ended while it was asked"))


@contextmanager
def watching(state: State) -> Iterator[socket.socket]:
    """A connection on which the supervisor tells what happens, a line of JSON each, until it ends."""
    with _connected(state, _SECONDS) as line:
        _send(line, {"do": "watch"})
        yield line


def events(line: socket.socket) -> Iterator[dict[str, str | int | float | None]]:
    """Every event until the supervisor is gone. Waits as long as the system runs: that is what it is for."""
    line.settimeout(None)
    try:
        for text in line.makefile("rb"):
            yield json.loads(text)
    except (OSError, ValueError):
        return


@contextmanager
def _connected(state: State, seconds: float) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(seconds)
        line.connect(state.control)
        yield line


def _send(line: socket.socket, request: dict[str, str]) -> None:
    line.sendall(json.dumps(request).encode() + b"\n")
