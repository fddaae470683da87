"""The RPCs of the contracts, by the short names that the route table uses."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

# Imported so that their descriptors are known.
from coursemesh.course.v1 import course_service_pb2_grpc as course
from coursemesh.enrollment.v1 import enrollment_service_pb2_grpc as enrollment
from coursemesh.notification.v1 import notification_service_pb2_grpc as notification
from coursemesh.payment.v1 import payment_service_pb2_grpc as payment
from coursemesh.search.v1 import search_service_pb2_grpc as search
from coursemesh.user.v1 import user_service_pb2_grpc as user

# Service → its generated stub, given an asyncio channel.
STUBS: dict[str, Any] = {
    "user": user.UserServiceStub,
    "course": course.CourseServiceStub,
    "enrollment": enrollment.EnrollmentServiceStub,
    "payment": payment.PaymentServiceStub,
    "notification": notification.NotificationServiceStub,
    "search": search.SearchServiceStub,
}


@dataclass(frozen=True, slots=True)
class Rpc:
    """One RPC. name: `GetCourse`. service: `course`."""

    service: str
    name: str
    method: MethodDescriptor

    @property
    def input(self) -> Descriptor:
        return self.method.input_type

    @property
    def output(self) -> Descriptor:
        return self.method.output_type

    def request(self, values: dict[str, Any]) -> Message:
        """The request message with these values of its fields."""
        return message_factory.GetMessageClass(self.input)(**values)


def full_name(service: str) -> str:
    """`coursemesh.course.v1.CourseService` for `course`."""
    return f"coursemesh.{service}.v1.{service.capitalize()}Service"


@cache
def rpc(short: str) -> Rpc:
    """The RPC called `course.GetCourse`."""
    service, _, name = short.partition(".")
    described = descriptor_pool.Default().FindServiceByName(full_name(service))
    return Rpc(service, name, described.methods_by_name[name])


def message_of(field: FieldDescriptor) -> Descriptor:
    """The message that the field holds."""
    assert field.message_type is not None  # noqa: S101
    return field.message_type


def enum_of(field: FieldDescriptor) -> EnumDescriptor:
    """The enum that the field holds."""
    assert field.enum_type is not None  # noqa: S101
    return field.enum_type


def camel(snake: str) -> str:
    """A field's name as protobuf's JSON mapping has it."""
    first, *rest = snake.split("_")
    return first + "".join(part.capitalize() for part in rest)
