"""The table of addresses that a start ends with."""

import sys
from pathlib import Path

from workbench.place import DEFAULT, Place
from workbench.plan import Plan
from workbench.report import gateway_url

Row = tuple[str, str]


def show(place: Place, plan: Plan, statuses: dict[str, str] | None = None) -> None:
    rows = _rows(place, plan, statuses or {})
    if sys.stdout.isatty():
        _rich(rows)
        return
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}", flush=True)


def _rows(place: Place, plan: Plan, statuses: dict[str, str]) -> list[Row]:
    rows = [("gateway", url)] if (url := gateway_url(plan)) else []
    for program in plan.services:
        status = f"  {statuses[program.name]}" if program.name in statuses else ""
        if program.name != "gateway":
            rows.append((program.name, f"{program.address}{status}"))
        elif status:
            rows[0] = ("gateway", f"{url}{status}")
    rows += [(program.name, f"127.0.0.1:{program.port}") for program in plan.infrastructure]
    return [
        *rows,
        ("data", str(place.data)),
        ("admin", f"its password is in {place.admin_password}"),
        ("logs", command(place, "logs SERVICE")),
        ("stop", command(place, "down")),
    ]


def command(place: Place, words: str) -> str:
    """The command line for this data directory."""
    where = "" if place.data == DEFAULT else f" --data {_quoted(place.data)}"
    return f"./coursemesh {words}{where}"


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))


def _rich(rows: list[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False)
    for name, value in rows:
        table.add_row(name, value)
    Console(highlight=False).print(table, markup=False)
