"""`down`: stops the system."""

import click

from workbench.commands.options import data
from workbench.place import Place
from workbench.stopping import stop


@click.command()
@data
def down(place: Place) -> None:
    """Stop everything; the data stays."""
    print("stopped" if stop(place) else f"nothing is running in {place.data}")
