"""A service as a process of its own, as in production: started, spoken to, told to stop."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from workbench.place import ROOT


@dataclass
class Process:
    """lines: what it wrote to stderr so far."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    @property
    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    @property
    def said(self) -> list[str]:
        """The lines for people."""
        return [line for line in self.lines if not line.startswith(("{", "I1", "E1", "W1", "I0", "E0", "W0"))]

    async def address(self) -> str:
        """Where it listens, once it does."""
        async with asyncio.timeout(30):
            while True:
                for line in self.logged:
                    if line["message"] == "listening":
                        return str(line["address"])
                assert self.process.returncode is None, self.lines
                await asyncio.sleep(0.01)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def ended(self, seconds: float = 30) -> int:
        """Its exit status."""
        async with asyncio.timeout(seconds):
            return await self.process.wait()

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.lines.append(line.decode().rstrip())


@asynccontextmanager
async def started(*arguments: str, **environment: str) -> AsyncIterator[Process]:
    """`python ARGUMENTS…` with nothing in its environment but what it needs and what is given."""
    needed = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT}/gen/python", "GRPC_VERBOSITY": "NONE"}
    process = Process(
        await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env={**needed, **environment}, stderr=asyncio.subprocess.PIPE, cwd="/"
        )
    )
    reading = asyncio.create_task(process._read())
    try:
        yield process
    finally:
        if process.process.returncode is None:
            process.process.kill()
        await process.process.wait()
        async with asyncio.timeout(10):
            await reading
