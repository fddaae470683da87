"""How much memory a system takes: resident, and with the pages that its processes share counted once."""

from collections.abc import Iterable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Memory:
    """In bytes. shared_once: the proportional set size; the resident one where the system does not tell."""

    resident: int
    shared_once: int

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.resident + other.resident, self.shared_once + other.shared_once)

    def __str__(self) -> str:
        return f"{self.resident / 1e6:.0f} MB resident, {self.shared_once / 1e6:.0f} MB with shared pages counted once"


def of(pids: Iterable[int | None]) -> Memory:
    """Of all of these together; a process that is gone takes none."""
    return sum((_of(pid) for pid in pids if pid is not None), Memory(0, 0))


def _of(pid: int) -> Memory:
    try:
        told = psutil.Process(pid).memory_full_info()
    except psutil.Error:
        return Memory(0, 0)
    return Memory(told.rss, getattr(told, "pss", told.rss))
