"""The broker: nats-server with JetStream on disk, for one user, on this machine only."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench import ports, readiness, tools
from workbench.files import write_private
from workbench.infrastructure.server import Server, private_folder, running
from workbench.plan import Program

USER = "coursemesh"


def prepare(folder: Path, port: int, password: str) -> Program:
    """Writes its configuration into the folder, where the streams are kept too."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = folder / "nats.conf"
    write_private(config, _configuration(folder / "streams", port, password))
    return Program(
        name="nats",
        command=[tools.find("nats-server"), "--config", str(config)],
        port=port,
        speaks=readiness.NATS,
        address=f"nats://{USER}:{password}@{ports.HOST}:{port}",
    )


def _configuration(streams: Path, port: int, password: str) -> str:
    # A JSON string is a NATS string too: paths may hold spaces and quotes.
    return f"""
server_name: coursemesh
listen: "{ports.HOST}:{port}"
jetstream {{ store_dir: {json.dumps(str(streams))} }}
authorization {{ user: {json.dumps(USER)}, password: {json.dumps(password)} }}
"""


@contextmanager
def temporary() -> Iterator[Server]:
    """The URL of a fresh broker, with the process behind it: pid, kill(), stop(), start(), restart()."""
    with private_folder("nats") as folder:
        program = prepare(folder / "nats", ports.free(), secrets.token_urlsafe(12))
        with running(program, folder) as server:
            yield server
