"""The contracts as their own descriptors tell them."""

import importlib
from collections.abc import Iterator
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FileDescriptor, MethodDescriptor, ServiceDescriptor

SERVICES = ("user", "course", "enrollment", "payment", "notification", "search")
_PUBLISHING = ("user", "course", "enrollment", "payment", "notification")


def files(service: str) -> list[FileDescriptor]:
    names = [service, f"{service}_service"] + ([f"{service}_events"] if service in _PUBLISHING else [])
    return [_file(service, name) for name in names]


def services() -> list[ServiceDescriptor]:
    return [each for name in SERVICES for each in _file(name, f"{name}_service").services_by_name.values()]


def methods() -> list[MethodDescriptor]:
    return [method for service in services() for method in service.methods]


def facts() -> list[Descriptor]:
    return [fact for name in _PUBLISHING for fact in _file(name, f"{name}_events").message_types_by_name.values()]


def messages() -> Iterator[Descriptor]:
    for name in SERVICES:
        for file in files(name):
            yield from file.message_types_by_name.values()


def _file(service: str, name: str) -> FileDescriptor:
    importlib.import_module(f"coursemesh.{service}.v1.{name}_pb2")
    found: Any = descriptor_pool.Default().FindFileByName(f"coursemesh/{service}/v1/{name}.proto")
    return found  # type: ignore[no-any-return]
