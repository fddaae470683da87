"""Generates the stubs of all languages from proto/, with what the lock files pin."""

import filecmp
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from workbench import toolchains
from workbench.place import ROOT
from workbench.refusal import Refusal

_TYPESCRIPT = ROOT / "gen" / "typescript"
# What is generated; the rest of gen/ is written by hand.
_GENERATED = ("gen/python", "gen/typescript/src", "gen/go")
# The comments of the contracts, for the gateway's OpenAPI document; a test of the gateway checks it for drift.
_WORDS = [sys.executable, "-m", "services.gateway.words"]
_SECONDS = 600


def main() -> int:
    generate(ROOT)
    _run(_WORDS, ROOT, dict(os.environ))
    return 0


def generate(into: Path) -> None:
    """Writes gen/ below the folder."""
    environment = toolchains.environment(toolchains.NODE, toolchains.GO)
    if not (_TYPESCRIPT / "node_modules" / "@bufbuild" / "protoc-gen-es").is_dir():
        wanted = ["ci", "--no-fund", "--no-audit", "--loglevel=error"]
        _run([*toolchains.npm(environment), *wanted], _TYPESCRIPT, environment)
    _run(["buf", "generate", "--output", str(into)], ROOT, environment)


def drift() -> list[str]:
    """The files that generating would change, add or remove; none when gen/ is what proto/ says."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        return sorted({path for place in _GENERATED for path in _differing(ROOT / place, fresh / place)})


def _differing(committed: Path, fresh: Path) -> Iterator[str]:
    names = {path.relative_to(root) for root in (committed, fresh) for path in root.rglob("*") if _counts(path)}
    for name in names:
        here, there = committed / name, fresh / name
        if not (here.is_file() and there.is_file() and filecmp.cmp(here, there, shallow=False)):
            yield (committed / name).relative_to(ROOT).as_posix()


def _counts(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and "node_modules" not in path.parts


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, stdout=sys.stderr, timeout=_SECONDS, check=False)
    if done.returncode:
        raise Refusal(f"{' '.join(command[:3])} failed; what it said is above")
