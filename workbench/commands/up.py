"""`up`: starts the system and shows where it is."""

import os
import signal
import sys

import click

from workbench import attend, credentials, health, running, starting
from workbench.commands.options import data
from workbench.files import write_private
from workbench.place import ROOT, Place
from workbench.plan import Plan
from workbench.progress import Progress, shown
from workbench.report import gateway_url
from workbench.stopping import stop
from workbench.table import show
from workbench.waiting import Wait
from workbench.wiring import SERVICES, Wanted

# The catalog is made through the public API.
NEEDED_TO_FILL = {"gateway", "user", "course", "enrollment", "payment"}


@click.command()
@click.option("--detach", is_flag=True, help="Return when everything is healthy; stop it with `down`.")
@data
@click.option("--fresh", is_flag=True, help="Forget what an earlier run kept in the data directory.")
@click.option("--ports", type=click.Choice(["default", "auto"]), default="default", help="auto chooses free ones.")
@click.option("--without", multiple=True, type=click.Choice(SERVICES), help="Leave this service out.")
@click.option("--stores", type=click.Choice([starting.FILES, starting.SERVERS]), help="SQL in files, or PostgreSQL.")
@click.option("--empty", is_flag=True, help="Begin without the catalog that a first start makes.")
@click.option("--no-restart", is_flag=True, help="Leave a service that died as it is.")
@click.option("--package", default="services", hidden=True, help="The package whose modules the services are.")
def up(
    detach: bool,
    place: Place,
    fresh: bool,
    ports: str,
    without: tuple[str, ...],
    stores: str | None,
    empty: bool,
    no_restart: bool,
    package: str,
) -> None:
    """Start everything, wait until it is healthy, show the addresses."""
    attend.interrupt_on_signals()
    lock = starting.take(place)
    if lock is None:
        _show_running(place)
        return
    kind = starting.kind_of_stores(place, stores, fresh)
    wanted = Wanted(
        auto_ports=ports == "auto",
        without=frozenset(without),
        servers=kind == starting.SERVERS,
        restart=not no_restart,
        package=package,
    )
    plan = _start(place, lock, wanted, fresh, empty)
    show(place, plan)
    if not detach:
        _stay(place)


def _start(place: Place, lock: int, wanted: Wanted, fresh: bool, empty: bool) -> Plan:
    """Leaves nothing running unless everything is."""
    with shown("starting Coursemesh") as progress:
        try:
            plan = _begin(place, lock, wanted, fresh)
            Wait(place, plan, progress).until_healthy()
            _fill(place, plan, progress, empty)
        except BaseException:
            stop(place)
            raise
    return plan


def _fill(place: Place, plan: Plan, progress: Progress, empty: bool) -> None:
    """Makes the catalog of a new data directory; one that was begun without it stays without it."""
    if place.filled.exists() or not {program.name for program in plan.services} >= NEEDED_TO_FILL:
        return
    if not empty:
        from workbench.seed import seed

        progress.waiting_for(["the catalog"])
        secrets = credentials.read(place)
        admin = {"email": credentials.ADMIN_EMAIL, "password": secrets[credentials.ADMIN]}
        count = seed(str(gateway_url(plan)), admin, secrets[credentials.CAST])
        progress.step(f"{count} courses are in the catalog")
    write_private(place.filled, "")


def _begin(place: Place, lock: int, wanted: Wanted, fresh: bool) -> Plan:
    try:
        return starting.start(place, lock, wanted, fresh)
    finally:
        # From here on the supervisor alone holds the data directory, if there is one.
        os.close(lock)


def _show_running(place: Place) -> None:
    """Says that the system runs already; exits with 1 when it is not healthy."""
    plan = running.plan_of(place)
    print(f"Coursemesh is running already in {place.data}")
    statuses = health.ask_all(plan.services)
    show(place, plan, statuses)
    if set(statuses.values()) - {health.SERVING}:
        sys.exit(1)


def _stay(place: Place) -> None:
    sys.stdout.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, attend.SIGNALS)
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "workbench.attend", "--data", str(place.data)])  # noqa: S606 - no shell is wanted
