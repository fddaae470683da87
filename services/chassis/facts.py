"""Facts on the wire: a protobuf message as the body, CloudEvents 1.0 (NATS binding) in the headers.

The subject is the message's full name; there is one stream per publishing service, named after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message
from uuid_utils import uuid7

from services.chassis import telemetry

Headers = dict[str, str]


class Malformed(Exception):
    """A message on a stream that is not a fact of ours; the text says why."""


def new_id() -> str:
    """A UUIDv7: unique, and later ones sort after earlier ones."""
    return str(uuid7())


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened. `subject` is the id of the aggregate it happened to."""

    id: str
    source: str
    subject: str
    time: datetime
    data: Message
    trace: Mapping[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The message's full name: `coursemesh.payment.v1.PaymentCaptured`."""
        return str(self.data.DESCRIPTOR.full_name)

    def headers(self) -> Headers:
        return {
            "ce-specversion": "1.0",
            "ce-id": self.id,
            "ce-type": self.type,
            "ce-source": self.source,
            "ce-subject": self.subject,
            "ce-time": self.time.isoformat().replace("+00:00", "Z"),
            "Content-Type": "application/protobuf",
            "Nats-Msg-Id": self.id,
            **self.trace,
        }


def new(source: str, subject: str, data: Message, now: datetime) -> Fact:
    """A fact of this moment, in the current trace. source: the publishing service."""
    return Fact(new_id(), f"/coursemesh/{source}", subject, now, data, telemetry.inject())


def parse(headers: Mapping[str, str] | None, body: bytes) -> Fact:
    """The fact in a message from a stream; raises Malformed."""
    headers = headers or {}
    try:
        data = _decode(headers["ce-type"], body)
        time = datetime.fromisoformat(headers["ce-time"])
        fact_id, source, subject = headers["ce-id"], headers["ce-source"], headers["ce-subject"]
    except KeyError as missing:
        raise Malformed(f"it has no {missing.args[0]}") from None
    except (ValueError, DecodeError) as error:
        raise Malformed(str(error)) from None
    trace = {key: value for key, value in headers.items() if key in ("traceparent", "tracestate")}
    return Fact(fact_id, source, subject, time.astimezone(UTC), data, trace)


def stream_of(message: type[Message] | str) -> str:
    """The stream that carries a fact: `PAYMENT` for coursemesh.payment.v1.*."""
    name = message if isinstance(message, str) else message.DESCRIPTOR.full_name
    return str(name.split(".")[1].upper())


def _decode(name: str, body: bytes) -> Message:
    try:
        descriptor = descriptor_pool.Default().FindMessageTypeByName(name)
    except KeyError:
        raise ValueError(f"its type is not known: {name[:100]}") from None
    return message_factory.GetMessageClass(descriptor).FromString(body)
