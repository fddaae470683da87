"""The programs that come as wheels, found in this virtual environment or on the PATH."""

import shutil
import sys
from pathlib import Path

from workbench.refusal import Refusal

INSTALL = "install it with: uv sync --extra workbench"


def find(name: str) -> str:
    """The absolute path of a tool; refuses when there is none."""
    own = Path(sys.executable).parent / name
    found = str(own) if own.is_file() else shutil.which(name)
    if found is None:
        raise Refusal(f"{name} is missing: {INSTALL}")
    return found
