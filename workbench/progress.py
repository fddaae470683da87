"""Tells how far a start has come: live on a terminal, in plain lines anywhere else."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    def step(self, line: str) -> None:
        """Something is done, or has gone wrong."""

    def waiting_for(self, names: list[str]) -> None: ...


@contextmanager
def shown(title: str) -> Iterator[Progress]:
    if not sys.stdout.isatty():
        print(title, flush=True)
        yield PlainProgress()
        return
    from rich.console import Console

    console = Console(highlight=False)
    with console.status(title) as status:

        class LiveProgress:
            def step(self, line: str) -> None:
                console.print(f"  {line}", markup=False)

            def waiting_for(self, names: list[str]) -> None:
                status.update(f"{title}: waiting for {', '.join(names)}")

        yield LiveProgress()


class PlainProgress:
    def step(self, line: str) -> None:
        print(f"  {line}", flush=True)

    def waiting_for(self, names: list[str]) -> None:
        pass
