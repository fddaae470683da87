"""`logs`: what the services wrote."""

import time
from pathlib import Path

import click

from workbench.commands.options import data
from workbench.files import last_lines
from workbench.place import Place
from workbench.refusal import Refusal

_PAUSE = 0.2


@click.command()
@click.argument("service", required=False)
@click.option("--follow", is_flag=True, help="Go on as more is written, until Ctrl-C.")
@click.option("--lines", type=click.IntRange(0, 100_000), default=50, help="How many of the last lines (default: 50).")
@data
def logs(service: str | None, follow: bool, lines: int, place: Place) -> None:
    """Show the logs of SERVICE, or of all."""
    files = _files(place, service)
    ends = {file: _size(file) for file in files}
    for file in files:
        _print(file, last_lines(file, lines), len(files) > 1)
    while follow:
        time.sleep(_PAUSE)
        for file in files:
            ends[file] = _print_since(file, ends[file], len(files) > 1)


def _files(place: Place, service: str | None) -> list[Path]:
    found = sorted(place.log("any").parent.glob("*.log"))
    if service is None and found:
        return found
    named = [file for file in found if file.stem == service]
    if not named:
        known = ", ".join(file.stem for file in found) or "none yet"
        raise Refusal(f"there is no log of {service or 'anything'} in {place.data}; there are: {known}")
    return named


def _print_since(file: Path, end: int, named: bool) -> int:
    """Prints the whole lines that came after `end`; returns the new end."""
    size = _size(file)
    if size < end:
        # It outgrew its bound and was cut.
        end = 0
    with file.open("rb") as log:
        log.seek(end)
        new = log.read(size - end)
    whole = new[: new.rfind(b"\n") + 1]
    _print(file, whole.decode(errors="replace").splitlines(), named)
    return end + len(whole)


def _print(file: Path, lines: list[str], named: bool) -> None:
    prefix = f"{file.stem:<12} " if named else ""
    for line in lines:
        print(f"{prefix}{line}", flush=True)


def _size(file: Path) -> int:
    return file.stat().st_size
