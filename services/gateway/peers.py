"""The six services: their stubs, their calls, and which of them are deployed at all."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.chassis.channels import Channels
from services.gateway import contract, problems
from services.gateway.contract import Rpc

SERVICES = tuple(contract.STUBS)

# What health says of a service that has no address, and of one that does not answer.
NOT_DEPLOYED, UNREACHABLE = "NOT_DEPLOYED", "UNREACHABLE"
_HEALTH = "grpc.health.v1.Health"
_HEALTH_SECONDS = 1.0


def _same(field: str) -> str:
    return field


class Peers:
    """The services behind the gateway. addresses: service → host:port; empty or missing, it is not deployed."""

    def __init__(self, addresses: Mapping[str, str], channels: Channels) -> None:
        self._stubs: dict[str, Any] = {}
        self._health: dict[str, Any] = {}
        for service, address in addresses.items():
            if address:
                self._stubs[service] = channels.connect(address, contract.STUBS[service], contract.full_name(service))
                self._health[service] = channels.connect(address, health_pb2_grpc.HealthStub, _HEALTH)

    async def call(
        self, rpc: Rpc, request: Message, rename: Callable[[str], str] = _same, timeout: float | None = None
    ) -> Any:
        """The RPC's answer. Whatever goes wrong is a Problem; rename: the name in HTTP of a request's field."""
        method = getattr(self.stub(rpc.service), rpc.name)
        try:
            return await method(request, timeout=timeout)
        except grpc.aio.AioRpcError as error:
            raise problems.from_peer(error, rpc.service, rename) from None

    def stream(self, rpc: Rpc, request: Message, timeout: float) -> Any:
        """The call object of a streaming RPC."""
        return getattr(self.stub(rpc.service), rpc.name)(request, timeout=timeout)

    def stub(self, service: str) -> Any:
        if service not in self._stubs:
            detail = f"the {service} service is not deployed here"
            raise problems.unavailable(service, "SERVICE_NOT_DEPLOYED", detail)
        return self._stubs[service]

    async def health(self) -> dict[str, str]:
        """What each service says of itself."""
        states = await asyncio.gather(*(self._state(service) for service in SERVICES))
        return dict(zip(SERVICES, states, strict=True))

    async def _state(self, service: str) -> str:
        if service not in self._health:
            return NOT_DEPLOYED
        asked = health_pb2.HealthCheckRequest(service=contract.full_name(service))
        try:
            answer = await self._health[service].Check(asked, timeout=_HEALTH_SECONDS)
        except grpc.aio.AioRpcError:
            return UNREACHABLE
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
