"""`status`: what runs, and whether it is healthy."""

import json
import sys

import click

from workbench import health, report, running
from workbench.commands.options import data
from workbench.place import Place
from workbench.table import show

NOT_RUNNING = 3


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs; it holds the passwords.")
@data
def status(as_json: bool, place: Place) -> None:
    """Show what runs. Exits with 3 when nothing does, with 1 when a service is not healthy."""
    try:
        plan = running.plan_of(place)
    except running.NotRunning as absent:
        print(absent, file=sys.stderr)
        sys.exit(NOT_RUNNING)
    if as_json:
        print(json.dumps(report.describe(place, plan), indent=2))
        return
    statuses = health.ask_all(plan.services)
    show(place, plan, statuses)
    print(f"memory: {report.memory_of(running.state_of(place))}")
    if set(statuses.values()) - {health.SERVING}:
        sys.exit(1)
