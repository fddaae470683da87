"""Checks values from outside against the contracts, and turns them into what a protobuf message takes.

Every problem becomes a violation that names the JSON path. protobuf's own parser stops at the first one, takes what it
should not, and its texts are for programmers.
"""

import math
import re
from collections.abc import Collection
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from services.chassis.checks import Checks
from services.gateway.contract import camel, enum_of, message_of

_INT32 = frozenset({FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_SINT32, FieldDescriptor.TYPE_SFIXED32})
_INT64 = frozenset({FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_SINT64, FieldDescriptor.TYPE_SFIXED64})
_RANGES = {
    **dict.fromkeys(_INT32, (-(2**31), 2**31 - 1)),
    **dict.fromkeys(_INT64, (-(2**63), 2**63 - 1)),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,20}", re.ASCII)
# A refusal tells at most so many violations: it must not grow with what is refused.
_MOST_TOLD = 20
_LONGEST_NAME = 64


class Object(dict[str, Any]):
    """A JSON object that remembers which of its names came twice."""

    repeated: frozenset[str] = frozenset()


class Values:
    """Collects the violations of one request; `with` as for Checks."""

    def __init__(self, checks: Checks) -> None:
        self.checks = checks

    def wrong(self, path: str, problem: str) -> None:
        if len(self.checks.violations) < _MOST_TOLD:
            self.checks.wrong(path, problem)

    def message(
        self, path: str, given: Any, kind: Descriptor, allowed: Collection[str] | None = None
    ) -> dict[str, Any]:
        """The fields of a JSON object, by their protobuf names. allowed: only these fields, all when not given."""
        if not isinstance(given, Object):
            self.wrong(path or "body", "give an object")
            return {}
        fields = {field.json_name: field for field in kind.fields if allowed is None or field.name in allowed}
        for name in given.repeated:
            self.wrong(_join(path, name), "give this once")
        for name in given.keys() - fields.keys():
            self.wrong(_join(path, name), _unknown(name, fields))
        known = {fields[name]: value for name, value in given.items() if name in fields}
        return {field.name: self.field(_join(path, field.json_name), value, field) for field, value in known.items()}

    def field(self, path: str, given: Any, field: FieldDescriptor) -> Any:
        if not field.is_repeated:
            return self.one(path, given, field)
        if not isinstance(given, list):
            self.wrong(path, "give a list")
            return []
        return [self.one(f"{path}[{at}]", value, field) for at, value in enumerate(given)]

    def one(self, path: str, given: Any, field: FieldDescriptor) -> Any:
        if given is None:
            self.wrong(path, "give a value, or leave the field out")
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            return self.message(path, given, message_of(field))
        elif field.type == FieldDescriptor.TYPE_ENUM:
            return self.enum(path, given, enum_of(field))
        elif field.type == FieldDescriptor.TYPE_STRING:
            return self.text(path, given)
        elif field.type == FieldDescriptor.TYPE_BOOL:
            return self.boolean(path, given)
        else:
            return self.number(path, given, field)
        return None

    def text(self, path: str, given: Any) -> str:
        if not isinstance(given, str):
            self.wrong(path, "give a string")
        elif not given.isascii() and _has_surrogate(given):
            self.wrong(path, "give text that is whole: it holds half a character")
        elif "\x00" in given:
            self.wrong(path, "give no control characters")
        else:
            return given
        return ""

    def boolean(self, path: str, given: Any) -> bool:
        if not isinstance(given, bool):
            self.wrong(path, "give true or false")
            return False
        return given

    def enum(self, path: str, given: Any, kind: EnumDescriptor) -> int:
        names = {value.name: value.number for value in kind.values if value.number}
        if not isinstance(given, str) or given not in names:
            self.wrong(path, f"give one of {', '.join(names)}")
            return 0
        return names[given]

    def number(self, path: str, given: Any, field: FieldDescriptor) -> int:
        # 64-bit numbers travel as strings in protobuf's JSON mapping, since JavaScript's numbers do not hold them.
        if isinstance(given, str) and field.type in _RANGES and _bits(field) == 64 and _WHOLE_NUMBER.fullmatch(given):
            given = int(given)
        if isinstance(given, float) and math.isfinite(given) and given.is_integer():
            given = int(given)
        least, most = _RANGES[field.type]
        if isinstance(given, bool) or not isinstance(given, int):
            self.wrong(path, "give a whole number")
        elif not least <= given <= most:
            self.wrong(path, f"give a number from {least:,} to {most:,}")
        else:
            return given
        return 0

    def from_text(self, path: str, given: str, field: FieldDescriptor) -> Any:
        """One value of a field, from a query parameter, a path or a header."""
        if field.type == FieldDescriptor.TYPE_BOOL:
            return self.boolean(path, {"true": True, "false": False}.get(given))
        if field.type in _RANGES:
            return self.number(path, int(given) if _WHOLE_NUMBER.fullmatch(given) else given, field)
        return self.one(path, given, field)


def _bits(field: FieldDescriptor) -> int:
    return 64 if _RANGES[field.type][1] > 2**32 else 32


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _join(path: str, name: str) -> str:
    shown = name[:_LONGEST_NAME].encode(errors="replace").decode()
    return f"{path}.{shown}" if path else shown


def _unknown(name: str, fields: Collection[str]) -> str:
    if camel(name) in fields:
        return f"unknown field; did you mean {camel(name)}?"
    return f"unknown field; known are {', '.join(fields)}" if fields else "unknown field; nothing is to be given here"
