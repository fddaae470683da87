"""`restart`: ends one service in good order and starts it again."""

import click

from workbench import running
from workbench.ask import ask
from workbench.commands.options import data
from workbench.place import Place
from workbench.ports import HOST
from workbench.waiting import wait_for_one

# It has 15 s to end in good order.
_SECONDS = 20


@click.command()
@click.argument("service")
@data
def restart(service: str, place: Place) -> None:
    """Restart SERVICE; returns when it is healthy again."""
    plan = running.plan_of(place)
    program = running.program(plan, service)
    ask(running.state_of(place), _SECONDS, do="restart", name=service)
    wait_for_one(place, program)
    print(f"{service} runs again at {HOST}:{program.port}")
