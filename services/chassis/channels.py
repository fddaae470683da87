"""Channels to other services: identity, deadline and trace passed on; retries only where the contract allows them."""

import json
from typing import Any, Protocol, TypeVar

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from opentelemetry.trace import SpanKind

from services.chassis import deadlines, identity, telemetry

Stub = TypeVar("Stub", covariant=True)

# The name of the calling service, for the access log of the called one.
CALLER_SERVICE = "x-caller-service"

_OPTIONS = [
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
]


class StubType(Protocol[Stub]):
    """A generated stub class, given an asyncio channel."""

    def __call__(self, channel: grpc.aio.Channel) -> Stub: ...


class Channels:
    """The channels of one process. `retries` is off where a mesh retries already: retries live in one layer."""

    def __init__(self, service: str, retries: bool = True) -> None:
        self.service = service
        self.retries = retries
        self._open: list[grpc.aio.Channel] = []

    def connect(self, address: str, stub: StubType[Stub], service: str) -> Stub:
        """A stub whose calls carry what a call must. service: its full name, `coursemesh.user.v1.UserService`."""
        described = descriptor_pool.Default().FindServiceByName(service)
        channel = grpc.aio.insecure_channel(
            address, options=[*_OPTIONS, ("grpc.service_config", self._config(described))]
        )
        self._open.append(channel)
        connected = stub(channel)
        for method in described.methods:
            call = getattr(connected, method.name)
            wrapped = _Stream(call, self.service) if method.server_streaming else _Call(call, method, self.service)
            setattr(connected, method.name, wrapped)
        return connected

    def _config(self, service: ServiceDescriptor) -> str:
        repeatable = [
            {"service": service.full_name, "method": method.name} for method in service.methods if may_repeat(method)
        ]
        policy = {
            "maxAttempts": 4,
            "initialBackoff": "0.05s",
            "maxBackoff": "1s",
            "backoffMultiplier": 3,
            # A server that is stopping cancels what reaches it too late.
            "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
        }
        retried = [{"name": repeatable, "retryPolicy": policy}] if self.retries and repeatable else []
        return json.dumps({"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": retried})

    async def close(self) -> None:
        for channel in self._open:
            await channel.close()


def may_repeat(method: MethodDescriptor) -> bool:
    """Whether the contract says that the RPC may be repeated."""
    return bool(method.GetOptions().idempotency_level != MethodOptions.IDEMPOTENCY_UNKNOWN)


class _Call:
    """A unary call with the caller's token, what is left of the caller's time, and the trace."""

    def __init__(self, call: Any, method: MethodDescriptor, service: str) -> None:
        self.call, self.name, self.service = call, method.full_name, service

    async def __call__(self, request: Any, *, timeout: float | None = None) -> Any:
        budget = _budget(timeout)
        with telemetry.tracer.start_as_current_span(self.name, kind=SpanKind.CLIENT):
            return await self.call(request, timeout=budget, metadata=_metadata(self.service))


class _Stream:
    """A server-streaming call, likewise; it returns the call object, to be iterated and cancelled."""

    def __init__(self, call: Any, service: str) -> None:
        self.call, self.service = call, service

    def __call__(self, request: Any, *, timeout: float | None = None) -> Any:
        return self.call(request, timeout=timeout, metadata=_metadata(self.service))


def _budget(timeout: float | None) -> float:
    left = deadlines.remaining()
    return max(0.0, left if timeout is None else min(left, timeout))


def _metadata(service: str) -> tuple[tuple[str, str], ...]:
    token = identity.caller().token
    authorization = (("authorization", f"Bearer {token}"),) if token else ()
    return (*authorization, (CALLER_SERVICE, service), *telemetry.inject().items())
