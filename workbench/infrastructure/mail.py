"""Where mail goes on one machine: an SMTP server that keeps it."""

import sys
from pathlib import Path

from workbench import ports, readiness
from workbench.place import ROOT
from workbench.plan import Program


def prepare(folder: Path, port: int) -> Program:
    command = [sys.executable, "-m", "workbench.infrastructure.catcher", "--port", str(port), "--folder", str(folder)]
    return Program(
        name="mail",
        command=command,
        port=port,
        speaks=readiness.TCP,
        address=f"smtp://{ports.HOST}:{port}",
        cwd=str(ROOT),
    )
