"""Logs: one JSON object a line, with the service, the trace and what a call adds."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any

import pytest

from services.chassis import logs, telemetry


@contextmanager
def logged(level: str = "info") -> Iterator[list[dict[str, Any]]]:
    """The lines that are written inside; afterwards logs go where they went before."""
    root, stderr = logging.getLogger(), io.StringIO()
    lines: list[dict[str, Any]] = []
    before = root.handlers[:], root.level
    root.handlers = []
    try:
        with redirect_stderr(stderr):
            logs.configure("course", level)
            yield lines
    finally:
        root.handlers, root.level = before
    lines += [json.loads(line) for line in stderr.getvalue().splitlines()]


def test_a_log_is_one_line_of_json_with_what_was_added() -> None:
    with logged() as lines:
        logging.getLogger("x").info("two\nlines %s", 1, extra={"method": "Get", "odd": {1, 2}})
    (line,) = lines
    assert line["time"].endswith("+00:00")
    assert {name: line[name] for name in ("level", "service", "message", "method", "odd")} == {
        "level": "INFO",
        "service": "course",
        "message": "two\nlines 1",
        "method": "Get",
        "odd": "{1, 2}",
    }
    assert "trace_id" not in line


def test_a_log_inside_a_trace_names_it() -> None:
    with logged() as lines, telemetry.tracer.start_as_current_span("work"):
        logging.getLogger("x").info("inside")
        trace_id = telemetry.trace_id()
    assert [line["trace_id"] for line in lines] == [trace_id]


def test_an_exception_is_in_the_line_and_not_beside_it() -> None:
    with logged() as lines:
        logging.getLogger("x").error("failed", exc_info=ValueError("a\nb"))
    (line,) = lines
    assert "ValueError: a\nb" in str(line["exception"])


def test_less_than_the_level_is_not_told() -> None:
    with logged() as lines:
        logging.getLogger("x").debug("too fine")
        logging.getLogger("alembic").info("chatty")
    assert lines == []


def test_an_unknown_level_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        logs.configure("course", "loud")
    assert exited.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
