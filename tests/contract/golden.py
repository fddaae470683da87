"""Golden bytes: every fact filled in every field, as it was written when the fact was first published.

`python -m tests.contract.golden` writes those that are missing. One that is there is never written again: the streams
hold facts of every age, and all of them must be read for ever.
"""

import json
from pathlib import Path
from typing import Any

from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from tests.contract.described import facts

FOLDER = Path(__file__).parent / "golden"


def message_of(fact: Descriptor) -> Message:
    return message_factory.GetMessageClass(fact)()


def filled(message: Message, depth: int = 0) -> Message:
    """The message with a value in every field that no default could be taken for."""
    for field in message.DESCRIPTOR.fields:
        _fill(message, field, depth)
    return message


def _fill(message: Message, field: FieldDescriptor, depth: int) -> None:
    if field.message_type and field.message_type.full_name == "google.protobuf.Timestamp":
        getattr(message, field.name).FromJsonString(f"2026-04-{field.number:02}T09:30:00.123456Z")
    elif field.message_type:
        value = getattr(message, field.name)
        for part in [value.add(), value.add()] if field.is_repeated else [value]:
            filled(part, depth + 1)
    elif field.is_repeated:
        getattr(message, field.name).extend([_scalar(field), _scalar(field)])
    else:
        setattr(message, field.name, _scalar(field))


def _scalar(field: FieldDescriptor) -> Any:
    if field.enum_type:
        return field.enum_type.values[-1].number
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return f"{field.name} \N{EN DASH} \N{LATIN SMALL LETTER U WITH DIAERESIS} \N{SAILBOAT}"
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return True
    return 1_000_000 + field.number


def write_missing() -> list[str]:
    FOLDER.mkdir(exist_ok=True)
    missing = [fact for fact in facts() if not (FOLDER / f"{fact.full_name}.binpb").exists()]
    for fact in missing:
        message = filled(message_of(fact))
        (FOLDER / f"{fact.full_name}.binpb").write_bytes(message.SerializeToString(deterministic=True))
        told = json.dumps(json_format.MessageToDict(message), indent=2, ensure_ascii=False)
        (FOLDER / f"{fact.full_name}.json").write_text(told + "\n")
    return [fact.full_name for fact in missing]


if __name__ == "__main__":
    print("\n".join(write_missing()) or "none is missing")  # noqa: T201
