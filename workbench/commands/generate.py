"""`generate`: makes the stubs anew from the contracts."""

import importlib
import sys

import click


@click.command()
def generate() -> None:
    """Generate the stubs of all languages from proto/."""
    sys.exit(importlib.import_module("workbench.generate").main())
