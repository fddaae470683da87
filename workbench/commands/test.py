"""`test`: runs the tests of all languages."""

import os
import subprocess
import sys
from collections.abc import Callable

import click

from workbench.place import ROOT

# All tests of one language.
_SECONDS = 3600


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the tests: all of them, or what the ARGUMENTS for pytest say (paths start at the repository's root)."""
    os.chdir(ROOT)
    if arguments:
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606 - no shell is wanted
    failed = [name for name, run in _RUNS.items() if not run()]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _python() -> bool:
    return _passes([sys.executable, "-m", "pytest", "tests/"], dict(os.environ))


def _go() -> bool:
    from workbench import toolchains

    environment = {**toolchains.environment(toolchains.GO), "CGO_ENABLED": "0"}
    return _passes(["go", "test", "./services/search/...", "./tests/contract/..."], environment)


def _typescript() -> bool:
    from workbench import languages, toolchains

    languages.command("notification")  # installed first, where it is not
    tests = ["services/notification/tests/*.test.ts", "tests/contract/*.test.ts"]
    return _passes(["node", "--test", "--test-timeout=120000", *tests], toolchains.environment(toolchains.NODE))


_RUNS: dict[str, Callable[[], bool]] = {"pytest": _python, "go test": _go, "node --test": _typescript}


def _passes(line: list[str], environment: dict[str, str]) -> bool:
    print(f"── {line[0].rpartition('/')[2]} {' '.join(line[1:])}", flush=True)
    return subprocess.run(line, cwd=ROOT, env=environment, timeout=_SECONDS, check=False).returncode == 0
