"""`demo`: plays the story on the running system, which is started where it is not."""

import click

from workbench import running
from workbench.commands.options import data
from workbench.commands.up import up
from workbench.place import Place
from workbench.report import describe
from workbench.table import command


@click.command()
@click.option("--ports", type=click.Choice(["default", "auto"]), default="default", help="As for `up`.")
@data
@click.pass_context
def demo(context: click.Context, ports: str, place: Place) -> None:
    """Tell the story of an enrollment, step by step, on the running system."""
    # Imported here: the commands that play no story need no HTTP client.
    from workbench.demo import Story

    if not place.is_held():
        context.invoke(up, detach=True, place=place, ports=ports)
    report = describe(place, running.plan_of(place))
    Story(report["gateway"]["url"], report["admin"], print).play()
    print(f"\nEvery step came out as told. The system goes on; stop it with {command(place, 'down')}")
