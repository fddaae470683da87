"""One program that is kept running: started, watched, and started again with backoff when it dies."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from workbench import processes
from workbench.plan import Program
from workbench.state import Running
from workbench.supervision.events import Event
from workbench.supervision.logs import open_log

FIRST_BACKOFF = 0.2
LAST_BACKOFF = 10.0
# A program that ran so long had started well: its next death is a new story.
_STEADY_SECONDS = 60


class Child:
    def __init__(self, program: Program, log: Path, restart: bool, tell: Callable[[Event], None]) -> None:
        self.program = program
        self.running = Running()
        self._log = log
        self._restart = restart
        self._tell = tell
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = asyncio.Event()
        self._wanted = asyncio.Event()
        self._stopping = False
        self._asked = False

    async def keep(self) -> None:
        """Runs the program until it is stopped for good."""
        backoff = FIRST_BACKOFF
        while not self._stopping:
            begun = time.monotonic()
            if self._start():
                await self._ended.wait()
            if self._stopping:
                return
            if self._asked:
                self._asked, backoff = False, FIRST_BACKOFF
                continue
            if time.monotonic() - begun >= _STEADY_SECONDS:
                backoff = FIRST_BACKOFF
            self._died(backoff)
            await self._pause(backoff)
            backoff = min(backoff * 2, LAST_BACKOFF)

    def reap(self) -> None:
        """Looks whether the process has ended; to be called when some child of ours did."""
        if self._process is None or self._ended.is_set() or self._process.poll() is None:
            return
        self.running.last_exit = describe(self._process.returncode)
        self.running.pid = self.running.since = None
        self._ended.set()

    async def stop(self) -> None:
        """Stops it for good: in good order, or by force when that takes too long."""
        self._stopping = True
        self._wanted.set()
        await self._end()

    async def restart(self) -> None:
        """Ends the process in good order and starts it at once, whether or not it was running."""
        self._asked = True
        self._wanted.set()
        await self._end()

    def _start(self) -> bool:
        self._ended.clear()
        self._wanted.clear()
        again = self._process is not None
        try:
            with open_log(self._log) as log:
                self._process = subprocess.Popen(
                    self.program.confined(os.getpid()),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.program.cwd,
                    env={**os.environ, **self.program.env},
                )
        except OSError as error:
            self.running.last_exit = f"could not be started: {error}"
            return False
        self.running.pid, self.running.since = self._process.pid, processes.started(self._process.pid)
        self.running.restarts += again
        self._tell({"event": "restarted" if again else "started", "name": self.program.name, "pid": self._process.pid})
        return True

    def _died(self, backoff: float) -> None:
        self.running.deaths += 1
        again = backoff if self._restart else None
        self._tell({"event": "died", "name": self.program.name, "exit": self.running.last_exit, "again": again})

    async def _pause(self, backoff: float) -> None:
        """Until it is time to start again, or somebody wants it now."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wanted.wait(), backoff if self._restart else None)
        self._asked = False

    async def _end(self) -> None:
        process = self._process
        if process is None or self._ended.is_set():
            return
        process.send_signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(self._ended.wait(), self.program.stop_seconds)
        except TimeoutError:
            process.kill()
            await self._ended.wait()


def describe(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
