"""`events dead`: the facts that a service could not handle."""

import asyncio
import importlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from workbench import running
from workbench.commands.options import data
from workbench.place import ROOT, Place
from workbench.refusal import Refusal

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from services.chassis.bus import Bus
    from services.chassis.deadletters import Letter

Result = TypeVar("Result")

_SECONDS = 10


@click.group()
def events() -> None:
    """Facts on their way between the services."""


@events.group()
def dead() -> None:
    """Facts that a service could not handle, kept until somebody replays or discards them."""


@dead.command("list")
@data
def list_letters(place: Place) -> None:
    """Show all dead letters, oldest first, a line each."""
    letters = _on_bus(place, _every)
    for letter in letters:
        kind = letter.subject.rpartition(".")[2]
        print(f"{letter.number}\t{letter.service}\t{kind}\t{letter.deliveries} deliveries\t{letter.reason}")
    if not letters:
        print("no dead letters")


@dead.command()
@click.argument("number", type=click.IntRange(min=1))
@data
def show(number: int, place: Place) -> None:
    """Show the dead letter NUMBER whole, as JSON, without what is secret in it."""
    letter = _on_bus(place, lambda bus: _get(bus, number))
    told = {
        "number": letter.number,
        "service": letter.service,
        "reason": letter.reason,
        "deliveries": letter.deliveries,
        "origin": {"stream": letter.stream, "sequence": letter.sequence, "subject": letter.subject},
        "time": letter.time,
        "headers": letter.headers,
        "fact": _told(letter),
    }
    print(json.dumps(told, indent=2, ensure_ascii=False))


@dead.command()
@click.argument("numbers", type=click.IntRange(min=1), nargs=-1)
@click.option("--all", "every", is_flag=True, help="Replay all.")
@data
def replay(numbers: tuple[int, ...], every: bool, place: Place) -> None:
    """Send dead letters back to the service that could not handle them. Safe to do twice."""
    from services.chassis import deadletters

    _each(place, numbers, every, deadletters.replay, "sent back to")


@dead.command()
@click.argument("numbers", type=click.IntRange(min=1), nargs=-1)
@click.option("--all", "every", is_flag=True, help="Discard all.")
@data
def discard(numbers: tuple[int, ...], every: bool, place: Place) -> None:
    """Forget dead letters: what they tell will never be done."""
    from services.chassis import deadletters

    _each(place, numbers, every, deadletters.discard, "discarded, which was for")


def _each(
    place: Place,
    numbers: tuple[int, ...],
    every: bool,
    act: "Callable[[Bus, Letter], Awaitable[None]]",
    done: str,
) -> None:
    if bool(numbers) == every:
        raise Refusal("say which: the numbers that `events dead list` shows, or --all")

    async def work(bus: "Bus") -> None:
        for letter in await _every(bus) if every else [await _get(bus, number) for number in numbers]:
            await act(bus, letter)
            print(f"{letter.number} {done} {letter.service}")

    _on_bus(place, work)


def _on_bus(place: Place, work: "Callable[[Bus], Awaitable[Result]]") -> Result:
    """Runs the work with a connection to the broker of the running system."""
    from services.chassis.bus import Bus

    nats = running.program(running.plan_of(place), "nats")

    async def run() -> Result:
        bus = Bus(nats.address, "workbench")
        await bus.start()
        try:
            async with asyncio.timeout(_SECONDS):
                await bus.ready()
                return await work(bus)
        except TimeoutError:
            raise Refusal(f"the broker did not answer within {_SECONDS} s") from None
        finally:
            await bus.close()

    return asyncio.run(run())


async def _every(bus: "Bus") -> "list[Letter]":
    from services.chassis import deadletters

    return [letter async for letter in deadletters.every(bus)]


async def _get(bus: "Bus", number: int) -> "Letter":
    from services.chassis import deadletters

    try:
        return await deadletters.get(bus, number)
    except LookupError as error:
        raise Refusal(str(error)) from None


def _told(letter: "Letter") -> object:
    """The fact as JSON; the raw bytes in hexadecimal when they are no fact of ours."""
    from google.protobuf import json_format

    from services.chassis import facts

    for path in Path(ROOT / "gen" / "python").glob("coursemesh/*/v1/*_events_pb2.py"):
        importlib.import_module(".".join(path.relative_to(ROOT / "gen" / "python").with_suffix("").parts))
    try:
        message = facts.parse(letter.headers, letter.body).data
    except facts.Malformed:
        return letter.body.hex()
    _redact(message)
    return json_format.MessageToDict(message)


def _redact(message: "Message") -> None:
    for field, _ in message.ListFields():
        if field.GetOptions().debug_redact:
            message.ClearField(field.name)
