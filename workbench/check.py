"""Everything that must hold of the code before it lands: style, types, layers, contracts, stubs."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from workbench import generate, languages, toolchains
from workbench.place import ROOT
from workbench.refusal import Refusal

_SECONDS = 900
# Where the contracts are compared with, unless COURSEMESH_BASE names another commit.
_MAIN = ("origin/main", "main")
_GO_FOLDERS = ("services/search", "tests/contract")
_GO_PACKAGES = tuple(f"./{folder}/..." for folder in _GO_FOLDERS)


def main() -> int:
    """Runs every check and prints a line for each. Returns 1 when one failed."""
    failed = [name for name, holds in CHECKS.items() if not _holds(name, holds)]
    print(
        f"{len(CHECKS) - len(failed)} of {len(CHECKS)} checks hold"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


def _holds(name: str, check: Callable[[], str]) -> bool:
    try:
        wrong = check()
    except Refusal as refusal:
        wrong = str(refusal)
    print(f"{'ok    ' if not wrong else 'FAILED'} {name}", flush=True)
    if wrong:
        print(wrong, file=sys.stderr, flush=True)
    return not wrong


def _tool(*command: str) -> Callable[[], str]:
    """Holds when the program exits with 0; what it said is what is wrong."""

    def run() -> str:
        program = str(Path(sys.executable).parent / command[0])
        return _said([program, *command[1:]], ROOT, dict(os.environ))

    return run


def _go(*command: str) -> Callable[[], str]:
    """Likewise, a program of the Go toolchain; what it prints with exit 0 is wrong too, as gofmt has it."""

    def run() -> str:
        return _said(list(command), ROOT, toolchains.environment(toolchains.GO), quiet=True)

    return run


def _node(script: str, *arguments: str) -> Callable[[], str]:
    """Likewise, a script of the notification service's development tools."""

    def run() -> str:
        languages.command("notification")  # installed first, where it is not
        line = ["node", f"node_modules/{script}", *arguments]
        return _said(line, ROOT / "services" / "notification", toolchains.environment(toolchains.NODE))

    return run


def _said(line: list[str], folder: Path, environment: dict[str, str], *, quiet: bool = False) -> str:
    done = subprocess.run(
        line, cwd=folder, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    said = f"{done.stdout}{done.stderr}".strip()
    return said or "it failed" if done.returncode or (quiet and done.stdout) else ""


def _stubs() -> str:
    drifted = generate.drift()
    return f"run ./coursemesh generate: {', '.join(drifted)}" if drifted else ""


def _breaking() -> str:
    """Contracts may only grow: compared with main, or on main itself with the commit before."""
    base = _base()
    if base is None or not _git("ls-tree", base, "proto"):
        return ""
    return _tool("buf", "breaking", "--against", f".git#ref={base}")()


def _base() -> str | None:
    head = _git("rev-parse", "HEAD")
    for name in filter(None, (os.environ.get("COURSEMESH_BASE"), *_MAIN)):
        commit = _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if commit and commit != head:
            return commit
    return _git("rev-parse", "--verify", "--quiet", "HEAD~1^{commit}") or None


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


CHECKS: dict[str, Callable[[], str]] = {
    "ruff check": _tool("ruff", "check"),
    "ruff format": _tool("ruff", "format", "--check"),
    "mypy": _tool("mypy"),
    "import-linter": _tool("lint-imports"),
    "gofmt": _go("gofmt", "-l", *_GO_FOLDERS),
    "go vet": _go("go", "vet", *_GO_PACKAGES),
    "staticcheck": _go("go", "tool", "staticcheck", *_GO_PACKAGES),
    "tsc": _node("typescript/bin/tsc", "--noEmit"),
    "eslint": _node("eslint/bin/eslint.js", "."),
    "buf lint": _tool("buf", "lint"),
    "buf format": _tool("buf", "format", "--diff", "--exit-code"),
    "buf breaking": _breaking,
    "generated stubs": _stubs,
}
