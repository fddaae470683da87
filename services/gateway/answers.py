"""Answers out: a response message as JSON, as protobuf's mapping has it, with the headers that belong to it."""

import json
import re
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from services.gateway.exchange import JSON, PRIVATE, Answer, Header, typed
from services.gateway.route import Route

_FIELD = re.compile(r"\{([a-z_.]+)\}")


def plain(message: Message) -> dict[str, Any]:
    """Defaults are there, so that a reader need not know them."""
    return MessageToDict(message, always_print_fields_with_no_presence=True)


def encoded(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def answer(route: Route, message: Message) -> Answer:
    if route.success == 204:
        return Answer(204, b"", [PRIVATE])
    return Answer(route.success, encoded(plain(message)), [typed(JSON), PRIVATE, *_location(route, message)])


def pick(message: Message, path: str) -> Any:
    """The value at a path of field names: `enrollment.id`."""
    value: Any = message
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _location(route: Route, message: Message) -> list[Header]:
    if not route.location:
        return []
    location = _FIELD.sub(lambda found: str(pick(message, found[1])), route.location)
    return [(b"location", location.encode())]
