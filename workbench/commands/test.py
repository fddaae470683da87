"""`test`: runs the tests."""

import os
import sys

import click

from workbench.place import ROOT


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the tests: all of them, or what the ARGUMENTS for pytest say (paths start at the repository's root)."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *(arguments or ("tests/",))])  # noqa: S606 - no shell is wanted
