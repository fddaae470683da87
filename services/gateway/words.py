"""The comments of the contracts, for the OpenAPI document: generated code does not carry them.

words.json is made from `proto/` by `python -m services.gateway.words` (it needs buf), and checked for drift by a test.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

KEPT = Path(__file__).with_name("words.json")
_PROTO = Path(__file__).parents[2] / "proto"

Words = dict[str, str]


def words() -> Words:
    """Full name → comment. An enum value is named after its enum: `coursemesh.user.v1.Role.ROLE_ADMIN`."""
    return json.loads(KEPT.read_text())  # type: ignore[no-any-return]


def gather(proto: Path = _PROTO) -> Words:
    """The comments in the contracts as they are now."""
    # In a virtual environment it lies beside the interpreter, whether or not that is activated.
    buf = shutil.which("buf", path=str(Path(sys.executable).parent)) or "buf"
    image = subprocess.run([buf, "build", str(proto), "--output", "-#format=binpb"], check=True, capture_output=True)
    files = FileDescriptorSet.FromString(image.stdout).file
    return {name: text for file in files if file.package.startswith("coursemesh.") for name, text in _of(file)}


def _of(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    for location in file.source_code_info.location:
        name = _name(file, location.path)
        if name and location.leading_comments:
            yield f"{file.package}.{name}", _paragraphs(location.leading_comments)


# What the numbers in a location's path mean, in FileDescriptorProto and in what it holds: messages and their fields,
# enums and their values, services and their methods.
_LISTS = {4: ("message_type", "field"), 5: ("enum_type", "value"), 6: ("service", "method")}


def _name(file: FileDescriptorProto, path: Sequence[int]) -> str:
    """`User.email` for the path of that field; empty for what has no name of its own."""
    if len(path) not in (2, 4) or path[0] not in _LISTS or (len(path) == 4 and path[2] != 2):
        return ""
    outer, inner = _LISTS[path[0]]
    holder: Any = getattr(file, outer)[path[1]]
    return f"{holder.name}.{getattr(holder, inner)[path[3]].name}" if len(path) == 4 else str(holder.name)


def _paragraphs(comment: str) -> str:
    """The comment, each of its paragraphs on one line."""
    paragraphs = "\n".join(line.strip() for line in comment.splitlines()).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs).strip()


if __name__ == "__main__":
    KEPT.write_text(json.dumps(gather(), indent=1, sort_keys=True, ensure_ascii=False) + "\n")
