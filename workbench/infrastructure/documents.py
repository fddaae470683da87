"""The document store: a server of MongoDB's wire protocol, run as a process of its own and never imported."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench import ports, readiness, tools
from workbench.files import write_private
from workbench.infrastructure.server import Server, private_folder, running
from workbench.plan import Program

# Enough for a catalog on a laptop; the server's own default is 1 GB.
_CACHE = "64M"


def prepare(folder: Path, port: int) -> Program:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Without one it would read a configuration lying in the home or the working directory.
    config = folder / "secantusd.toml"
    write_private(config, "")
    # By the interpreter, since the script's first line breaks in a path with a space.
    command = [sys.executable, tools.find("secantusd-py"), "--config", str(config), "--host", ports.HOST]
    command += ["--port", str(port), "--storage-path", str(folder / "data"), "--cache-size", _CACHE]
    # Otherwise a write that was acknowledged in the last 200 ms is gone after a kill -9.
    command += ["--sync-on-commit", "--log-level", "WARNING"]
    return Program(
        name="documents",
        command=command,
        port=port,
        speaks=readiness.TCP,
        address=f"mongodb://{ports.HOST}:{port}",
    )


@contextmanager
def temporary() -> Iterator[Server]:
    """The URL of a fresh document store, with the process behind it: pid, kill(), stop(), start(), restart()."""
    with private_folder("documents") as folder, running(prepare(folder / "documents", ports.free()), folder) as server:
        yield server
