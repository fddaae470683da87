"""JSON schemas of the messages in the contracts, as protobuf's JSON mapping prints and takes them."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from services.gateway.contract import enum_of, message_of
from services.gateway.words import Words

Schema = dict[str, Any]

_TIME = "google.protobuf.Timestamp"
_SCALARS: dict[int, Schema] = {
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_DOUBLE: {"type": "number", "format": "double"},
    # As a string: JavaScript's numbers do not hold 64 bits.
    FieldDescriptor.TYPE_INT64: {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"},
    FieldDescriptor.TYPE_UINT64: {"type": "string", "format": "uint64", "pattern": "^[0-9]+$"},
}


class Schemas:
    """Collects the schemas that are referred to, by the messages' short names with their service: `user.User`."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.components: dict[str, Schema] = {}

    def message(self, kind: Descriptor) -> Schema:
        """A reference to the message's schema, which is added."""
        name = short(kind)
        if name not in self.components:
            self.components[name] = {}
            self.components[name] = {**self.object(kind.fields), **self._described(kind.full_name)}
        return {"$ref": f"#/components/schemas/{name}"}

    def object(self, fields: Iterable[FieldDescriptor]) -> Schema:
        properties = {field.json_name: self.field(field) for field in fields}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def field(self, field: FieldDescriptor) -> Schema:
        one = self.one(field)
        schema = {"type": "array", "items": one} if field.is_repeated else one
        return {**schema, **self._described(field.full_name)}

    def one(self, field: FieldDescriptor) -> Schema:
        if field.type == FieldDescriptor.TYPE_ENUM:
            return self._enum(enum_of(field))
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            return dict(_SCALARS[field.type])
        if message_of(field).full_name == _TIME:
            return {"type": "string", "format": "date-time"}
        return self.message(message_of(field))

    def _enum(self, kind: EnumDescriptor) -> Schema:
        name = f"{kind.file.package.split('.')[1]}.{kind.name}"
        told = [f"`{value.name}`: {self.words.get(f'{kind.full_name}.{value.name}', '')}" for value in kind.values]
        about = "\n\n".join([self.words.get(kind.full_name, ""), *told]).strip()
        self.components[name] = {"type": "string", "enum": [value.name for value in kind.values], "description": about}
        return {"$ref": f"#/components/schemas/{name}"}

    def _described(self, full_name: str) -> Schema:
        return {"description": self.words[full_name]} if full_name in self.words else {}


def short(kind: Descriptor) -> str:
    return f"{kind.file.package.split('.')[1]}.{kind.name}"
