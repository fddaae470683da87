"""Reads an RPC's request out of an HTTP request, as the route says where each field comes from."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from services.chassis.checks import Checks
from services.chassis.facts import new_id
from services.chassis.refusals import InvalidArgument
from services.gateway import bodies
from services.gateway.contract import Rpc, camel, message_of, rpc
from services.gateway.exchange import Visit
from services.gateway.problems import Problem, refused
from services.gateway.route import HEADERS, MASK, WHOLE, Route
from services.gateway.values import Object, Values

_LONGEST_QUERY, _MOST_PARAMETERS = 4096, 50
_LONGEST_VALUE = 128
_KEY = re.compile(r"[\x21-\x7e]{1,64}")
_ENTITY_TAG = re.compile(r'"([\x21\x23-\x7e]{1,128})"')


class Reader:
    """Reads the requests of one route."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.rpc: Rpc = rpc(route.rpc)
        self._fields = self.rpc.input.fields_by_name
        self._variables = [(name, self._named(name)) for name in route.variables]
        self._headers = [(name, header) for name, header in HEADERS.items() if name in self._fields]
        self._bodied = route.method != "GET"

    @property
    def body_fields(self) -> list[FieldDescriptor]:
        """The fields that the JSON body gives: of the request, or of the message in it that the body fills."""
        if self.route.body not in ("", WHOLE):
            return list(message_of(self._fields[self.route.body]).fields)
        elsewhere = {name for name, _ in self._headers} | {field.name for _, field in self._variables}
        elsewhere |= {MASK, *self.route.unused, *self.route.query.values()}
        return [field for field in self._fields.values() if field.name not in elsewhere and self.route.body == WHOLE]

    async def read(self, visit: Visit, variables: Sequence[str]) -> Message:
        """The request. Raises a Problem that names everything that is wrong with it."""
        given = await bodies.read(visit) if self._bodied else Object()
        try:
            with Checks() as checks:
                values = Values(checks)
                found = {
                    **self._from_path(variables, values),
                    **self._from_query(visit.scope["query_string"], values),
                    **self._from_headers(visit, values),
                    **self._from_body(given, values),
                }
        except InvalidArgument as refusal:
            raise refused(refusal) from None
        return self.rpc.request(found)

    def rename(self, field: str) -> str:
        """The name in HTTP of a request's field, which may be a path with indexes: `draft.modules[0].title`."""
        first, _, rest = field.partition(".")
        if first == self.route.body and rest:
            return _camel_path(rest)
        if first in HEADERS:
            return HEADERS[first]
        for parameter, name in self.route.query.items():
            if name == first:
                return parameter
        return _camel_path(field)

    def _named(self, variable: str) -> FieldDescriptor:
        return next(field for field in self.rpc.input.fields if field.json_name == variable)

    def _from_path(self, given: Sequence[str], values: Values) -> dict[str, Any]:
        found = {}
        for (name, field), value in zip(self._variables, given, strict=True):
            if len(value) > _LONGEST_VALUE or not value.isprintable() or "\ufffd" in value:
                values.wrong(name, f"give at most {_LONGEST_VALUE} printable characters")
            found[field.name] = values.from_text(name, value, field)
        return found

    def _from_query(self, query: bytes, values: Values) -> dict[str, Any]:
        if not query:
            return {}
        found: dict[str, Any] = {}
        for parameter, value in _parameters(query, values):
            field = self._fields.get(self.route.query.get(parameter, ""))
            if field is None:
                values.wrong(parameter, _unknown(self.route))
            elif field.is_repeated:
                found.setdefault(field.name, []).append(values.from_text(parameter, value, field))
            elif field.name in found:
                values.wrong(parameter, "give this once")
            else:
                found[field.name] = values.from_text(parameter, value, field)
        return found

    def _from_headers(self, visit: Visit, values: Values) -> dict[str, Any]:
        return {name: _READ[name](visit.repeated(header), values) for name, header in self._headers}

    def _from_body(self, given: Object, values: Values) -> dict[str, Any]:
        allowed = [field.name for field in self.body_fields]
        if self.route.body in ("", WHOLE):
            return values.message("", given, self.rpc.input, allowed)
        field = self._fields[self.route.body]
        filled = values.message("", given, message_of(field))
        mask = {MASK: {"paths": sorted(filled)}} if MASK in self._fields else {}
        return {field.name: filled, **mask}


def _parameters(query: bytes, values: Values) -> list[tuple[str, str]]:
    if len(query) > _LONGEST_QUERY:
        raise Problem(414, "QUERY_TOO_LONG", f"give a query of at most {_LONGEST_QUERY:,} bytes")
    try:
        return parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError:
        values.wrong("query", f"give at most {_MOST_PARAMETERS} parameters, percent-encoded as UTF-8")
        return []


def _unknown(route: Route) -> str:
    known = ", ".join(route.query)
    return f"unknown parameter; known are {known}" if known else "unknown parameter; there are none here"


def _request_id(given: list[str], values: Values) -> str:
    if not given:
        return new_id()
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        values.wrong(HEADERS["request_id"], "give 1 to 64 printable characters that name this request, once")
    return given[0]


def _etag(given: list[str], values: Values) -> str:
    if not given or given == ["*"]:
        return ""
    found = _ENTITY_TAG.fullmatch(given[0])
    if len(given) > 1 or found is None:
        values.wrong(HEADERS["etag"], "give the ETag of an earlier answer, with its quotes, once")
        return ""
    return found[1]


def _last_event(given: list[str], values: Values) -> str:
    last = given[-1] if given else ""
    if len(last) > _LONGEST_VALUE or not (last.isascii() and last.isprintable()):
        values.wrong(HEADERS["after_notification_id"], "give the id of an earlier event")
        return ""
    return last


_READ: dict[str, Callable[[list[str], Values], str]] = {
    "request_id": _request_id,
    "etag": _etag,
    "after_notification_id": _last_event,
}


def _camel_path(path: str) -> str:
    return ".".join(camel(part) for part in path.split("."))
