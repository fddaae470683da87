"""Which process a pid means, told apart from a later one with the same pid. The standard library only."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def started(pid: int) -> str | None:
    """When the process began, as a text that no other process with that pid has; None when it is gone."""
    if not sys.platform.startswith("linux"):
        command = ["ps", "-o", "lstart=", "-p", str(pid)]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
        return shown.stdout.strip() or None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = _BOOT.read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The program's name, in parentheses, may hold anything; the fields follow its last parenthesis.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def lives(pid: int | None, since: str | None) -> bool:
    return pid is not None and since is not None and started(pid) == since


def end(pid: int, since: str, stop_signal: int = signal.SIGTERM, seconds: float = 15) -> None:
    """Stops that very process, by force when it takes longer; returns when it is gone."""
    _send(pid, since, stop_signal)
    if not gone(pid, since, seconds):
        _send(pid, since, signal.SIGKILL)
        gone(pid, since, 5)


def gone(pid: int, since: str, seconds: float) -> bool:
    """Waits for a process that is not our child, so it can only be looked at; False when it outlasts the wait."""
    deadline = time.monotonic() + seconds
    while lives(pid, since):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _send(pid: int, since: str, number: int) -> None:
    if lives(pid, since):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
