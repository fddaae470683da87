"""A server of one's own for a while, as a test wants it: fresh, isolated, and there to be killed."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from workbench import readiness
from workbench.plan import Program

_START_SECONDS = 30
_STOP_SECONDS = 15


class Server(str):
    """The URL of a running server, and the process behind it."""

    __slots__ = ("log", "process", "program")

    program: Program
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self) -> None:
        """Starts it on the same port and data; returns when it accepts work."""
        # The death signal is sent when the starting thread ends, and only the main thread lives as long as the process.
        die_with_us = threading.current_thread() is threading.main_thread()
        program = self.program if die_with_us else replace(self.program, death_signal=0)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                program.confined(os.getpid()), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=program.cwd
            )
        self._wait_until_it_accepts()

    def kill(self) -> None:
        """kill -9; what it had on disk stays."""
        self.process.kill()
        self.process.wait(_STOP_SECONDS)

    def stop(self) -> None:
        """Stops it in good order; does nothing to one that is down."""
        if self.process.poll() is None:
            self.process.send_signal(self.program.stop_signal)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _wait_until_it_accepts(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not readiness.accepts(self.program.speaks, self.program.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise RuntimeError(f"{self.program.name} did not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.01)


def serve(program: Program, log: Path) -> Server:
    server = Server(program.address)
    server.program, server.log = program, log
    server.start()
    return server


@contextmanager
def private_folder(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"coursemesh-{name}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def running(program: Program, folder: Path) -> Iterator[Server]:
    server = serve(program, folder / f"{program.name}.log")
    try:
        yield server
    finally:
        server.program = replace(server.program, stop_signal=server.program.death_signal)
        server.stop()
