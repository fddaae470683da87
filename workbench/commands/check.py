"""`check`: everything that must hold before code is landed."""

import importlib
import sys

import click


@click.command()
def check() -> None:
    """Check contracts, stubs, style and types."""
    sys.exit(importlib.import_module("workbench.check").main())
