"""Services in other languages than Python: made ready to run, once, from their lock files."""

import hashlib
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from workbench import toolchains
from workbench.place import ROOT
from workbench.refusal import Refusal

_SECONDS = 900
_NOTIFICATION = ROOT / "services" / "notification"
_SEARCH = ROOT / "services" / "search"
_BINARY = ROOT / ".tools" / "search"


def command(service: str) -> list[str]:
    """How the service is started; makes it ready first where it is not. Refuses with the way around."""
    try:
        return _READY[service]()
    except Refusal as refusal:
        raise Refusal(f"{refusal}; or run the rest: --without {service}") from None


def _notification() -> list[str]:
    environment = toolchains.environment(toolchains.NODE)
    stamp = _NOTIFICATION / "node_modules" / ".installed"
    wanted = _digest([_NOTIFICATION / "package-lock.json"])
    if not stamp.is_file() or stamp.read_text() != wanted:
        _tell("the libraries of notification")
        quiet = ["--no-fund", "--no-audit", "--loglevel=error"]
        _run([*toolchains.npm(environment), "ci", *quiet], _NOTIFICATION, environment)
        stamp.write_text(wanted)
    return [toolchains.find(toolchains.NODE, environment), str(_NOTIFICATION / "src" / "main.ts")]


def _search() -> list[str]:
    stamp = _BINARY.with_suffix(".built")
    wanted = _digest([ROOT / "go.sum", *_SEARCH.rglob("*.go"), *(ROOT / "gen" / "go").rglob("*.go")])
    if not _BINARY.is_file() or not stamp.is_file() or stamp.read_text() != wanted:
        _tell("search, built from its sources")
        _BINARY.parent.mkdir(exist_ok=True)
        environment = {**toolchains.environment(toolchains.GO), "CGO_ENABLED": "0"}
        _run(["go", "build", "-o", str(_BINARY), "./services/search"], ROOT, environment)
        stamp.write_text(wanted)
    return [str(_BINARY)]


_READY = {"notification": _notification, "search": _search}
SERVICES = tuple(_READY)


def _digest(paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.read_bytes())
    return found.hexdigest()


def _tell(what: str) -> None:
    sys.stderr.write(f"installing (once) {what} ...\n")


def _run(line: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(line, cwd=folder, env=environment, stdout=sys.stderr, timeout=_SECONDS, check=False)
    if done.returncode:
        raise Refusal(f"{Path(line[0]).name} failed; what it said is above")
