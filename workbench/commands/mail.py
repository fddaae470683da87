"""`mail`: what the system wrote to people."""

import email
import email.policy
import json
from email.message import EmailMessage
from pathlib import Path

import click

from workbench.commands.options import data
from workbench.place import Place
from workbench.refusal import Refusal


@click.command()
@click.argument("number", type=click.IntRange(min=1), required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@data
def mail(number: int | None, as_json: bool, place: Place) -> None:
    """List the mails that were caught, newest first; or show mail NUMBER."""
    kept = _kept(place)
    if number is not None:
        if number not in kept:
            raise Refusal(f"there is no mail {number}: ./coursemesh mail lists those there are")
        print(_text(_read(kept[number])))
        return
    listed = [_row(each, _read(path)) for each, path in sorted(kept.items(), reverse=True)]
    if as_json:
        print(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    for row in listed:
        print(f"{row['number']}\t{row['to']}\t{row['subject']}")
    if not listed:
        print("no mail yet")


def _kept(place: Place) -> dict[int, Path]:
    return {int(path.stem): path for path in place.infrastructure("mail").glob("*.eml")}


def _row(number: int, message: EmailMessage) -> dict[str, str | int]:
    return {
        "number": number,
        "to": str(message["To"]),
        "subject": str(message["Subject"]),
        "id": str(message["Message-ID"]),
        "date": str(message["Date"]),
    }


def _read(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    heads = "\n".join(f"{name}: {message[name]}" for name in ("From", "To", "Subject", "Date", "Message-ID"))
    return f"{heads}\n\n{body.get_content() if body else ''}"
