"""Options that several commands take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from workbench.place import DEFAULT, Place

F = TypeVar("F", bound=Callable[..., Any])


def _place(_context: click.Context, _parameter: click.Parameter, value: Path) -> Place:
    return Place(value.resolve())


def data(function: F) -> F:
    """Hands the command its data directory, as `place`."""
    return click.option(
        "--data",
        "place",
        type=click.Path(path_type=Path, file_okay=False),
        default=DEFAULT,
        callback=_place,
        help="The data directory (default: .coursemesh beside the code).",
    )(function)
